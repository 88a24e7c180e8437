"""pvapy, the client of the APS on the older C++ libraries: get, put, monitor and call."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import support
from support.clients.normative import content_of, equal
from support.trees import whole_tree
from support.trees.whole_tree import CODES

if importlib.util.find_spec("pvaccess") is None:
    pytest.skip("pvapy is not installed", allow_module_level=True)

CHILD = Path(support.__file__).parent / "clients" / "pvapy_child.py"


class Refused(Exception):
    """What pvapy raised."""


class Pvapy:
    """A process with pvapy, which reaches one server and no other."""

    def __init__(self, conf):
        kept = {k: v for k, v in os.environ.items() if not k.startswith("EPICS_")}
        self._process = subprocess.Popen(
            [sys.executable, str(CHILD)],
            env={**kept, **conf},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __getattr__(self, function):
        def call(*arguments):
            self._process.stdin.write(json.dumps([function, *arguments]) + "\n")
            self._process.stdin.flush()
            reply = json.loads(self._process.stdout.readline())
            if "error" in reply:
                raise Refused(reply["error"])
            return reply["result"]

        return call

    def close(self):
        self._process.stdin.close()
        self._process.stdout.close()
        assert self._process.wait(whole_tree.LIMIT) == 0


@pytest.fixture(scope="module")
def served(tree):
    with whole_tree.serving(tree) as found:
        yield found


@pytest.fixture(scope="module")
def pvapy(served):
    client = Pvapy(served.server.client_conf())
    client.connect([served.pv(path) for path in {*KINDS.values(), *(put[0] for put in PUTS)}])
    yield client
    client.close()


# One of each type
KINDS = {code: path for path, code in reversed(CODES.items()) if not path.startswith("K.")}
KINDS |= {"Cube": "L.Cube", "Sparse": "E.Sparse", "Many": "E.Many", "enable": "enable"}


def shown(update, code):
    """The content of a PV as pvapy gives it."""
    value = update["value"]
    if isinstance(value, dict) and "choices" in value:
        return value["index"]
    if "dimension" in update:
        ((_member, pixels),) = value[0].items()
        return np.reshape(pixels, [d["size"] for d in update["dimension"]][::-1])
    if code == "b":
        return ord(value)  # pvapy's form of a byte
    return np.array(value) if code.startswith("a") and code != "as" else value


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "table"])
def test_get_gives_what_the_pv_shows(served, pvapy, kind):
    path = KINDS[kind]
    raw, found = served.get(path), pvapy.get(served.pv(path))
    assert equal(shown(found, CODES[path]), content_of(raw))
    for member in ("alarm", "timeStamp", "display", "control", "valueAlarm"):
        if member in found and CODES[path][-1] != "b":
            np.testing.assert_equal(found[member], raw[member].todict())
    if CODES[path] == "enum":
        assert found["value"]["choices"] == list(raw["value.choices"])


PUTS = [
    ("L.Int", "l", -(2**63), -(2**63)),
    ("L.IntUnsigned", "L", 2**64 - 1, 2**64 - 1),
    ("L.Float", "d", 0.1, 0.1),
    ("L.Str", "s", "ünï", "ünï"),
    ("L.Bool", "enum", 0, False),
    ("E.Sparse", "enum", 2, 2),
    ("E.Many", "enum", 39, 39),
    ("S.UInt12", "H", 4095, 4095),
    ("L.NpI1", "b", 65, 65),
    ("S.UInt128", "s", "0x123456789abcdef012345", 0x123456789ABCDEF012345),
    ("S.Float", "f", 0.5, 0.5),
    ("S.String", "s", "abc", "abc"),
    ("A.UInt12", "aH", [1, 2, 3, 4095], np.array([1, 2, 3, 4095])),
    ("L.Array", "ad", [0.5, 1e300], np.array([0.5, 1e300])),
    ("L.ArrayText", "as", ["x", "yz"], np.array(["x", "yz"])),
    ("L.Image", "image", [[1, 2, 3], [4, 5, 65535]], np.array([[1, 2, 3], [4, 5, 65535]])),
    ("L.List", "s", "[1, 2, 3]", [1, 2, 3]),
]


@pytest.mark.parametrize(("path", "code", "wire", "wanted"), PUTS)
def test_put_arrives(served, pvapy, path, code, wire, wanted):
    given = {"pixels": wire, "dtype": "uint16"} if code == "image" else wire
    pvapy.put(served.pv(path), code, given)
    assert equal(served.node(path).value(), wanted)
    found = shown(pvapy.get(served.pv(path)), CODES[path])
    assert equal(found, np.array(wire) if isinstance(wire, list) and code != "as" else wire)


@pytest.mark.parametrize(
    ("path", "code", "wire", "reason"),
    [
        ("L.IntLimited", "i", 11, "11 is outside 0 .. 10"),
        ("L.FloatFull", "d", -10.5, "-10.5 is outside"),
        ("S.UInt12", "H", 4096, "4096 is outside 0 .. 4095"),
        ("A.UInt12", "aH", [1, 2], "2 elements instead of 4"),
        ("L.ReadOnly", "l", 1, "read-only"),
        ("E.Sparse", "enum", 3, "index 3 is outside 0 .. 2"),
        ("S.String", "s", "longer than it", "longer than 7 bytes"),
        ("enable", "enum", 2, "ParentFalse cannot be set"),
        ("L.List", "s", "{", "neither JSON nor"),
    ],
)
def test_a_refused_put_says_why(served, pvapy, path, code, wire, reason):
    before = served.node(path).value()
    with pytest.raises(Refused, match=reason):
        pvapy.put(served.pv(path), code, wire)
    assert equal(served.node(path).value(), before)


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("L.FloatFull", [2.0, 9.0, 1.0]),
        ("L.Str", ["a", "b"]),
        ("E.Sparse", [0, 2]),
        ("L.ArrayI2", [np.array([1, 2, 3], "i2"), np.zeros(0, "i2")]),
        ("L.Image", [np.ones((2, 2), "u2"), np.ones((1, 3), "f8")]),
        ("S.Int32", [-5, 7]),
    ],
)
def test_monitors_deliver_each_value(served, pvapy, path, values):
    name = served.pv(path)
    pvapy.monitor(name)
    pvapy.update(name)
    last = 0
    for value in values:
        served.node(path).set(value)
        update = pvapy.update(name)
        raw = served.get(path)
        assert equal(shown(update, CODES[path]), content_of(raw))
        assert update["alarm"] == raw["alarm"].todict()
        stamp = update["timeStamp"]
        assert stamp["secondsPastEpoch"] * 10**9 + stamp["nanoseconds"] > last
        last = stamp["secondsPastEpoch"] * 10**9 + stamp["nanoseconds"]


def test_rpc_runs_commands(served, pvapy):
    served.calls.clear()
    assert pvapy.rpc(served.pv("F.Plain"), {}, {})["value"] is True
    pvapy.rpc(served.pv("F.Real"), {"arg": "d"}, {"arg": 2.5})
    pvapy.rpc(served.pv("F.Real"), {"arg": "s"}, {"arg": "3.5"})
    pvapy.rpc(served.pv("F.Limited"), {"value": "i"}, {"value": 4})
    assert served.calls == [("Plain", None), ("Real", 2.5), ("Real", 3.5), ("Limited", 4)]
    with pytest.raises(Refused, match="'arg'"):
        pvapy.rpc(served.pv("F.Real"), {}, {})
    with pytest.raises(Refused, match="11 is outside 0 .. 10"):
        pvapy.rpc(served.pv("F.Limited"), {"arg": "i"}, {"arg": 11})
    assert len(served.calls) == 4
