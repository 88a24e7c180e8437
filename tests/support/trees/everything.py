"""One variable of every kind: what it is served as, and values that can be put."""

import datetime
import decimal
import math

import numpy as np

from roguebridge.core.values.spec import NtKind, ScalarType
from support.trees import make_memory
from support.trees.registers import model_of

SCALAR, ARRAY = NtKind.SCALAR, NtKind.SCALAR_ARRAY
ENUM, IMAGE, TABLE = NtKind.ENUM, NtKind.NDARRAY, NtKind.TABLE
OFF_ON = {0: "Off", 1: "On"}


def typed(kind, name):
    return kind, ScalarType[name]


# name: model, its arguments, kind, scalar, values to put
REGISTERS = {
    "UInt1": ("UInt", {"bitSize": 1}, SCALAR, "UInt8", [0, 1]),
    "UInt8": ("UInt", {"bitSize": 8}, SCALAR, "UInt8", [0, 255]),
    "UInt12": ("UInt", {"bitSize": 12}, SCALAR, "UInt16", [4095]),
    "UInt16": ("UInt", {"bitSize": 16}, SCALAR, "UInt16", [65535]),
    "UInt32": ("UInt", {"bitSize": 32}, SCALAR, "UInt32", [2**32 - 1]),
    "UInt33": ("UInt", {"bitSize": 33}, SCALAR, "UInt64", [2**33 - 1]),
    "UInt64": ("UInt", {"bitSize": 64}, SCALAR, "UInt64", [2**64 - 1]),
    "UInt128": ("UInt", {"bitSize": 128}, SCALAR, "String", ["0x0", hex(2**128 - 1)]),
    "UIntBE32": ("UIntBE", {"bitSize": 32}, SCALAR, "UInt32", [1, 2**32 - 1]),
    "UIntBE128": ("UIntBE", {"bitSize": 128}, SCALAR, "String", [hex(2**128 - 1)]),
    "UIntReversed8": ("UIntReversed", {"bitSize": 8}, SCALAR, "UInt8", [1, 255]),
    "Int8": ("Int", {"bitSize": 8}, SCALAR, "Int8", [-128, 127]),
    "Int16": ("Int", {"bitSize": 16}, SCALAR, "Int16", [-(2**15), 2**15 - 1]),
    "IntBE16": ("IntBE", {"bitSize": 16}, SCALAR, "Int16", [-5, 5]),
    "Int32": ("Int", {"bitSize": 32}, SCALAR, "Int32", [-(2**31), 2**31 - 1]),
    "Int64": ("Int", {"bitSize": 64}, SCALAR, "Int64", [-(2**63), 2**63 - 1]),
    "Int100": ("Int", {"bitSize": 100}, SCALAR, "String", ["-0x5", hex(-(2**99))]),
    "Bool": ("Bool", {"bitSize": 1}, ENUM, "Int32", [1, 0]),
    "String": ("String", {"bitSize": 128}, SCALAR, "String", ["", "hello", "x" * 15]),
    "Float": ("Float", {"bitSize": 32}, SCALAR, "Float32", [0.5, -(2.0**100), 0.0]),
    "FloatBE": ("FloatBE", {"bitSize": 32}, SCALAR, "Float32", [0.5]),
    "Double": ("Double", {"bitSize": 64}, SCALAR, "Float64", [0.1, -1e300, math.inf]),
    "DoubleBE": ("DoubleBE", {"bitSize": 64}, SCALAR, "Float64", [0.1]),
    "Float16": ("Float16", {"bitSize": 16}, SCALAR, "Float32", [0.5, -65504.0]),
    "Float16BE": ("Float16BE", {"bitSize": 16}, SCALAR, "Float32", [0.5]),
    "Float8": ("Float8", {"bitSize": 8}, SCALAR, "Float32", [0.5, -448.0]),
    "Float6": ("Float6", {"bitSize": 8}, SCALAR, "Float32", [0.5, -28.0]),
    "Float4": ("Float4", {"bitSize": 8}, SCALAR, "Float32", [0.5, -6.0]),
    "Float8BE": ("Float8BE", {"bitSize": 8}, SCALAR, "Float32", [0.5]),
    "Float6BE": ("Float6BE", {"bitSize": 8}, SCALAR, "Float32", [0.5]),
    "Float4BE": ("Float4BE", {"bitSize": 8}, SCALAR, "Float32", [0.5]),
    "BFloat16": ("BFloat16", {"bitSize": 16}, SCALAR, "Float32", [0.5]),
    "BFloat16BE": ("BFloat16BE", {"bitSize": 16}, SCALAR, "Float32", [0.5]),
    "TensorFloat32": ("TensorFloat32", {"bitSize": 32}, SCALAR, "Float32", [0.5]),
    "TensorFloat32BE": ("TensorFloat32BE", {"bitSize": 32}, SCALAR, "Float32", [0.5]),
    "Fixed": (("Fixed", 16, 8), {"bitSize": 16}, SCALAR, "Float64", [-128.0, 0.5]),
    "UFixed": (("UFixed", 16, 4), {"bitSize": 16}, SCALAR, "Float64", [4095.0, 0.5]),
    "EnumReg": ("UInt", {"bitSize": 4, "enum": {0: "a", 5: "b", 2: "c"}}, ENUM, "Int32", [1, 2]),
    "FlagDefault": ("UInt", {"bitSize": 1, "value": False}, ENUM, "Int32", [1, 0]),
    "IntDefault": ("Float", {"bitSize": 32, "value": 1}, SCALAR, "Float32", [0.5]),
}

# name: model, bits per element, scalar, delivered dtype, three elements
REGISTER_ARRAYS = {
    "UInt4A": ("UInt", 4, "UInt8", "uint8", [0, 1, 15]),
    "UInt8A": ("UInt", 8, "UInt8", "uint8", [0, 1, 255]),
    "UInt12A": ("UInt", 12, "UInt16", "uint16", [0, 1, 4095]),
    "UInt16A": ("UInt", 16, "UInt16", "uint16", [0, 1, 65535]),
    "UInt32A": ("UInt", 32, "UInt32", "uint32", [0, 1, 2**32 - 1]),
    "UInt64A": ("UInt", 64, "UInt64", "uint64", [0, 1, 2**64 - 1]),
    "Int8A": ("Int", 8, "Int8", "int8", [-128, 0, 127]),
    "Int16A": ("Int", 16, "Int16", "int16", [-(2**15), 0, 1]),
    "Int32A": ("Int", 32, "Int32", "int32", [-(2**31), 0, 1]),
    "Int64A": ("Int", 64, "Int64", "int64", [-(2**63), 0, 1]),
    "BoolA": ("Bool", 1, "Bool", "bool", [True, False, True]),
    "FloatA": ("Float", 32, "Float32", "float32", [0.5, -1.0, 1e30]),
    "DoubleA": ("Double", 64, "Float64", "float64", [0.1, -1.0, 1e300]),
    "UIntBE16A": ("UIntBE", 16, "UInt16", "uint16", [0, 1, 65535]),
    "DoubleBEA": ("DoubleBE", 64, "Float64", "float64", [0.1, -1.0, 1e300]),
    "Float16A": ("Float16", 16, "Float32", "float16", [0.5, -1.0, 2.0]),
    "BFloat16A": ("BFloat16", 16, "Float32", "float32", [0.5, -1.0, 2.0]),
    "Float8A": ("Float8", 8, "Float32", "float32", [0.5, -1.0, 2.0]),
    "Float4BEA": ("Float4BE", 8, "Float32", "float32", [0.5, -1.0, 6.0]),
    "Float4A": ("Float4", 8, "Float32", "float32", [0.5, -1.0, 6.0]),
    "TensorFloat32A": ("TensorFloat32", 32, "Float32", "float32", [0.5, -1.0, 2.0]),
    "UFixedA": (("UFixed", 12, 4), 12, "Float64", "float64", [0.5, 1.0, 255.9375]),
    "FixedA": (("Fixed", 16, 8), 16, "Float64", "float64", [0.5, -1.0, 2.0]),
}

STAMP = datetime.datetime(2024, 5, 6, 7, 8, 9)
RECORD = np.dtype([("a", "<i4"), ("b", "<f8")])

# name: LocalVariable arguments, kind, scalar, values to put
LOCALS = {
    "int": ({"value": 5}, SCALAR, "Int64", [-(2**63), 2**63 - 1, 0]),
    "intBounded": ({"value": 5, "minimum": 0, "maximum": 10}, SCALAR, "Int32", [0, 10]),
    "intOneLimit": ({"value": 5, "minimum": 0}, SCALAR, "Int64", [2**40]),
    "intUnsigned": (
        {"value": 5, "minimum": 0, "maximum": 2**64 - 1},
        SCALAR,
        "UInt64",
        [2**64 - 1],
    ),
    "intHuge": ({"value": 2**70, "minimum": 0, "maximum": 2**80}, SCALAR, "String", [hex(2**79)]),
    "declared": ({"value": 1, "typeStr": "UInt16"}, SCALAR, "UInt16", [65535]),
    "float": ({"value": 1.5}, SCALAR, "Float64", [0.1, math.inf, -0.0, 2.0]),
    "bool": ({"value": True}, ENUM, "Int32", [0, 1]),
    "boolPlain": ({"value": True, "disp": "{}"}, ENUM, "Int32", [0, 1]),
    "str": ({"value": "a"}, SCALAR, "String", ["", "täxt", "two\nlines", "x" * 10000]),
    "enumInt": ({"value": 5, "enum": {5: "five", 2: "two", 100: "x"}}, ENUM, "Int32", [2, 0]),
    "enumStr": ({"value": "A", "enum": {"a": "A", "b": "B"}}, ENUM, "Int32", [1, 0]),
    "enumFloat": ({"value": 0.5, "enum": {0.5: "half", 1.5: "more"}}, ENUM, "Int32", [1, 0]),
    "enumMixed": ({"value": 1, "enum": {1: "one", "auto": "Auto"}}, ENUM, "Int32", [0]),
    "enumLabels": ({"value": 1, "enum": {1: 10, 2: 20}}, ENUM, "Int32", [1]),
    "dispList": ({"value": 1, "disp": [1, 3, 5]}, ENUM, "Int32", [2]),
    "list": ({"value": [1, "a", None]}, SCALAR, "String", ["[1, 2.5]", '[{"a": null}]', "[]"]),
    "dict": ({"value": {"a": 1}}, SCALAR, "String", ['{"b": [1, 2]}', "{}"]),
    "dictKeys": ({"value": {1: "a"}}, SCALAR, "String", ["{2: 'b'}"]),
    "tuple": ({"value": (1, 2)}, SCALAR, "String", ["[3, 4]"]),
    "set": ({"value": {1, 2}}, SCALAR, "String", ["{3}"]),
    "datetime": ({"value": STAMP}, SCALAR, "String", ["2024-05-06 07:08:09.000001"]),
    "decimal": ({"value": decimal.Decimal("1.5")}, SCALAR, "String", ["-0.10"]),
    "complex": ({"value": 1 + 2j}, SCALAR, "String", ["(3+4j)"]),
    "bytes": ({"value": b"ab"}, SCALAR, "String", ["b'\\xff'"]),
    "none": ({"localGet": lambda: None}, SCALAR, "String", []),
    "npFloat64": ({"value": np.float64(1.5)}, SCALAR, "Float64", [0.1]),
    "npFloat32": ({"value": np.float32(1.5)}, SCALAR, "Float32", [0.5]),
    "npFloat16": ({"value": np.float16(1.5)}, SCALAR, "Float32", [0.5]),
    "npInt16": ({"value": np.int16(5)}, SCALAR, "Int16", [-5, 2**15 - 1]),
    "npUInt8": ({"value": np.uint8(5)}, SCALAR, "UInt8", [255]),
    "npInt64": ({"value": np.int64(5)}, SCALAR, "Int64", [-(2**63)]),
    "npBool": ({"value": np.bool_(True)}, ENUM, "Int32", [0, 1]),
    "npLongdouble": ({"value": np.longdouble(1.5)}, SCALAR, "Float64", [0.5]),
    "npDatetime": ({"value": np.datetime64("2024-01-01")}, SCALAR, "String", ["2024-05-06T07"]),
    "listFloat": ({"value": [1.0], "typeStr": "List[float]"}, ARRAY, "Float64", [[0.5, 2.0]]),
    "frozenset": ({"value": frozenset({1})}, SCALAR, "String", ["frozenset({2})"]),
    "bytearray": ({"value": bytearray(b"ab")}, SCALAR, "String", ["bytearray(b'\\xff')"]),
    "timedelta": ({"value": datetime.timedelta(1)}, SCALAR, "String", ["3 days, 0:00:05.000007"]),
}

# name: default, kind, scalar, arrays to put
LOCAL_ARRAYS = {
    "f8": (np.zeros(3), ARRAY, "Float64", [np.array([0.1, np.nan]), np.zeros(0)]),
    "f4": (np.zeros(3, "f4"), ARRAY, "Float32", [np.array([0.5, np.inf], "f4")]),
    "f2": (np.zeros(3, "f2"), ARRAY, "Float32", [np.array([0.5, 65504.0], "f4")]),
    "i1": (np.zeros(3, "i1"), ARRAY, "Int8", [np.array([-128], "i1")]),
    "i8": (np.zeros(3, "i8"), ARRAY, "Int64", [np.array([-(2**63), 2**63 - 1])]),
    "u2": (np.zeros(3, "u2"), ARRAY, "UInt16", [np.arange(7, dtype="u2")]),
    "u8": (np.zeros(3, "u8"), ARRAY, "UInt64", [np.array([2**64 - 1], "u8")]),
    "b1": (np.zeros(3, "?"), ARRAY, "Bool", [np.array([True, False])]),
    "big": (np.zeros(3, ">i4"), ARRAY, "Int32", [np.array([1, -2], "i4")]),
    "bigf": (np.zeros(3, ">f8"), ARRAY, "Float64", [np.array([1.5, -2])]),
    "empty": (np.zeros(0), ARRAY, "Float64", [np.array([1.0])]),
    "text": (np.array(["ab", "c"]), ARRAY, "String", [["a", "longer"]]),
    "image": (np.zeros((2, 3), "u2"), IMAGE, "UInt16", [np.ones((4, 2), "u2")]),
    "cube": (np.zeros((2, 2, 2), "f4"), IMAGE, "Float32", [np.ones((1, 2, 3), "f4")]),
    "scalar0d": (np.array(5.0), ARRAY, "Float64", [np.array([1.5])]),
    "object": (np.array([1, None], object), SCALAR, "String", ['["a", 2.5, null]']),
    "record": (np.zeros(2, RECORD), TABLE, "String", []),
    "complexA": (np.zeros(2, complex), IMAGE, "Float64", [np.ones((3, 2))]),
    "dates": (np.array(["2024-01-01"], "M8[D]"), ARRAY, "String", [["1999-12-31", "NaT"]]),
    "text2d": (np.array([["a", "b"]]), SCALAR, "String", ['[["x"], ["longer"]]']),
    "longs": (np.zeros(2, np.longdouble), ARRAY, "Float64", [np.array([0.5, np.nan])]),
    "complex0d": (np.array(1j), IMAGE, "Float64", [np.array([[0.5, 1.0]])]),
}


def build(tree):
    """A root with one of everything."""
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False)
    memory = make_memory(tree)
    root.addInterface(memory)
    registers = pr.Device(name="Reg", offset=0, memBase=memory)
    for number, (name, (model, arguments, *_)) in enumerate(REGISTERS.items()):
        registers.add(
            pr.RemoteVariable(
                name=name, offset=0x20 * number, base=model_of(pr, model), **arguments
            )
        )
    arrays = pr.Device(name="Arr", offset=0x1000, memBase=memory)
    for number, (name, (model, bits, *_)) in enumerate(REGISTER_ARRAYS.items()):
        stride = max(bits, 8)
        arrays.add(
            pr.RemoteVariable(
                name=name,
                offset=0x20 * number,
                base=model_of(pr, model),
                numValues=3,
                valueBits=bits,
                valueStride=stride,
            )
        )
    local = pr.Device(name="Loc")
    for name, (arguments, *_) in LOCALS.items():
        local.add(pr.LocalVariable(name=name, mode="RW", **arguments))
    local_arrays = pr.Device(name="Nd")
    for name, (default, *_) in LOCAL_ARRAYS.items():
        local_arrays.add(pr.LocalVariable(name=name, value=default.copy()))
    for device in (registers, arrays, local, local_arrays):
        root.add(device)
    return root


def node_of(root, path):
    return root.getNode(f"Top.{path}")


EXPECTED = {f"Reg.{n}": typed(k, s) for n, (_, _, k, s, _) in REGISTERS.items()}
EXPECTED |= {f"Arr.{n}": typed(ARRAY, s) for n, (_, _, s, _, _) in REGISTER_ARRAYS.items()}
EXPECTED |= {f"Loc.{n}": typed(k, s) for n, (_, k, s, _) in LOCALS.items()}
EXPECTED |= {f"Nd.{n}": typed(k, s) for n, (_, k, s, _) in LOCAL_ARRAYS.items()}


TRIPS = [
    (f"Reg.{name}", value) for name, (_, _, _, _, values) in REGISTERS.items() for value in values
]
TRIPS += [
    (f"Arr.{name}", np.array(values, dtype))
    for name, (_, _, _, dtype, values) in REGISTER_ARRAYS.items()
]
TRIPS += [(f"Loc.{name}", value) for name, (_, _, _, values) in LOCALS.items() for value in values]
TRIPS += [
    (f"Nd.{name}", value) for name, (_, _, _, values) in LOCAL_ARRAYS.items() for value in values
]


def same(a, b):
    """Tell whether two tree values are one, NaN and the sign of zero included."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind in "fM")
    return a == b or (a != a and b != b)
