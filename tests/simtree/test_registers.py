"""Registers: declared types, delivered values, and what set() accepts."""

import numpy as np
import pytest
from support.listeners import Recorder
from support.trees import running

NAN, INF = float("nan"), float("inf")
TEXT = 0x300


@pytest.fixture(scope="module")
def memory(tree):
    return tree.memory()


@pytest.fixture(scope="module")
def root(tree, memory):
    pr = tree.pr
    root = pr.Root(name="Top")
    d = pr.Device(name="D", memBase=memory)
    root.add(d)

    def register(name, offset, **kwargs):
        d.add(pr.RemoteVariable(name=name, offset=offset, **kwargs))

    def array(name, offset, base, bits, count=4, **kwargs):
        register(
            name, offset, base=base, numValues=count, valueBits=bits, valueStride=bits, **kwargs
        )

    register("U32", 0x00)
    register("U12", 0x04, bitSize=12)
    register("U64", 0x08, bitSize=64)
    register("I8", 0x10, base=pr.Int, bitSize=8)
    register("I32", 0x14, base=pr.Int)
    register("B", 0x18, base=pr.Bool, bitSize=1)
    register("F", 0x1C, base=pr.Float)
    register("D64", 0x20, base=pr.Double, bitSize=64)
    register("S", TEXT, base=pr.String, bitSize=8 * 16)
    register("Lim", 0x28, minimum=10, maximum=1000)
    register("E", 0x2C, bitSize=2, enum={0: "Zero", 1: "One"})
    register("EText", 0x30, bitSize=2, enum={0: "Zero", 1: "One"}, value="One")
    register("OneBit", 0x34, bitSize=1, value=False)
    register("FInt", 0x38, base=pr.Float, value=1)
    register("Ro", 0x3C, mode="RO")
    register("Wo", 0x40, mode="WO")
    register("Hex", 0x44, disp="{:d}")
    register("Split", [0x48, 0x4C], bitSize=[4, 8], bitOffset=[4, 0])
    register("P0", 0x50, bitSize=4)
    register("P1", 0x50, bitSize=4, bitOffset=4, base=pr.Int)
    register("P2", 0x52, bitSize=16)
    array("AU8", 0x100, pr.UInt, 8)
    array("AU16", 0x110, pr.UInt, 16)
    array("AU32", 0x120, pr.UInt, 32)
    array("AU64", 0x140, pr.UInt, 64)
    array("AU12", 0x160, pr.UInt, 12)
    array("AI8", 0x170, pr.Int, 8)
    array("AI16", 0x180, pr.Int, 16)
    array("AI32", 0x190, pr.Int, 32)
    array("AI64", 0x1A0, pr.Int, 64)
    array("AB", 0x1C0, pr.Bool, 1)
    array("AF", 0x1D0, pr.Float, 32)
    array("AD", 0x1E0, pr.Double, 64)
    array("ALim", 0x220, pr.UInt, 8, maximum=100)
    d.add(
        pr.RemoteVariable(
            name="Wide", offset=0x240, numValues=3, valueBits=8, valueStride=32, base=pr.UInt
        )
    )
    with running(root):
        yield root


@pytest.mark.parametrize(
    ("name", "type_name", "native", "disp", "low", "high"),
    [
        ("U32", "UInt32", int, "{:#x}", 0, 2**32 - 1),
        ("U12", "UInt12", int, "{:#x}", 0, 4095),
        ("U64", "UInt64", int, "{:#x}", 0, 2**64 - 1),
        ("I8", "Int8", int, "{:d}", -128, 127),
        ("B", "Bool", bool, "enum", 0, 1),
        ("F", "Float32", float, "{:f}", -3.4e38, 3.4e38),
        ("D64", "Double64", float, "{:f}", -INF, INF),
        ("S", "String(16)", str, "{}", None, None),
        ("Lim", "UInt32", int, "{:#x}", 10, 1000),
        ("E", "UInt2", int, "enum", 0, 3),
        ("EText", "UInt2", str, "enum", 0, 3),
        ("OneBit", "UInt1", bool, "enum", 0, 1),
        ("FInt", "Float32", int, "{:f}", -3.4e38, 3.4e38),
        ("Hex", "UInt32", int, "{:d}", 0, 2**32 - 1),
    ],
)
def test_declared_scalars(root, name, type_name, native, disp, low, high):
    var = root.D.node(name)
    assert var.typeStr == type_name
    assert var.nativeType is native
    assert var.disp == disp
    assert (var.minimum, var.maximum) == (low, high)
    assert var.ndType is None
    assert var.numValues == 0
    assert not hasattr(var, "lock")


@pytest.mark.parametrize(
    ("name", "declared", "delivered"),
    [
        ("AU8", "uint32", "uint8"),
        ("AU12", "uint32", "uint16"),
        ("AU16", "uint32", "uint16"),
        ("AU32", "uint32", "uint32"),
        ("AU64", "uint64", "uint64"),
        ("AI8", "int32", "int8"),
        ("AI16", "int32", "int16"),
        ("AI32", "int32", "int32"),
        ("AI64", "int64", "int64"),
        ("AB", "bool", "bool"),
        ("AF", "float32", "float32"),
        ("AD", "float64", "float64"),
    ],
)
def test_declared_and_delivered_arrays(root, name, declared, delivered):
    var = root.D.node(name)
    assert var.typeStr == f"{declared}(4,)"
    assert var.ndType == np.dtype(declared)
    assert var.nativeType is np.ndarray
    assert var.numValues == 4
    assert var.precision == 8
    value = var.value()
    assert value.dtype == np.dtype(delivered)
    assert value.shape == (4,)
    assert value.flags.owndata
    assert value.flags.writeable
    assert var.value() is not value
    assert type(var.value(index=0)) is type(value[0].item())


ACCEPTED = {
    "U32": [0, 7, True, np.uint8(3), np.uint64(9), 2**32 - 1, []],
    "U64": [2**64 - 1],
    "I8": [-128, 127, True, np.int8(-3), np.int64(5)],
    "B": [True, 2, -1, np.True_, None],
    "F": [1.5, 2, True, np.float32(0.25), NAN],
    "D64": [0.1, 2, True, np.float64(0.3), NAN, INF],
    "S": ["abc", np.str_("xyz"), ""],
    "E": [0, 3],
}
EXPECTED = {"B": {2: True, -1: True, None: False}, "U32": {True: 1}}

GENERAL, OVERFLOW = "GeneralError", OverflowError
REFUSED = {
    "U32": [1.0, 1.5, "1", None, b"1", np.int32(1), np.float64(1), np.True_, (1,), [1], 2**32],
    "U64": [1.0],
    "I8": [1.0, "1", None, np.uint8(1), np.float32(1), np.True_, 128, -129, np.zeros(1, np.int8)],
    "B": [1.0, "True", np.uint8(1), np.int64(1), (True,)],
    "F": [np.float64(1), np.float16(1), np.int32(1), "1", None, INF, 1e39, [1.0]],
    "D64": [np.float32(1), np.int32(1), "1", None],
    "S": [1, 1.0, b"abc", ["a"]],
    "E": ["One", 4],
    "Lim": [9, 1001],
}


def cases(table):
    return [
        pytest.param(name, value, id=f"{name}-{type(value).__name__}-{value!r}")
        for name, values in table.items()
        for value in values
    ]


@pytest.mark.parametrize(("name", "value"), cases(ACCEPTED))
def test_accepted(root, name, value):
    var = root.D.node(name)
    before = var.value()
    var.set(value)
    got = var.get()
    if isinstance(value, list):
        assert got == before
    elif isinstance(value, float) and value != value:
        assert got != got
    else:
        assert got == EXPECTED.get(name, {}).get(value, value)


@pytest.mark.parametrize(("name", "value"), cases(REFUSED))
def test_refused(root, tree, memory, name, value):
    var = root.D.node(name)
    writes = memory.writes(var.address)
    with pytest.raises(tree.general_error):
        var.set(value)
    assert memory.writes(var.address) == writes


@pytest.mark.parametrize(("name", "value"), [("U32", -1), ("U32", 2**64), ("I8", 2**63)])
def test_overflow(root, name, value):
    with pytest.raises(OverflowError):
        root.D.node(name).set(value)


def test_texts_of_refusals(root, tree):
    with pytest.raises(tree.general_error) as caught:
        root.D.U12.set(4096)
    assert str(caught.value) == (
        "Block::setUInt: General Error: "
        "Value range error for U12. Value=4096, Min=0.000000, Max=4095.000000"
    )
    with pytest.raises(tree.general_error, match="Failed to extract value for U32"):
        root.D.U32.set("x")
    with pytest.raises(tree.general_error, match="Overflow error for passed list"):
        root.D.U32.set([1])
    with pytest.raises(tree.general_error, match="Invalid number of dimensions"):
        root.D.AU8.set(np.zeros((2, 2), np.uint8))


FAMILIES = {
    "AU8": ("uint8", "uint16", "uint32", "uint64"),
    "AU16": ("uint8", "uint16", "uint32", "uint64"),
    "AU12": ("uint8", "uint16", "uint32", "uint64"),
    "AI16": ("int8", "int16", "int32", "int64"),
    "AB": ("bool",),
    "AF": ("float32",),
    "AD": ("float64",),
}
DTYPES = (
    *("bool", "float16", "float32", "float64"),
    *("uint8", "uint16", "uint32", "uint64"),
    *("int8", "int16", "int32", "int64"),
)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FAMILIES)
def test_array_families(root, tree, name, dtype):
    var = root.D.node(name)
    value = np.array([1, 0, 1, 0], dtype)
    if dtype in FAMILIES[name]:
        var.set(value)
        assert var.get().tolist() == [1, 0, 1, 0]
    else:
        with pytest.raises(tree.general_error):
            var.set(value)


def test_declared_dtype_is_accepted(root):
    for name in ("AU8", "AU16", "AU64", "AI8", "AI64", "AB", "AF", "AD"):
        var = root.D.node(name)
        var.set(np.array([1, 1, 0, 1]).astype(var.ndType))
        assert var.get().tolist() == [1, 1, 0, 1]


def test_array_writes(root, tree):
    var = root.D.AU32
    var.set([1, 2, 3, 4])
    var.set([9, 8])
    assert var.get().tolist() == [9, 8, 3, 4]
    var.set(5)
    assert var.get().tolist() == [5, 8, 3, 4]
    var.set(6, index=2)
    assert var.get().tolist() == [5, 8, 6, 4]
    assert var.get(index=2) == 6
    var.set([])
    var.set(np.arange(8, dtype=np.uint32)[::2])
    assert var.get().tolist() == [0, 2, 4, 6]
    for value in ([1] * 5, np.zeros(5, np.uint32), (1, 2)):
        with pytest.raises(tree.general_error):
            var.set(value)
    with pytest.raises(tree.general_error, match="out of range"):
        var.set(1, index=4)
    assert var.get().tolist() == [0, 2, 4, 6]


def test_a_bad_element_comes_too_late(root, tree):
    var = root.D.AU32
    var.set([0, 0, 0, 0])
    with pytest.raises(tree.general_error):
        var.set([1, 2, "x", 4])
    assert var.value().tolist() == [1, 2, 0, 0]
    var.write()
    var.set([0, 0, 0, 0])


def test_limits_per_element(root, tree):
    root.D.ALim.set([100, 0, 100, 1])
    for value in ([1, 101], np.array([1, 101], np.uint8)):
        with pytest.raises(tree.general_error, match=r"Value range error for ALim\. Value=101"):
            root.D.ALim.set(value)
    assert root.D.ALim.value().tolist() == [1, 0, 100, 1]
    root.D.ALim.write()


def test_swapped_bytes_are_misread(root):
    root.D.AU32.set(np.array([1, 0, 0, 0], ">u4"))
    assert root.D.AU32.get().tolist() == [16777216, 0, 0, 0]


def test_stride(root, memory):
    root.D.Wide.set([1, 2, 3])
    assert root.D.Wide.get().tolist() == [1, 2, 3]
    assert memory.peek(0x240, 9) == bytes([1, 0, 0, 0, 2, 0, 0, 0, 3])


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("U32", 31, "0x1f"),
        ("I8", -3, "-3"),
        ("B", True, "True"),
        ("F", 1.5, "1.500000"),
        ("S", "abc", "abc"),
        ("Hex", 31, "31"),
        ("E", 1, "One"),
        ("E", 2, "INVALID: 2"),
        ("AU8", [1, 2, 3, 255], "[0x1, 0x2, 0x3, 0xff]"),
        ("AI8", [1, -2, 3, 4], "[1, -2, 3, 4]"),
        ("AF", [1.0, 0.5, 0.0, 2.0], "[1.000000, 0.500000, 0.000000, 2.000000]"),
        ("AB", [True, False, True, False], "[enum, enum, enum, enum]"),
    ],
)
def test_texts(root, name, value, text):
    root.D.node(name).set(value)
    assert root.D.node(name).valueDisp() == text


def test_text_of_an_element(root):
    root.D.AB.set([True, False, True, False])
    assert root.D.AB.valueDisp(index=0) == "True"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("U32", "0x10", 16),
        ("I8", "-5", -5),
        ("B", "True", True),
        ("F", "1e1", 10.0),
        ("S", "5", "5"),
        ("E", "One", 1),
        ("AF", "[1.5, 2]", [1.5, 2.0]),
        ("AU8", "[1.5, 2]", [1, 2]),
    ],
)
def test_text_in(root, name, text, value):
    root.D.node(name).setDisp(text)
    got = root.D.node(name).get()
    assert (got[:2].tolist() if isinstance(value, list) else got) == value


def test_text_refused(root, tree):
    for name, text in (("U32", "x"), ("F", "nan"), ("E", "1"), ("E", "one"), ("B", "true")):
        with pytest.raises(tree.pr.VariableError, match=f"Invalid value {text} for variable"):
            root.D.node(name).setDisp(text)
    for name, text in (("AU8", "5"), ("I8", "0xff"), ("U32", "1.0")):
        with pytest.raises(tree.general_error):
            root.D.node(name).setDisp(text)


def test_strings_are_cut(root, tree, memory):
    root.D.S.set("0123456789abcdefgh")
    assert root.D.S.get() == "0123456789abcde"
    root.D.S.set("kurz")
    assert root.D.S.get() == "kurz"
    root.waitOnUpdate()  # staged only: an update with this value would end the update worker
    root.D.S.set("0123456789abcd\N{LATIN SMALL LETTER U WITH DIAERESIS}", write=False)
    with pytest.raises(tree.general_error, match="Failed to generate String"):
        root.D.S.value()
    root.D.S.set("ok", write=False)
    root.D.S.write()
    assert root.D.S.get() == "ok"


def test_defaults(root):
    assert root.D.EText.value() == 1
    assert type(root.D.EText.value()) is int
    assert root.D.EText.valueDisp() == "One"
    assert type(root.D.FInt.value()) is float
    assert root.D.OneBit.enum == {False: "False", True: "True"}
    assert type(root.D.OneBit.value()) is int


def test_rounding_to_the_grid(root):
    root.D.F.set(0.1)
    assert root.D.F.get() == float(np.float32(0.1))


def test_registers_in_pieces(root, memory):
    root.D.Split.set(0xABC)
    assert root.D.Split.get() == 0xABC
    assert memory.peek(0x48, 1) == b"\xc0"
    assert memory.peek(0x4C, 1) == b"\xab"


def test_fields_of_one_word(root, memory):
    updates = Recorder()
    for name in ("P0", "P1", "P2"):
        root.D.node(name).addListener(updates)
    root.D.P0.set(5)
    root.D.P1.set(-3)
    root.waitOnUpdate()
    assert memory.peek(0x50, 4) == bytes([0xD5, 0, 0, 0])
    assert updates.paths == ["Top.D.P0", "Top.D.P1", "Top.D.P2"] * 2
    assert root.D.P1.get() == -3


def test_mode_is_not_enforced(root, memory):
    updates = Recorder()
    root.waitOnUpdate()
    root.D.Ro.addListener(updates)
    root.D.Ro.set(5)
    root.waitOnUpdate()
    assert root.D.Ro.value() == 5
    assert memory.writes(0x3C) == 0
    assert updates.calls == []
    assert root.D.Ro.get() == 0


def test_write_only(root, memory):
    root.D.Wo.set(7)
    reads = memory.reads(0x40)
    assert root.D.Wo.get() == 7
    assert memory.reads(0x40) == reads == 0


def test_staged_values(root, memory):
    var = root.D.U32
    var.set(1)
    updates = Recorder()
    root.waitOnUpdate()
    var.addListener(updates)
    writes = memory.writes(0)
    var.set(2, write=False)
    assert var.value() == var.get() == 2
    assert memory.writes(0) == writes
    root.waitOnUpdate()
    assert updates.calls == []
    var.write()
    assert memory.writes(0) == writes + 1
    root.waitOnUpdate()
    assert updates.values == [2]
    var.delListener(updates)


def test_set_writes_and_verifies(root, memory):
    writes, reads = memory.writes(0x14), memory.reads(0x14)
    root.D.I32.set(5)
    root.D.I32.set(5)
    assert (memory.writes(0x14), memory.reads(0x14)) == (writes + 2, reads + 2)
    root.D.I32.set(6, verify=False)
    assert (memory.writes(0x14), memory.reads(0x14)) == (writes + 3, reads + 2)
    root.D.I32.post(7)
    assert (memory.writes(0x14), memory.reads(0x14)) == (writes + 4, reads + 2)


def test_check_is_deprecated(root):
    with pytest.warns(DeprecationWarning, match="deprecated"):
        root.D.U32.set(1, check=True)
    with pytest.warns(DeprecationWarning, match="deprecated"):
        root.D.U32.get(check=True)


def test_wrong_constructions(tree):
    pr = tree.pr
    with pytest.raises(pr.VariableError, match="BitSize of 0"):
        pr.RemoteVariable(name="R", offset=0, bitSize=0)
    with pytest.raises(pr.VariableError, match="greater than"):
        pr.RemoteVariable(name="R", offset=0, numValues=2, valueBits=16, valueStride=8)
    with pytest.raises(pr.VariableError, match="Invalid base type"):
        pr.RemoteVariable(
            name="R", offset=0, numValues=2, valueBits=16, valueStride=16, base=pr.String
        )
    with pytest.raises(AssertionError):
        pr.RemoteVariable(name="R", offset=0, bitSize=16, base=pr.Float)


def test_offsets_add_up(tree):
    pr, memory = tree.pr, tree.memory()
    root = pr.Root(name="Top")
    root.add(pr.Device(name="A", memBase=memory, offset=0x1000))
    root.A.add(pr.Device(name="B", offset=0x200))
    root.A.B.add(pr.RemoteVariable(name="R", offset=0x30))
    with running(root):
        root.A.B.R.set(0x11)
        assert root.A.B.R.address == 0x1230
        assert memory.peek(0x1230, 1) == b"\x11"


def test_emulated_memory(tree):
    import importlib

    simulation = importlib.import_module(f"{tree.pr.__name__}.interfaces.simulation")
    root = tree.pr.Root(name="Top")
    root.add(tree.pr.Device(name="D", memBase=simulation.MemEmulate(), offset=0x10))
    root.D.add(tree.pr.RemoteVariable(name="R", offset=4))
    with running(root):
        root.D.R.set(77)
        root.D.R.set(0, write=False)
        root.D.R.write()
        assert root.D.R.get() == 0
        root.D.R.set(77)
        assert root.D.R.get() == 77


class TestOnlySimtree:
    """Where PyRogue ends the interpreter."""

    @pytest.fixture
    def sim(self, tree):
        if tree.name != "simtree":
            pytest.skip("ends the interpreter there")
        return tree

    def test_value_before_start(self, sim):
        root = sim.pr.Root(name="Top")
        root.add(sim.pr.Device(name="D", memBase=sim.memory()))
        root.D.add(sim.pr.RemoteVariable(name="R", offset=0))
        for access in (root.D.R.value, root.D.R.get, lambda: root.D.R.set(1)):
            with pytest.raises(sim.pr.VariableError, match="before its root is started"):
                access()
        assert root.D.R.typeStr == "UInt32"

    def test_none_into_a_string(self, sim):
        root = sim.pr.Root(name="Top")
        root.add(sim.pr.Device(name="D", memBase=sim.memory()))
        root.D.add(sim.pr.RemoteVariable(name="S", offset=0, bitSize=64, base=sim.pr.String))
        with running(root), pytest.raises(sim.general_error, match="Failed to extract"):
            root.D.S.set(None)
