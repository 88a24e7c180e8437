"""A tree with one of everything, and what each of its nodes is to be served as.

Codes: a letter of p4p for NTScalar ('d'), with an 'a' before it for NTScalarArray ('ad'); 'enum',
'image' (NTNDArray), 'table' (NTTable).
"""

import collections
import datetime
import decimal
import enum
import queue
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from p4p.client.thread import Context

from roguebridge.backends.epics import EpicsPvServer
from support.trees import Tree, registers, running

LIMIT = 30.0


class Color(enum.Enum):
    RED = 1


@dataclass(frozen=True)
class As:
    """A put whose value is another one in the tree."""

    wire: Any
    tree: Any


RECORD = np.dtype([("count", "<i4"), ("level", "<f8"), ("name", "<U4")])
ROWS = np.array([(1, 0.5, "ab"), (2, -1.5, "c")], RECORD)
SMALLEST = 5e-324

# name: code, options of the LocalVariable, values to put
LOCALS: dict[str, tuple[str, dict[str, Any], list[Any]]] = {
    "Int": ("l", {"value": 3}, [5, -(2**63), 2**63 - 1]),
    "IntLimited": ("i", {"value": 3, "minimum": 0, "maximum": 10}, [5, 0, 10]),
    "IntSigned": ("i", {"value": 3, "minimum": -5, "maximum": 2**31 - 1}, [-5, 2**31 - 1]),
    "IntUnsigned": ("L", {"value": 3, "minimum": 0, "maximum": 2**64 - 1}, [5, 0, 2**64 - 1]),
    "IntHigh": ("l", {"value": 3, "maximum": 10}, [10, -(2**63)]),
    "IntBig": ("s", {"value": 2**70}, [As(hex(2**71), 2**71), As("-5", -5)]),
    "IntDeclared": ("H", {"value": 1, "typeStr": "UInt16"}, [5, 0, 65535]),
    "IntHex": ("l", {"value": 3, "disp": "{:#x}"}, [255]),
    "IntBinary": ("l", {"value": 3, "disp": "{:08b}"}, [255]),
    "IntDecimal": ("l", {"value": 3, "disp": "{:d}"}, [255]),
    "IntAlarms": (
        "l",
        {"value": 3, "lowAlarm": -8, "lowWarning": -5, "highWarning": 5, "highAlarm": 8},
        [4, -9],
    ),
    "Float": ("d", {"value": 1.5}, [0.1, -1.7976931348623157e308, SMALLEST, np.inf, np.nan, 2.0]),
    "FloatFull": (
        "d",
        {
            "value": 1.5, "units": "V", "description": "a voltage", "disp": "{:.3f}",
            "minimum": -10.0, "maximum": 10.0,
            "lowAlarm": -8.0, "lowWarning": -5.0, "highWarning": 5.0, "highAlarm": 8.0,
        },
        [0.1, -10.0, 10.0],
    ),
    "FloatLow": ("d", {"value": 1.5, "minimum": 0.0, "highAlarm": 8.0}, [0.0, 1e300]),
    "FloatExp": ("d", {"value": 1.5, "disp": "{:.2e}"}, [1e-9]),
    "FloatOdd": ("d", {"value": 1.5, "disp": "{:1.2f} V"}, [0.25]),
    "Bool": ("enum", {"value": True}, [As(0, False), As(1, True)]),
    "Str": ("s", {"value": "hello", "units": "none", "description": "a text"},
            ["", "ünï\u4e2d" * 400]),
    "List": ("s", {"value": [1, 2]}, [As("[3, 4.5]", [3, 4.5]), As("[]", [])]),
    "Ints": ("al", {"value": [1, 2], "typeStr": "List[int]"},
             [As(np.array([3, -4, 5]), [3, -4, 5])]),
    "Floats": ("ad", {"value": [1.5], "typeStr": "List[float]"}, [As(np.array([0.5]), [0.5])]),
    "Dict": ("s", {"value": {"a": 1}}, [As('{"b": [1, 2]}', {"b": [1, 2]})]),
    "Tuple": ("s", {"value": (1, 2)}, [As("[3]", (3,))]),
    "Bytes": ("s", {"value": b"ab"}, []),
    "ByteArray": ("s", {"value": bytearray(b"ab")}, []),
    "DateTime": ("s", {"value": datetime.datetime(2026, 1, 1)}, []),
    "Complex": ("s", {"value": 1 + 2j}, []),
    "Set": ("s", {"value": {1}}, []),
    "Decimal": ("s", {"value": decimal.Decimal("1.5")}, []),
    "Object": ("enum", {"value": Color.RED}, [As(0, Color.RED)]),
    "Ordered": ("s", {"value": collections.OrderedDict(a=1)}, []),
    "Nothing": ("s", {"localGet": lambda: None}, []),
    "Got": ("d", {"localGet": lambda: 2.5, "mode": "RO"}, []),
    "ReadOnly": ("l", {"value": 7, "mode": "RO"}, []),
    "WriteOnly": ("l", {"value": 7, "mode": "WO"}, [8]),
    "Changing": ("l", {"value": 7, "typeCheck": False}, [8]),
    "NpF16": ("f", {"value": np.float16(1.5)}, [0.25, 65504.0]),
    "NpF32": ("f", {"value": np.float32(1.5)}, [0.25, float(np.float32(3.4e38)), np.inf]),
    "NpF64": ("d", {"value": np.float64(1.5)}, [0.1]),
    "NpBool": ("enum", {"value": np.bool_(True)}, [As(0, False), As(1, True)]),
    "Array": ("ad", {"value": np.arange(4.0), "units": "A"}, [np.array([0.1, np.nan, np.inf])]),
    "ArrayEmpty": ("ad", {"value": np.zeros(0)}, [np.array([1.5]), np.zeros(0)]),
    "ArrayHalf": ("af", {"value": np.zeros(4, "f2")}, [np.array([0.5, -65504.0], "f4")]),
    "ArrayBig": ("ai", {"value": np.arange(4, dtype=">i4")}, [np.array([1, -(2**31)], "i4")]),
    "ArrayText": ("as", {"value": np.array(["ab", "c"])}, [["x", "longer ü"]]),
    "ArrayBytes": ("as", {"value": np.array([b"ab", b"c"])}, [As(["x", "yz"], [b"x", b"yz"])]),
    "ArrayObject": ("s", {"value": np.array([1, None], object)}, []),
    "ArrayDates": ("as", {"value": np.zeros(2, "M8[s]")}, []),
    "ArrayAny": ("image", {"value": np.zeros(1, "u1"), "typeCheck": False}, [np.arange(3.0)]),
    "Table": ("table", {"value": ROWS}, []),
    "Image": ("image", {"value": np.arange(12, dtype="u2").reshape(3, 4), "units": "counts"},
              [np.arange(12, dtype="u2").reshape(3, 4) * 2, np.ones((2, 5), "u2")]),
    "ImageBool": ("image", {"value": np.eye(2, dtype=bool)}, [np.zeros((2, 2), bool)]),
    "ImageHalf": ("image", {"value": np.ones((2, 3), "f2")}, [np.zeros((2, 3), "f4")]),
    "ImageBig": ("image", {"value": np.ones((2, 3), ">i4")}, [np.zeros((2, 3), "i4")]),
    "ImageComplex": ("image", {"value": np.ones((2, 3), complex)}, []),
    "ImageEmpty": ("image", {"value": np.zeros((0, 3))}, [np.ones((2, 3))]),
    "Cube": ("image", {"value": np.zeros((2, 3, 4), "f4")}, [np.ones((2, 3, 4), "f4")]),
    "Hyper": ("image", {"value": np.zeros((2, 1, 3, 2), "i8")}, [np.ones((2, 1, 3, 2), "i8")]),
}  # fmt: skip
for _code, _dtype in zip("bhilBHIL", ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"), strict=True):
    _info = np.iinfo(_dtype)
    _ends = [int(_info.min), int(_info.max)]
    LOCALS[f"Np{_dtype.upper()}"] = (_code, {"value": np.dtype(_dtype).type(3)}, [7, *_ends])
    LOCALS[f"Array{_dtype.upper()}"] = (
        "a" + _code,
        {"value": np.arange(4, dtype=_dtype)},
        [np.array([7, *_ends], _dtype)],
    )
for _dtype, _code in {"f4": "f", "?": "?"}.items():
    LOCALS["ArrayF32" if _code == "f" else "ArrayBool"] = (
        "a" + _code,
        {"value": np.zeros(3, _dtype)},
        [np.array([1, 0, 1], _dtype)],
    )

# name: choices, options of the LocalVariable, index at first, keys in the order of the choices
ENUMS: dict[str, tuple[list[str], dict[str, Any], int, list[Any]]] = {
    "Sparse": (["Zero", "Five", "Two"], {"value": 5, "enum": {0: "Zero", 5: "Five", 2: "Two"}}, 1,
               [0, 5, 2]),
    "Words": (["Left", "Right"], {"value": "Right", "enum": {"l": "Left", "r": "Right"}}, 1,
              ["l", "r"]),
    "Levels": (["Half", "More"], {"value": 0.5, "enum": {0.5: "Half", 1.5: "More"}}, 0, [0.5, 1.5]),
    "Flags": (["On", "Off"], {"value": False, "enum": {True: "On", False: "Off"}}, 1,
              [True, False]),
    "Doubled": (["Same", "Same", "Other"], {"value": 2, "enum": {0: "Same", 1: "Same", 2: "Other"}},
                2, [0, 1, 2]),
    "Numbers": (["10", "20"], {"value": 1, "enum": {1: 10, 2: 20}}, 0, [1, 2]),
    "Many": ([f"State {i}" for i in range(40)],
             {"value": 3, "enum": {i: f"State {i}" for i in range(40)}}, 3, list(range(40))),
    "ByDict": (["off", "on"], {"value": 1, "disp": {0: "off", 1: "on"}}, 1, [0, 1]),
    "ByList": (["3", "7"], {"value": 7, "disp": [3, 7]}, 1, [3, 7]),
}  # fmt: skip

# name: code, options of the LocalCommand, what takes no argument has code 'i'
COMMANDS: dict[str, tuple[str, dict[str, Any]]] = {
    "Plain": ("i", {}),
    "Any": ("l", {"arg": True}),
    "Real": ("d", {"arg": True, "value": 1.5}),
    "Text": ("s", {"arg": True, "value": ""}),
    "Flag": ("enum", {"arg": True, "value": False}),
    "Limited": ("i", {"arg": True, "value": 1, "minimum": 0, "maximum": 10}),
    "Choice": ("enum", {"arg": True, "value": 1, "enum": {1: "One", 5: "Five"}}),
    "Vector": ("ad", {"arg": True, "value": np.zeros(3)}),
}

SCALAR_CODES = {
    "UInts": {4: "B", 8: "B", 12: "H", 32: "I", 33: "L", 64: "L"},
    "Reversed": {8: "B", 12: "H"},
    "Ints": {8: "b", 12: "h", 16: "h", 32: "i", 64: "l"},
}


def register_code(name: str) -> str:
    """Give the code of a register of a model of support.trees.registers."""
    if name in ("Bool", "String"):
        return {"Bool": "enum", "String": "s"}[name]
    for group, codes in SCALAR_CODES.items():
        if name in registers.GROUPS[group]:
            return codes[registers.MODELS[name][1]]
    if name in registers.GROUPS["Doubles"] + registers.GROUPS["Fixeds"]:
        return "d"
    return "f" if name in registers.GROUPS["Floats"] else "s"


def element_code(name: str) -> str:
    """Give the code of an array of registers."""
    return "a?" if name == "Bool" else "a" + register_code(name)


ARRAYS = [name for name in registers.MODELS if registers.has_array(name)]
LINKS = {
    "Double": "d", "Fixed": "d", "Getter": "s", "OfFloat": "d", "OfReadOnly": "l", "OfEnum": "enum",
    "OfByte": "B", "OfArray": "ad", "Sink": "s",
}  # fmt: skip
OTHERS = {
    "enable": "enum", "Time": "d", "RogueVersion": "s", "R.Data": "image", "R.RxEnable": "enum",
    "R.FrameCount": "l", "P.Running": "enum", "P.Progress": "d", "P.Message": "s", "P.Start": "i",
    "RC.runState": "enum", "E.Register": "enum", "WriteAll": "i", "LoadConfig": "s",
}  # fmt: skip
CODES: dict[str, str] = (
    {f"L.{name}": row[0] for name, row in LOCALS.items()}
    | {f"E.{name}": "enum" for name in ENUMS}
    | {f"S.{name}": register_code(name) for name in registers.MODELS}
    | {f"A.{name}": element_code(name) for name in ARRAYS}
    | {f"C.{name}": register_code(name) for name in registers.MODELS}
    | {f"CA.{name}": element_code(name) for name in ARRAYS}
    | {f"F.{name}": row[0] for name, row in COMMANDS.items()}
    | {f"K.{name}": code for name, code in LINKS.items()}
    | OTHERS
)


def build(tree: Tree, memory: Any, calls: list[Any]) -> Any:
    """Give the root, not started."""
    pr = tree.pr
    root = registers.build(tree, memory)
    root.addInterface(memory)
    for name in ("L", "E", "K", "F"):
        root.add(pr.Device(name=name, offset=0x100000, memBase=memory))
    for name, (_, options, _puts) in LOCALS.items():
        root.L.add(pr.LocalVariable(name=name, **options))
    for name, (_choices, options, _first, _keys) in ENUMS.items():
        root.E.add(pr.LocalVariable(name=name, **options))
    root.E.add(
        pr.RemoteVariable(
            name="Register", offset=0, bitSize=4, base=pr.UInt, enum={0: "Off", 9: "On"}
        )
    )
    for name, (_, options) in COMMANDS.items():
        options = dict(options)
        takes = options.pop("arg", False)
        root.F.add(pr.LocalCommand(name=name, function=_recorder(calls, name, takes), **options))
    _add_links(pr, root)
    root.add(pr.DataReceiver(name="R", hideData=False))
    root.add(pr.Process(name="P"))
    root.add(pr.RunControl(name="RC"))
    return root


def _recorder(calls: list[Any], name: str, takes: bool) -> Any:
    if takes:
        return lambda arg: calls.append((name, arg))
    return lambda: calls.append((name, None))


#: what was put to ``K.Sink`` last, which has no getter
in_sink: list[Any] = []


def _sink(value: Any) -> None:
    in_sink[:] = [value]


def _add_links(pr: Any, root: Any) -> None:
    local, links = root.L, root.K
    links.add(
        pr.LinkVariable(
            name="Double",
            dependencies=[local.Float],
            linkedGet=lambda: local.Float.value() * 2,
            linkedSet=lambda value: local.Float.set(value / 2),
        )
    )
    links.add(pr.LinkVariable(name="Fixed", linkedGet=lambda: 42))
    links.add(pr.LinkVariable(name="Getter", linkedGet=lambda: "text"))
    links.add(pr.LinkVariable(name="Sink", mode="WO", linkedSet=_sink))
    for name, source in {
        "OfFloat": local.FloatFull, "OfReadOnly": local.ReadOnly, "OfEnum": root.E.Sparse,
        "OfByte": root.S.UInt8, "OfArray": local.Array,
    }.items():  # fmt: skip
        links.add(pr.LinkVariable(name=name, variable=source))


@dataclass
class Everything:
    """The running tree, its server, and a client that gives raw Values."""

    root: Any
    server: EpicsPvServer
    client: Context
    memory: Any
    calls: list[Any] = field(default_factory=list)

    def pv(self, path: str) -> str:
        return "Base:Top:" + path.replace(".", ":")

    def node(self, path: str) -> Any:
        return self.root.getNode("Top." + path)

    def get(self, path: str) -> Any:
        return self.client.get(self.pv(path), timeout=LIMIT)

    def put(self, path: str, value: Any) -> None:
        """Put a raw Value, and wait for its write."""
        self.client.put(self.pv(path), value, timeout=LIMIT, get=False, wait=True)


class Events:
    """The raw values that the monitors of many PVs deliver."""

    def __init__(self, served: Everything, paths: Any, request: str | None = None) -> None:
        self._queues: dict[str, queue.Queue[Any]] = {path: queue.Queue() for path in paths}
        self._subscriptions = [
            served.client.monitor(served.pv(path), self._queues[path].put, request=request)
            for path in paths
        ]

    def next(self, path: str) -> Any:
        return self._queues[path].get(timeout=LIMIT)

    def close(self) -> None:
        for subscription in self._subscriptions:
            subscription.close()


@contextmanager
def serving(tree: Tree, **options: Any):
    """Serve the tree on loopback and give a client."""
    options.setdefault("missed_polls", None)  # the tree polls nothing: its counters would go stale
    memory, calls = tree.memory(), []
    root = build(tree, memory, calls)
    server = EpicsPvServer(base="Base", root=root, isolate=True, **options)
    root.addProtocol(server)
    conf = {"useenv": False, "nt": False}
    with running(root), Context("pva", conf=server.client_conf(), **conf) as client:
        yield Everything(root, server, client, memory, calls)
