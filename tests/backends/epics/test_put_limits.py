"""Numbers outside the limits of a variable: refused, or set to the limit; and NaN."""

import json
import math

import numpy as np
import pytest
from p4p.client.thread import RemoteError
from support.clients.lab import lab
from support.engine.fakes import FakeNode

from roguebridge.core.requests.put_limits import PathSwitch, PutLimits
from roguebridge.core.values.spec import Control, NtKind, PvSpec, ScalarType

NAN = math.nan


def build(pr, root, device):
    root.given = []
    root.add(pr.LocalVariable(name="Whole", value=5, minimum=0, maximum=10))
    root.add(pr.LocalVariable(name="Real", value=5.0, minimum=0.5, maximum=10.5))
    root.add(pr.LocalVariable(name="Least", value=5.0, minimum=0))
    root.add(pr.LocalVariable(name="Free", value=5.0))
    root.add(pr.LocalVariable(name="Wave", value=np.zeros(3), minimum=-1.5, maximum=2))
    root.add(pr.LocalVariable(name="Counts", value=np.zeros(3, np.int16), minimum=-1.5, maximum=2))
    root.add(pr.LocalVariable(name="Typed", value=[1.0], typeStr="List[float]", maximum=2))
    root.add(
        pr.LocalCommand(
            name="Set", value=1, minimum=0, maximum=10, function=lambda arg: root.given.append(arg)
        )
    )
    device.add(pr.RemoteVariable(name="Reg", offset=0, bitSize=8, base=pr.UInt, maximum=100))
    device.add(pr.RemoteVariable(name="Float", offset=4, bitSize=32, base=pr.Float))
    device.add(pr.LinkVariable(name="Mirror", variable=device.Reg))
    device.add(pr.RemoteVariable(name="Huge", offset=32, bitSize=100, base=pr.UInt, minimum=5))
    device.add(
        pr.RemoteVariable(
            name="Elements", offset=64, base=pr.UInt, numValues=3, valueBits=12, valueStride=16,
            maximum=99,
        )
    )  # fmt: skip
    root.add(pr.LocalVariable(name="Vast", value=2**70, minimum=2**65, maximum=2**80))
    device.add(pr.RemoteVariable(name="Narrow", offset=8, bitSize=32, base=pr.Float, maximum=9.0))


@pytest.mark.parametrize(
    ("path", "value", "written"),
    [
        ("Whole", 11, 10), ("Whole", -(2**40), 0), ("Real", 99.0, 10.5), ("Real", -math.inf, 0.5),
        ("Real", math.inf, 10.5), ("Least", -1.0, 0), ("Least", 1e300, 1e300), ("Free", NAN, NAN),
        ("Wave", [1.0, -9.0, math.inf], [1.0, -1.5, 2.0]), ("Counts", [1, -9, 9], [1, -1, 2]),
        ("Typed", [5.0, 1.0], [2.0, 1.0]), ("Dev.Reg", 200, 100), ("Dev.Narrow", 1e30, 9.0),
        ("Dev.Float", NAN, NAN), ("Whole", 7, 7), ("Dev.Mirror", 200, 100),
        ("Dev.Elements", [1, 0, 300], [1, 0, 99]),
    ],
)  # fmt: skip
def test_a_number_outside_is_set_to_the_limit(tree, path, value, written):
    with lab(tree, build, clamp=True) as served:
        served.put_raw(path, {"value": value})
        assert np.array_equal(served.node(path).value(), written, equal_nan=path != "Typed")
        assert np.array_equal(served.get(path)["value"], written, equal_nan=True)


@pytest.mark.parametrize(
    ("path", "text", "written"),
    [
        ("Dev.Huge", "4", 5), ("Dev.Huge", hex(2**100), 2**100 - 1), ("Dev.Huge", "-1", 5),
        ("Vast", "0x1", 2**65), ("Vast", hex(2**90), 2**80), ("Vast", hex(2**66), 2**66),
    ],
)  # fmt: skip
def test_an_integer_beyond_64_bits_is_set_to_the_limit_or_refused(tree, path, text, written):
    with lab(tree, build, clamp=True) as served:
        served.put_raw(path, {"value": text})
        assert served.node(path).value() == written
        assert served.get(path)["value"] == hex(written)
    with lab(tree, build) as served:
        before = served.node(path).value()
        if written == int(text, 0):
            return
        with pytest.raises(RemoteError, match=f"Top.{path}: {int(text, 0)} is outside "):
            served.put_raw(path, {"value": text})
        assert served.node(path).value() == before


@pytest.mark.parametrize(
    ("path", "value", "shown"),
    [
        ("Whole", 11, "11"), ("Real", 99.0, "99.0"), ("Wave", [1.0, -9.0, 0.0], "-9.0"),
        ("Real", NAN, "nan"), ("Least", NAN, "nan"), ("Wave", [1.0, NAN, 9.0], "nan"),
        ("Typed", [NAN], "nan"), ("Dev.Narrow", NAN, "nan"), ("Dev.Reg", 200, "200"),
    ],
)  # fmt: skip
def test_else_it_is_refused_and_so_is_nan(tree, path, value, shown):
    with lab(tree, build) as served:
        before = served.node(path).value()
        with pytest.raises(RemoteError, match=f"Top.{path}: {shown} is outside "):
            served.put_raw(path, {"value": value})
        assert np.array_equal(served.node(path).value(), before)


def test_nan_is_not_set_to_a_limit_but_taken_where_it_is_allowed(tree):
    with lab(tree, build, clamp=True, allow_nan=["Top.R*", "*.Wave"]) as served:
        served.put_raw("Real", {"value": NAN})
        served.put_raw("Wave", {"value": [NAN, 9.0, 0.0]})
        assert math.isnan(served.node("Real").value())
        assert np.array_equal(served.node("Wave").value(), [NAN, 2.0, 0.0], equal_nan=True)
        with pytest.raises(RemoteError, match="Top.Least: nan is outside 0 .. None"):
            served.put_raw("Least", {"value": NAN})


def test_globs_say_where_and_those_that_match_nothing_are_problems(tree):
    options = {"clamp": ["Top.Whole", "Top.Gone*"], "allow_nan": ("*.Nowhere",)}
    with lab(tree, build, **options) as served:
        served.put_raw("Whole", {"value": 11})
        assert served.node("Whole").value() == 10
        with pytest.raises(RemoteError, match="99.0 is outside"):
            served.put_raw("Real", {"value": 99.0})
        report = served.server.report()
        assert any("clamp: no node matches the path 'Top.Gone*'" in text for text in report)
        assert any("allow_nan: no node matches the path '*.Nowhere'" in text for text in report)
        assert not any("Top.Whole'" in line.partition(";")[0] for line in report)


def test_the_argument_of_a_command_is_set_to_the_limit(tree):
    with lab(tree, build, clamp=True) as served:
        served.rpc("Set", arg=20)
        served.rpc("Set", arg="-3")
        served.put_raw("Set", {"value": 11})
        assert served.root.given == [10, 0, 10]


def test_the_audit_has_what_was_put_and_what_was_written(tree, tmp_path):
    file = tmp_path / "audit.json"
    with lab(tree, build, clamp=True, audit=str(file)) as served:
        served.put_raw("Whole", {"value": 11})
        served.put_raw("Whole", {"value": 7})
        served.rpc("Set", arg=20)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(line["new"], line.get("written")) for line in lines] == [
        (11, 10), (7, None), ({"arg": 20}, 10),
    ]  # fmt: skip


@pytest.mark.parametrize("given", ["Top.*", 1, 0, None, [""], [1], {"Top.*": True}, NAN])
def test_what_is_no_switch_is_refused_by_name(given):
    with pytest.raises(ValueError, match="clamp must be True, False or a list of globs"):
        PathSwitch("clamp", given)


def test_text_of_a_number_is_held_to_limits_and_other_text_is_left_alone():
    spec = PvSpec(NtKind.SCALAR, ScalarType.Float64, control=Control(0, 10))
    limits = PutLimits(clamp=["*"])
    held = [limits.held(FakeNode(), spec, text) for text in ("0x10", "-1.5", "5", "five")]
    assert held == [10, 0, "5", "five"]
    assert limits.held(FakeNode(), spec, None) is None
    words = PvSpec(NtKind.SCALAR_ARRAY, ScalarType.Float64, control=Control(0, 10))
    assert limits.held(FakeNode(), words, ["a"]) == ["a"]
    nowhere = PvSpec(NtKind.SCALAR, ScalarType.Float64, control=Control(None, None))
    assert limits.held(FakeNode(), nowhere, 5.0) == 5.0
