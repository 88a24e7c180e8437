"""Models of one's own, and the arrays that only a model's functions convert."""

import numpy as np
import pytest
from support.trees import running
from support.trees.listeners import Recorder


def models(pr):
    class Tenths(pr.Model):
        pytype = float
        defaultdisp = "{:.2f}"

        def __init__(self, bitSize):
            super().__init__(bitSize)
            self.name = f"Tenths{bitSize}"

        def toBytes(self, value):
            return round(value * 10).to_bytes(2, "little")

        def fromBytes(self, ba):
            return int.from_bytes(ba, "little") / 10

        def minValue(self):
            return 0.0

        def maxValue(self):
            return 100.0

    class Swapped(Tenths):
        endianness = "big"

    class Listed(Tenths):
        def __init__(self, bitSize):
            super().__init__(bitSize)
            self.ndType = np.dtype(float)

    class Raw(pr.Model):
        def toBytes(self, value):
            return value

        def fromBytes(self, ba):
            return bytes(ba)

    class Nine(pr.UInt):  # its registers do not ask it for bytes
        def toBytes(self, value):
            raise AssertionError

        def maxValue(self):
            return 9

    class Backwards(pr.UInt):
        endianness = "big"

    return {kind.__name__: kind for kind in (Tenths, Swapped, Listed, Raw, Nine, Backwards)}


@pytest.fixture(scope="module")
def memory(tree):
    return tree.memory()


@pytest.fixture(scope="module")
def device(tree, memory):
    pr, own = tree.pr, models(tree.pr)
    root = pr.Root(name="Top", pollEn=False)
    root.add(pr.Device(name="D", memBase=memory))
    for number, (name, model) in enumerate(own.items()):
        root.D.add(pr.RemoteVariable(name=name, offset=16 * number, base=model, bitSize=16))
    # An update of an array that cannot be read would end the update worker.
    for number, (name, base, bits) in enumerate(
        (("List", own["Listed"], 16), ("Wide", pr.UInt, 80), ("Signed", pr.Int, 72))
    ):
        root.D.add(
            pr.RemoteVariable(
                name=name, offset=0x100 * (number + 1), base=base, numValues=3, valueBits=bits,
                valueStride=bits, updateNotify=False,
            )
        )  # fmt: skip
    root.D.add(
        pr.RemoteCommand(
            name="C", offset=0x800, base=own["Tenths"], bitSize=16, function=pr.BaseCommand.touch
        )
    )
    with running(root):
        yield root.D


@pytest.mark.parametrize(("name", "data"), [("Tenths", "0f00"), ("Swapped", "000f")])
def test_a_model_of_ones_own_converts(device, memory, name, data):
    var = device.node(name)
    assert (var.typeStr, var.nativeType, var.disp) == ("Tenths16", float, "{:.2f}")
    assert (var.minimum, var.maximum) == (0.0, 100.0)
    updates = Recorder()
    var.addListener(updates)
    var.set(1.5)
    assert memory.peek(var.address, 2).hex() == data
    assert var.get(read=False) == 1.5
    updates.wait(1)
    assert updates.calls[0][1].valueDisp == "1.50"
    var.delListener(updates)
    var.setDisp("2.26")
    assert var.get() == 2.3


def test_its_range_is_not_checked_and_its_errors_are_not_changed(device):
    device.Tenths.set(1000.0)
    assert device.Tenths.get() == 1000.0
    for value, error in ((-1.0, OverflowError), ("1.5", TypeError), (None, TypeError)):
        with pytest.raises(error):
            device.Tenths.set(value)
    assert device.Tenths.get() == 1000.0


@pytest.mark.parametrize("value", [5, "text", None])
def test_what_is_not_bytes_is_refused(device, tree, value):
    with pytest.raises(tree.general_error, match=r"Block::setPyFunc: .*Failed to extract byte arr"):
        device.Raw.set(value)


def test_bytes_are_stored_as_they_are(device, tree):
    for value in (b"ab", bytearray(b"cd"), memoryview(b"ef")):
        device.Raw.set(value)
        assert device.Raw.get() == bytes(value)
    with pytest.raises(tree.general_error, match="ndarray not supported"):
        device.Raw.set(np.zeros(2, np.uint8))


def test_a_subclass_of_a_model_of_the_tree_keeps_its_registers(device, memory, tree):
    device.Nine.set(9)
    assert device.Nine.get() == 9
    assert device.Nine.typeStr == "Nine16"
    with pytest.raises(tree.general_error, match="Value range error"):
        device.Nine.set(10)
    device.Backwards.set(0x102)
    assert memory.peek(device.Backwards.address, 2) == b"\x01\x02"


def test_a_command_of_ones_own_model(device, memory):
    device.C(2.5)
    assert device.C.typeStr == "Tenths16"
    assert memory.peek(device.C.address, 2) == bytes([25, 0])
    assert device.C.value() == 2.5


@pytest.mark.parametrize("name", ["Tenths", "UIntReversed", "String"])
def test_a_model_without_dtype_has_no_arrays(tree, name):
    pr = tree.pr
    base = models(pr).get(name) or getattr(pr, name)
    with pytest.raises(pr.VariableError, match="Invalid base type"):
        pr.RemoteVariable(name="R", offset=0, base=base, numValues=2, valueBits=16, valueStride=16)


@pytest.mark.parametrize(
    ("name", "type_name", "values"),
    [
        ("List", "float64(3,)", [1.5, 0.5, 2.5]),
        ("Wide", "uint64(3,)", [2**80 - 1, 1, 5]),
        ("Signed", "int64(3,)", [-1, -(2**71), 5]),
    ],
)
def test_an_array_that_functions_convert_is_read_by_element_only(
    device, tree, name, type_name, values
):
    var = device.node(name)
    assert (var.typeStr, var.nativeType) == (type_name, np.ndarray)
    var.set(values)
    for read in (var.get, var.value, var.valueDisp):
        with pytest.raises(tree.general_error, match="getPyFunc: .*Accessing unindexed value"):
            read()
    assert [var.get(index=i) for i in range(3)] == values
    var.set(values[0], index=2)
    assert var.get(index=2) == values[0]
    for value, index, text in (
        ([1] * 4, -1, "setPyFunc: .*Overflow error for passed array with length 4"),
        (np.array([1]), -1, "setPyFunc: .*Passing ndarray not supported"),
        (1, 3, "Index 3 is out of range"),
    ):
        with pytest.raises(tree.general_error, match=text):
            var.set(value, index=index)
    with pytest.raises(tree.general_error, match="Index 3 is out of range"):
        var.get(index=3)
