"""Arguments of commands are held to their types, by call and by put, over both protocols."""

import re

import numpy as np
import pytest
from p4p import Value
from p4p.client.thread import Context, RemoteError
from p4p.nt import NTURI
from support.clients.caserved import CaServed
from support.clients.served import LIMIT
from support.trees import running

from roguebridge.backends.epics import EpicsPvServer

# What Python, numpy and PyRogue say among themselves.
INTERNALS = re.compile(
    "malformed node|invalid literal|could not convert|has no attribute|must be .* not|"
    "ambiguous|inhomogeneous|Expecting value|Traceback|cannot convert float NaN"
)


class Site:
    def __init__(self, root, server, client):
        self.root, self.server, self.client = root, server, client
        self.ca = CaServed(root, server)
        self.given = root.given

    def call(self, name, **arguments):
        """Call with (type code, value) of each argument; gives what the command was given."""
        uri = NTURI([(key, code) for key, (code, _) in arguments.items()])
        pv = f"T:Top:{name}"
        kws = {key: value for key, (_, value) in arguments.items()}
        self.client.rpc(pv, uri.wrap(pv, kws=kws), timeout=LIMIT)
        return self.given[-1]

    def put(self, name, value):
        raw = self.client.get(f"T:Top:{name}", timeout=LIMIT)
        new = Value(raw.type())
        new["value"] = value
        self.client.put(f"T:Top:{name}", new, wait=True, get=False, timeout=LIMIT)
        return self.given[-1]

    def put_over_ca(self, name, value):
        kinds = {str: 0, float: 6}  # DBR_STRING and DBR_DOUBLE, whatever the PV's own type is
        self.ca.put(name.replace(":", "."), value, type=kinds.get(type(value)))
        return self.given[-1]


def build(pr, root):
    given = root.given = []

    def command(name, function, **options):
        root.add(pr.LocalCommand(name=name, function=function, **options))

    def whole(arg: int):
        given.append(arg)

    def real(arg: float):
        given.append(arg)

    def flag(arg: bool):
        given.append(arg)

    def text(arg: str):
        given.append(arg)

    def narrow(arg: "np.uint8 | None"):
        given.append(arg)

    def several(n: int, gains: list[float] = (), up=True, wave: np.ndarray = None):
        given.append((n, gains, up, wave))

    def untyped(arg):
        given.append(arg)

    command("Whole", whole)
    command("Real", real)
    command("Flag", flag)
    command("Text", text)
    command("Narrow", narrow)
    command("Several", several)
    command("Untyped", untyped)
    command("Three", untyped, value=3)
    command("Half", untyped, value=0.5)
    command("Word", untyped, value="a")
    command("List", untyped, value=[1])
    command("Wave", untyped, value=np.zeros(2))
    command("Level", untyped, value=1, enum={0: "Off", 1: "On"})
    command("Limited", untyped, value=1, minimum=0, maximum=10)
    command("Width", untyped, typeStr="UInt16")
    root.add(pr.Device(name="Dev", memBase=root.memory))
    root.Dev.add(
        pr.RemoteCommand(
            name="Reg", offset=0, bitSize=8, base=pr.UInt, function=lambda arg: given.append(arg)
        )
    )


@pytest.fixture
def site(tree):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.memory = tree.memory()
    root.addInterface(root.memory)
    build(tree.pr, root)
    server = EpicsPvServer(base="T", root=root, isolate=True, backends=["pva", "ca"])
    root.addProtocol(server)
    with (
        running(root),
        Context("pva", conf=server.client_conf("pva"), useenv=False, nt=False) as client,
    ):
        site = Site(root, server, client)
        yield site
        site.ca.close()


@pytest.mark.parametrize(
    ("name", "code", "value", "given"),
    [
        ("Whole", "d", 2.0, 2), ("Whole", "s", "0x10", 16), ("Whole", "B", 7, 7),
        ("Real", "i", 2, 2.0), ("Real", "s", "2.5", 2.5), ("Real", "f", 0.5, 0.5),
        ("Flag", "i", 1, True), ("Flag", "s", "false", False), ("Flag", "?", True, True),
        ("Text", "s", "12", "12"), ("Narrow", "d", 255.0, 255),
        ("Untyped", "d", 2.5, 2.5), ("Untyped", "s", "7", 7),
        ("Untyped", "s", "[1, 2]", [1, 2]), ("Untyped", "as", ["a"], ["a"]),
        ("Three", "d", 4.0, 4), ("Half", "l", 2, 2.0), ("Word", "s", "[1", "[1"),
        ("List", "al", [1, 2], [1, 2]), ("List", "s", "[1, 2]", [1, 2]), ("Width", "d", 9.0, 9),
        ("Level", "s", "Off", 0), ("Level", "d", 1.0, 1), ("Dev:Reg", "d", 5.0, 5),
    ],
)  # fmt: skip
def test_an_argument_comes_in_its_type(site, name, code, value, given):
    found = site.call(name, arg=(code, value))
    assert found == given
    assert type(found) is type(given)


def test_arrays_and_further_arguments_come_in_their_types(site):
    n, gains, up, wave = site.call(
        "Several", n=("d", 3.0), gains=("al", [1, 2]), up=("i", 0), wave=("ad", [0.5])
    )
    assert (n, gains, up, list(wave)) == (3, [1.0, 2.0], False, [0.5])
    assert [type(one) for one in (n, gains, gains[0], up, wave)] == [
        int, list, float, bool, np.ndarray,
    ]  # fmt: skip
    assert list(site.call("Wave", arg=("s", "[1, 2]"))) == [1.0, 2.0]


NAN = float("nan")
WRONG = [
    ("Whole", "arg", "d", 2.5), ("Whole", "arg", "d", NAN), ("Whole", "arg", "ad", [1.0]),
    ("Whole", "arg", "s", "abc"), ("Whole", "arg", "s", "2.5"), ("Whole", "arg", "as", ["1"]),
    ("Real", "arg", "s", "abc"), ("Real", "arg", "ad", [1.0, 2.0]), ("Flag", "arg", "d", NAN),
    ("Flag", "arg", "i", 2), ("Flag", "arg", "s", "on and off"), ("Text", "arg", "d", 2.5),
    ("Text", "arg", "as", ["a"]), ("Narrow", "arg", "i", 256), ("Narrow", "arg", "i", -1),
    ("Several", "n", "d", 2.5), ("Several", "gains", "d", 1.0), ("Several", "gains", "s", "[1, 2"),
    ("Several", "gains", "as", ["x"]), ("Several", "up", "d", 0.5), ("Several", "wave", "d", 1.0),
    ("Three", "arg", "d", 2.5), ("Three", "arg", "d", NAN), ("Three", "arg", "ad", [1.0]),
    ("Three", "arg", "s", "abc"), ("Half", "arg", "s", "abc"), ("Half", "arg", "ad", [1.0]),
    ("Word", "arg", "d", 2.5), ("Word", "arg", "as", ["a"]), ("List", "arg", "d", 2.5),
    ("List", "arg", "s", "(1"), ("Wave", "arg", "s", "abc"), ("Wave", "arg", "as", ["a"]),
    ("Level", "arg", "d", 0.5), ("Level", "arg", "s", "Maybe"), ("Level", "arg", "ad", [1.0]),
    ("Limited", "arg", "d", 11.0), ("Limited", "arg", "d", NAN), ("Width", "arg", "d", 2.5),
    ("Width", "arg", "l", 2**16), ("Dev:Reg", "arg", "d", 2.5), ("Dev:Reg", "arg", "ad", [1.0]),
    ("Dev:Reg", "arg", "s", "abc"), ("Dev:Reg", "arg", "i", 256),
]  # fmt: skip


@pytest.mark.parametrize(("name", "argument", "code", "value"), WRONG)
def test_a_wrong_argument_is_refused_by_its_name_and_in_plain_words(
    site, name, argument, code, value
):
    wrong = {argument: (code, value)}
    arguments = {"n": ("i", 1), **wrong} if name == "Several" else wrong
    with pytest.raises(RemoteError) as refusal:
        site.call(name, **arguments)
    said = str(refusal.value)
    assert said.startswith(f"T:Top:{name}: the argument '{argument}'")
    assert not INTERNALS.search(said)
    assert site.given == []


@pytest.mark.parametrize(
    ("name", "value", "given"),
    [
        ("Whole", 2, 2), ("Real", 2.5, 2.5), ("Flag", None, True), ("Text", "2", "2"),
        ("Narrow", 255, 255), ("Three", 4, 4), ("Half", 2.5, 2.5), ("Untyped", 5, 5),
        ("List", "[1]", [1]), ("Width", 9, 9),
    ],
)  # fmt: skip
def test_a_put_brings_an_argument_in_its_type(site, name, value, given):
    found = site.put(name, {"index": 1}) if value is None else site.put(name, value)
    assert found == given
    assert type(found) is type(given)


@pytest.mark.parametrize(
    ("name", "value", "given"),
    [
        ("Narrow", 2, 2), ("Real", 2.5, 2.5), ("Whole", 3.0, 3), ("Half", 2, 2.0),
        ("Three", "4", 4), ("Text", "x", "x"), ("Half", "1e3", 1000.0), ("Flag", "True", True),
    ],
)  # fmt: skip
def test_channel_access_brings_an_argument_in_its_type(site, name, value, given):
    found = site.put_over_ca(name, value)
    assert found == given
    assert type(found) is type(given)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Whole", 2.5), ("Whole", NAN), ("Whole", "abc"), ("Whole", [1.0, 2.0]), ("Real", "abc"),
        ("Three", 2.5), ("Three", "abc"), ("Half", "abc"), ("Half", [1.0, 2.0]), ("Narrow", 256.0),
        ("Level", "Maybe"), ("Level", 7), ("Width", -1), ("Limited", 11), ("Dev:Reg", 256.0),
        ("Dev:Reg", "abc"), ("Untyped", "abc"), ("Flag", "maybe"), ("List", "(1"),
    ],
)  # fmt: skip
def test_channel_access_is_refused_in_plain_words(site, name, value):
    with pytest.raises(Exception, match=f"T:Top:{name}: ") as refusal:
        site.put_over_ca(name, value)
    assert not INTERNALS.search(str(refusal.value))
    assert site.given == []


def test_a_default_stays_declared_after_calls(site):
    site.call("Three", arg=("i", 0))
    with pytest.raises(RemoteError, match="'arg' cannot be 2.5: it is of type int"):
        site.call("Three", arg=("d", 2.5))
    site.call("Untyped", arg=("i", 5))
    assert site.call("Untyped", arg=("d", 2.5)) == 2.5
