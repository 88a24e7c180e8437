"""What clients read of a refusal is in plain words, over every protocol, for puts and calls."""

import math

import numpy as np
import pytest
from p4p import Value
from p4p.client.thread import Context, RemoteError
from p4p.nt import NTURI
from support.clients.caclient import Failed
from support.clients.caserved import CaServed
from support.clients.served import LIMIT
from support.engine.plain_words import TEXTS, VALUES, unplain
from support.trees import TREES, running
from support.trees.everything import build

from roguebridge.backends.epics import EpicsPvServer
from roguebridge.backends.soft.client import RemoteError as SoftError
from roguebridge.core.values import shown

# One of each kind of converter: of all variables tests/plugins has the refusals themselves.
VARIABLES = [
    "Reg.UInt8", "Reg.UInt128", "Reg.Bool", "Reg.String", "Reg.Float16", "Reg.EnumReg",
    "Arr.UInt12A", "Arr.FixedA", "Loc.intBounded", "Loc.float", "Loc.enumStr", "Loc.list",
    "Loc.dict", "Loc.set", "Loc.datetime", "Loc.decimal", "Loc.complex", "Loc.bytes",
    "Loc.npUInt8", "Loc.listFloat", "Loc.timedelta", "Nd.f4", "Nd.u8", "Nd.text", "Nd.image",
    "Nd.object", "Nd.record", "Nd.complexA", "Nd.dates",
]  # fmt: skip
COMMANDS = {
    "three": {"value": 3}, "half": {"value": 0.5}, "word": {"value": "a"}, "items": {"value": [1]},
    "array": {"value": np.zeros(2)}, "limited": {"value": 1, "minimum": 0, "maximum": 10},
    "level": {"value": 1, "enum": {0: "Off", 1: "On"}}, "width": {"typeStr": "UInt16"},
}  # fmt: skip
NUMBERS = [math.nan, math.inf, 0.5, -1.0, 1e300, 2.0**63]
ARRAYS = [[], [1.0], [math.nan, 1e300], [0.5] * 100]
CODES = {"s": TEXTS, "d": NUMBERS, "ad": ARRAYS, "as": [[], ["x", "[1"]], "?": [True]}


def whole(arg: int): ...
def real(arg: float): ...
def flag(arg: bool): ...
def text(arg: str): ...
def narrow(arg: "np.uint8 | None"): ...
def numbers(arg: list[float]): ...
def wave(arg: np.ndarray): ...
def either(arg: int | list[int]): ...
def named(n: int, gains: dict[str, float]): ...
def untyped(arg): ...
def nothing(): ...


def commands(pr):
    device = pr.Device(name="Do")
    functions = (whole, real, flag, text, narrow, numbers, wave, either, named, untyped, nothing)
    for function in functions:
        device.add(pr.LocalCommand(name=function.__name__, function=function))
    for name, options in COMMANDS.items():
        device.add(pr.LocalCommand(name=name, function=untyped, **options))
    return device, [f"Do.{name}" for name in [*(f.__name__ for f in functions), *COMMANDS]]


class Site:
    """A tree with one of everything, and clients of three protocols."""

    def __init__(self, server, calls, soft, pva, ca):
        self.server, self.soft, self.pva, self.ca = server, soft, pva, ca
        self.calls = calls
        self.puts = [*VARIABLES, *calls]

    def try_all(self, paths, values, act):
        """Do something with each value for each path; only refusals may be raised."""
        wrong = []
        for path in paths:
            for value in values:
                try:
                    act("T:Top:" + path.replace(".", ":"), value)
                except (RemoteError, SoftError, Failed) as refusal:
                    problem = unplain(str(refusal))
                except Exception as other:
                    problem = f"raised {other!r:.300}"
                else:
                    continue
                wrong += [f"{path} {shown(value)}: {problem}"] if problem else []
        assert not wrong, "\n".join(wrong[:40])


@pytest.fixture(scope="module", params=TREES, ids=str)
def site(request):
    root = build(request.param)
    device, calls = commands(request.param.pr)
    root.add(device)
    server = EpicsPvServer("T", root, isolate=True, backends=["pva", "ca", "soft"])
    with running(root):
        server.start()
        soft = next(b for b in server._backends if hasattr(b, "client"))
        with Context("pva", conf=server.client_conf("pva"), useenv=False, nt=False) as pva:
            ca = CaServed(root, server)
            yield Site(server, calls, soft.client("ann", "10.0.0.1"), pva, ca)
            ca.close()
        server.stop()


def test_puts_in_the_process(site):
    site.try_all(site.puts, VALUES, lambda pv, value: site.soft.put(pv, value, timeout=LIMIT))


def test_calls_in_the_process(site):
    site.try_all(site.calls, VALUES, lambda pv, value: site.soft.rpc(pv, arg=value))
    site.try_all(site.calls, VALUES[::5], lambda pv, value: site.soft.rpc(pv, n=value, gains=value))


def test_puts_over_channel_access(site):
    def put(pv, value, field="", kind=0):
        site.ca.client.write(pv + field, value, type=kind).result(LIMIT)

    texts = [text[:39] for text in TEXTS if "\0" not in text]
    site.try_all(site.puts, texts, put)
    site.try_all(site.puts, NUMBERS, lambda pv, value: put(pv, value, kind=6))
    long = [f"Loc.{name}" for name in ("list", "dict", "set", "complex")] + ["Nd.record"]
    site.try_all(long, TEXTS, lambda pv, value: put(pv, value, "$"))


def test_puts_over_pvaccess(site):
    def put(pv, value):
        raw = site.pva.get(pv, timeout=LIMIT)
        new = Value(raw.type())
        is_enum = raw.getID() == "epics:nt/NTEnum:1.0"
        try:
            new["value.index" if is_enum else "value"] = value
        except Exception:
            return  # p4p has no place for it
        site.pva.put(pv, new, get=False, timeout=LIMIT)

    site.try_all(site.puts, [*TEXTS, *NUMBERS, *ARRAYS], put)


def test_a_frame_that_does_not_fill_its_dimensions(site):
    def put(pv, sizes):
        new = Value(site.pva.get(pv, timeout=LIMIT).type())
        new["value"] = ("doubleValue", np.zeros(6))
        new["dimension"] = [{"size": size} for size in sizes]
        site.pva.put(pv, new, get=False, timeout=LIMIT)

    sizes = ([2, 2], [-1, 6], [-2, -3], [0], [2**31 - 1] * 4, [6, 1, 1, 1])
    site.try_all(["Nd.image", "Nd.complexA"], sizes, put)


def test_calls_over_pvaccess(site):
    for code, values in CODES.items():
        types = NTURI([("arg", code)])

        def call(pv, value, types=types):
            site.pva.rpc(pv, types.wrap(pv, kws={"arg": value}), timeout=LIMIT)

        site.try_all(site.calls, values, call)


@pytest.mark.parametrize(
    "text", ["0x" + "f" * 5000, "[1, 0X" + "f" * 5000 + "]", "0b" + "1" * 20000], ids=len
)
def test_a_number_that_the_tree_cannot_format_does_not_end_its_updates(site, text):
    def put(pv):
        site.soft.put(pv, text)

    def call(pv):
        site.pva.rpc(pv, NTURI([("arg", "s")]).wrap(pv, kws={"arg": text}), timeout=LIMIT)

    calls = ["Do.untyped", "Do.whole", "Do.items"]
    for act, paths in ((call, calls), (put, [*calls, "Reg.UInt128", "Loc.list"])):
        for path in paths:
            with pytest.raises((SoftError, RemoteError), match="too many digits|cannot be '|integ"):
                act("T:Top:" + path.replace(".", ":"))
    assert not [problem for problem in site.server.report() if "update" in problem]
