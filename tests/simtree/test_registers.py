"""Registers: layouts, modes, defaults, staging, writing; models and values have their own tests."""

import numpy as np
import pytest
from support.trees import running
from support.trees.listeners import Recorder

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

    def array(name, offset, base, bits, stride, **kwargs):
        register(name, offset, base=base, numValues=4, valueBits=bits, valueStride=stride, **kwargs)

    register("U32", 0x00)
    register("I8", 0x10, base=pr.Int, bitSize=8)
    register("I32", 0x14, base=pr.Int)
    register("F", 0x1C, base=pr.Float)
    register("S", TEXT, base=pr.String, bitSize=8 * 16)
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
    array("AU32", 0x120, pr.UInt, 32, 32)
    array("A12", 0x160, pr.UInt, 12, 12)
    array("A5", 0x170, pr.Int, 5, 6, bitOffset=3)
    array("AB", 0x1C0, pr.Bool, 1, 1)
    array("ALim", 0x220, pr.UInt, 8, 8, maximum=100)
    array("Wide", 0x240, pr.UInt, 8, 32)
    array("WideBE", 0x260, pr.UIntBE, 16, 32)
    array("WideF", 0x280, pr.FloatBE, 32, 64)
    with running(root):
        yield root


@pytest.mark.parametrize(
    ("name", "type_name", "native", "disp"),
    [
        ("E", "UInt2", int, "enum"),
        ("EText", "UInt2", str, "enum"),
        ("OneBit", "UInt1", bool, "enum"),
        ("FInt", "Float32", int, "{:f}"),
        ("Hex", "UInt32", int, "{:d}"),
    ],
)
def test_what_arguments_change_of_the_declaration(root, name, type_name, native, disp):
    var = root.D.node(name)
    assert (var.typeStr, var.nativeType, var.disp) == (type_name, native, disp)


def test_limits_per_element(root, tree):
    root.D.ALim.set([100, 0, 100, 1])
    for value in ([1, 101], np.array([1, 101], np.uint8)):
        with pytest.raises(tree.general_error, match=r"Value range error for ALim\. Value=101"):
            root.D.ALim.set(value)
    assert root.D.ALim.value().tolist() == [1, 0, 100, 1]
    root.D.ALim.write()


@pytest.mark.parametrize(
    ("name", "values", "data"),
    [
        ("A12", [0xABC, 0x123, 0xFFF, 0], "bc3a12ff0f00"),
        ("A5", [-1, 5, -16, 15], "f80ae801"),
        ("AB", [True, False, True, True], "0d"),
        ("Wide", [1, 2, 3, 4], "01000000020000000300000004"),
        ("WideBE", [1, 2, 3, 4], "0001000000020000000300000004"),
        ("WideF", [1.5, 0.0, 1.5, 0.0], "3fc00000" + 24 * "0" + "3fc00000" + 24 * "0"),
    ],
)
def test_bits_and_strides_of_an_array(root, memory, name, values, data):
    var = root.D.node(name)
    dtype = var.value().dtype
    for given in (values, np.array(values, dtype)):
        var.set([0] * 4)
        var.set(given)
        assert memory.peek(var.address, len(data) // 2).hex() == data
        assert var.get().tolist() == values
        assert var.get().dtype == dtype
    var.set(values[:1], index=3)
    assert var.get().tolist() == values[:3] + values[:1]


def test_an_element_of_an_array(root):
    var = root.D.AU32
    var.set([1, 2, 3, 4])
    var.set(6, index=2)
    assert var.get(index=2) == var.value(index=2) == 6
    assert var.get().tolist() == [1, 2, 6, 4]


def test_an_enum_takes_any_number_but_no_label(root, tree):
    root.D.E.set(3)
    assert root.D.E.get() == 3
    for value in (4, "One"):
        with pytest.raises(tree.general_error):
            root.D.E.set(value)
    root.D.E.set(0)


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
