"""Values of the models: ranges and their errors, grids, bytes in memory; as seen on PyRogue."""

import math

import numpy as np
import pytest
from support.each import each
from support.trees import running
from support.trees.registers import BYTES, COUNT, GROUPS, LIMITS, MODELS, build, model_of
from support.trees.tables import written

NAN, INF = math.nan, math.inf


@pytest.fixture(scope="module")
def memory(tree):
    return tree.memory()


@pytest.fixture(scope="module")
def root(tree, memory):
    with running(build(tree, memory)) as root:
        yield root


# Ranges -----------------------------------------------------------------------------------

# In these the bytes of a value change places before its bits are dropped. A fixed point number
# of 64 bits has a highest value that a double cannot tell from one more.
ODD = ("String", "UIntBE12", "IntBE12", "Fixed64_8")


@each("name", [name for name in MODELS if name not in ODD])
def test_the_limits_are_accepted(root, name):
    var = root.S.node(name)
    for limit in LIMITS[name]:
        var.set(limit)
        assert var.get() == (np.float32(limit) if name in GROUPS["Singles"] else limit)


BEYOND = [
    ("UInt8", 256, "UInt", "Value=256, Min=0.000000, Max=255.000000"),
    ("UIntBE12", 4096, "UInt", "Value=4096, Min=0.000000, Max=4095.000000"),
    ("UInt33", 2**63, "UInt", "Value=9223372036854775808, Min=0.000000, Max=8589934591.000000"),
    ("Int8", -129, "Int", "Value=-129, Min=-128.000000, Max=127.000000"),
    ("IntBE16", 2**15, "Int", "Value=32768, Min=-32768.000000, Max=32767.000000"),
    ("Float", math.inf, "Float", f"Value=inf, Min={-3.4e38:f}, Max={3.4e38:f}"),
    ("FloatBE", -1e39, "Float", f"Value=-inf, Min={-3.4e38:f}, Max={3.4e38:f}"),
    ("Float16", 65519.0, "Float16", "Value=65519.000000, Min=-65504.000000, Max=65504.000000"),
    ("Float8BE", 449, "Float8", "Value=449.000000, Min=-448.000000, Max=448.000000"),
    ("Float6", -28.1, "Float6", "Value=-28.100000, Min=-28.000000, Max=28.000000"),
    ("Float4", 452.48, "Float4", "Value=452.480011, Min=-6.000000, Max=6.000000"),
    ("BFloat16", 3.4e38, "BFloat16",
     f"Value={3.3999999521443642e38:f}, Min={-3.3895313892515355e38:f}, "
     f"Max={3.3895313892515355e38:f}"),
    ("TensorFloat32BE", math.inf, "TensorFloat32",
     f"Value=inf, Min={-3.4011621342146535e38:f}, Max={3.4011621342146535e38:f}"),
    ("Fixed16_8", 128, "Fixed", "Value=128.000000, Min=-128.000000, Max=127.996094"),
    ("UFixed16_4", -0.5, "UFixed", "Value=-0.500000, Min=0.000000, Max=4095.937500"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "word", "text"), BEYOND)
def test_the_text_of_a_range_error(tree, root, name, value, word, text):
    for take, given in (
        (root.S.node(name).set, value),
        (root.A.node(name).set, [value]),
        (root.C.node(name), value),
    ):
        with pytest.raises(tree.general_error) as caught:
            take(given)
        assert str(caught.value) == (
            f"Block::set{word}: General Error: Value range error for {name}. {text}"
        )


OVERFLOWS = {
    "UInt8": {-1: "can't convert negative value to unsigned int"},
    "UInt64": {2**64: "Python int too large to convert to C unsigned long"},
    "Int64": {
        2**63: "Python int too large to convert to C long",
        -(2**63) - 1: "Python int too large to convert to C long",
    },
    "UInt128": {2**128: "int too big to convert", -1: "can't convert negative int to unsigned"},
    "Int128": {2**127: "int too big to convert"},
    "Double": {10**400: "int too large to convert to float"},
}


@pytest.mark.parametrize("name", OVERFLOWS)
def test_the_text_of_an_overflow(root, name):
    for value, text in OVERFLOWS[name].items():
        with pytest.raises(OverflowError, match=f"^{text}$"):
            root.S.node(name).set(value)


def test_above_64_bits_no_range_is_checked(root):
    for name, value, stored in (("UInt100", 2**100 + 5, 5), ("Int100", 2**99, -(2**99))):
        root.S.node(name).set(value)
        assert root.S.node(name).get() == stored


# name: model, bits, limits, limits declared, values and what they become
LIMITED = {
    "Narrow": ("UInt", 8, (10, 100), (10, 100), {9: None, 10: 10, 100: 100, 101: None}),
    "Wider": ("UInt", 8, (-5, 1000), (0, 255), {255: 255, 256: None}),
    "Lower": ("Int", 16, (3, None), (3, 32767), {2: None, 3: 3}),
    "Half": ("UInt", 8, (1.5, 4.5), (1.5, 4.5), {1: None, 2: 2, 4: 4, 5: None}),
    "Tenth": ("Float", 32, (0, 0.1), (0, 0.1), {0.1: None, 0.0: 0.0}),  # 0.1 has 64 bits
    "Doubled": ("UInt", 64, (0, 2**53), (0, 2**53), {2**53 + 1: 2**53 + 1, 2**53 + 2: None}),
}
# Limits that are both 0 do not hold.
OFF = {
    "UInt": ("UInt", 8, {300: 44}),
    "Float": ("Float", 32, {1e39: INF}),
    "Float16": ("Float16", 16, {65535.0: 65504.0, 65536.0: INF, -1e9: -INF, INF: INF}),
    "Float8": ("Float8", 8, {479.0: 448.0, 480.0: NAN, 511.0: NAN, 512.0: 448.0, -INF: -448.0}),
    "Float6": ("Float6", 8, {31.0: 28.0, 1e9: 28.0, -40.0: -28.0, INF: 28.0}),
    "Float4": ("Float4", 8, {7.0: 6.0, 8.0: 6.0, -INF: -6.0}),
    "BFloat16": ("BFloat16", 16, {3.4e38: LIMITS["BFloat16"][1], INF: INF, NAN: NAN}),
    "TensorFloat32": ("TensorFloat32", 32, {3.4028e38: LIMITS["TensorFloat32"][1], INF: INF}),
    "Fixed": (("Fixed", 16, 8), 16, {127.999: None, -129.0: None, 1e30: None, INF: None}),
    "UFixed": (("UFixed", 16, 4), 16, {4095.99: None, -0.01: None, 4095.96: 4095.9375}),
}


@pytest.fixture(scope="module")
def limited(tree, memory):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.Device(name="D", memBase=memory, offset=0x40000))
    rows = {name: row[:3] for name, row in LIMITED.items()}
    rows |= {f"Off{name}": (*row[:2], (0, 0)) for name, row in OFF.items()}
    for number, (name, (model, bits, (low, high))) in enumerate(rows.items()):
        base = model_of(tree.pr, model)
        root.D.add(
            tree.pr.RemoteVariable(
                name=name, offset=8 * number, base=base, bitSize=bits, minimum=low, maximum=high
            )
        )
    with running(root):
        yield root.D


def check_values(tree, var, values):
    for value, stored in values.items():
        if stored is None:
            with pytest.raises(tree.general_error):
                var.set(value)
        else:
            var.set(value)
            assert written(var.get()) == written(stored)


@pytest.mark.parametrize("name", LIMITED)
def test_limits_of_ones_own_narrow_those_of_the_model(tree, limited, name):
    *_, declared, values = LIMITED[name]
    var = limited.node(name)
    assert (var.minimum, var.maximum) == declared
    check_values(tree, var, values)


@pytest.mark.parametrize("name", OFF)
def test_without_limits_values_saturate_or_do_not_fit(tree, limited, name):
    check_values(tree, limited.node(f"Off{name}"), OFF[name][2])


def test_the_text_of_a_fixed_point_overflow(tree, limited):
    for name, value, text in (
        ("OffFixed", 128.0, "Fixed: General Error: Fixed point overflow for OffFixed. "
         "Value=128.000000, Min=-128.000000, Max=127.996094"),
        ("OffUFixed", 4096.0, "UFixed: General Error: Unsigned fixed-point overflow for OffUFixed. "
         "Value=4096.000000, Min=0, Max=4095.937500"),
        ("OffUFixed", -1.0, "UFixed: General Error: Unsigned fixed-point underflow for OffUFixed. "
         "Value=-1.000000"),
    ):  # fmt: skip
        with pytest.raises(tree.general_error) as caught:
            limited.node(name).set(value)
        assert str(caught.value) == f"Block::set{text}"


# The grid ---------------------------------------------------------------------------------

GRID = {
    "Singles": {0.1: 0.10000000149011612, 1e-45: 1.401298464324817e-45, 1e-46: 0.0, -0.0: -0.0,
                16777217: 16777216.0},
    "Doubles": {5e-324: 5e-324, -0.0: -0.0, 2**53 + 1: 2.0**53},
    "Halves": {0.1: 0.0999755859375, 65503.9: 65472.0, 6e-8: 2.0**-24, 5.9e-8: 0.0, -0.0: -0.0,
               2049: 2048.0, -0.33: -0.329833984375, 6.1e-5: 6.097555160522461e-05},
    "Eights": {0.1: 0.09375, 447.9: 416.0, 0.0019: 0.0, 0.00196: 2.0**-9, 0.0156: 0.013671875,
               17.0: 16.0, -0.0: -0.0, -3.3: -3.25, 0.99999999999: 1.0},
    "Sixes": {0.1: 0.0625, 27.9: 24.0, 0.06: 0.0, 0.24: 0.1875, 0.3: 0.25, -3.3: -3.0, -0.0: -0.0},
    "Fours": {0.1: 0.0, 5.9: 4.0, 0.49: 0.0, 0.75: 0.5, 2.5: 2.0, 3.5: 3.0, -0.7: -0.5, -0.0: -0.0},
    "Brains": {3.14159: 3.140625, 1e-40: 9.183549615799121e-41, 1e-45: 0.0, 257: 256.0, -0.0: -0.0},
    "Tensors": {3.14159: 3.140625, 1e-40: 9.183549615799121e-41, 1e-45: 0.0, 2049: 2048.0,
                -0.0: -0.0},
    "Fixed16_8": {127.99: 127.98828125, 0.001953125: 0.00390625, 0.001953124: 0.0,
                  -0.001953125: -0.00390625, -0.0: 0.0},
    "Fixed12_4": {0.03125: 0.0625, -0.03125: -0.0625, 0.031: 0.0, -128: -128.0},
    "Fixed64_8": {0.1: 0.1015625, -(2.0**55): -(2.0**55), 2.0**55 - 8: 2.0**55 - 8},
    "UFixed16_4": {0.03: 0.0, 0.03125: 0.0625, 4095.93: 4095.9375, -0.0: 0.0},
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "values"),
    [(n, row) for group, row in GRID.items() for n in GROUPS.get(group, [group])],
)
def test_values_land_on_the_grid(root, name, values):
    var, array = root.S.node(name), root.A.node(name)
    for value, stored in values.items():
        var.set(value)
        assert written(var.get()) == written(stored)
        array.set([value], index=2)
        assert written(array.get(index=2)) == written(stored)
        assert written(float(array.get()[2])) == written(stored)


# Bytes ------------------------------------------------------------------------------------


@each("name", BYTES)
def test_bytes_in_memory(root, memory, name):
    value, data = BYTES[name][0], bytes.fromhex(BYTES[name][1])
    var, array, command = (device.node(name) for device in (root.S, root.A, root.C))
    var.set(value)
    assert memory.peek(var.address, len(data)) == data
    assert var.get() == value
    command(value)
    assert memory.peek(command.address, len(data)) == data
    assert command.value() == value
    if array is not None:
        array.set([value] * COUNT)
        assert memory.peek(array.address, COUNT * len(data)) == COUNT * data
        array.set(np.array([0, value, 0, 0]).astype(array.value().dtype))
        nothing = bytes(len(data))
        assert memory.peek(array.address, COUNT * len(data)) == nothing + data + 2 * nothing
        assert array.get().tolist() == [0, value, 0, 0]
        command = root.CA.node(name)
        for given in ([value] * COUNT, array.value(), str([value] * COUNT)):
            command(given)
            stored = array.value() if isinstance(given, np.ndarray) else [value] * COUNT
            assert np.array_equal(command.value(), stored)
            assert command.value().dtype == array.value().dtype
        assert memory.peek(command.address, COUNT * len(data)) == COUNT * data


def test_big_endian_bits_that_fill_no_byte_change_places(root, memory):
    # The bytes are swapped first, then the upper bits dropped.
    for name, value, data, seen in (("UIntBE12", 0xBC, "000c", 12), ("IntBE12", -2, "ff0e", 61198)):
        root.S.node(name).set(value)
        assert memory.peek(root.S.node(name).address, 2).hex() == data
        assert root.S.node(name).get() == seen
    root.A.IntBE12.set([-2])
    assert root.A.IntBE12.get().tolist()[0] == 61198 - 2**16


FOUND = {
    "UInt4": {"ff": 15}, "UInt12": {"ffff": 4095}, "Int12": {"00f8": -2048}, "Bool": {"03": True},
    "UIntBE12": {"ffff": 65295}, "UIntReversed12": {"ffff": 4095, "0100": 2048},
    "UInt100": {16 * "ff": 2**100 - 1}, "Int100": {16 * "ff": -1, 12 * "00" + "08": -(2**99)},
    "Int128": {15 * "00" + "80": -(2**127)},
    "Float": {"0000c07f": NAN, "000080ff": -INF, "01000000": 1.401298464324817e-45},
    "Float16": {"007c": INF, "00fc": -INF, "017c": NAN, "0100": 2.0**-24, "0080": -0.0},
    "Float8": {"7f": NAN, "ff": NAN, "7e": 448.0, "fe": -448.0, "01": 2.0**-9, "80": -0.0},
    "Float6": {"1f": 28.0, "ff": -28.0, "40": 0.0, "01": 0.0625, "20": -0.0},
    "Float4": {"07": 6.0, "ff": -6.0, "10": 0.0, "01": 0.5, "08": -0.0},
    "BFloat16": {"807f": INF, "c07f": NAN, "80ff": -INF, "0100": 9.183549615799121e-41},
    "TensorFloat32": {"ffff7f3f": 0.9999999403953552, "0000807f": INF, "0100807f": NAN},
    "Fixed16_8": {"0080": -128.0, "ff7f": 127.99609375, "ffff": -0.00390625},
    "Fixed12_4": {"00f8": -128.0, "ffff": -0.0625, "ff07": 127.9375},
    "Fixed64_8": {7 * "00" + "80": -(2.0**55)}, "UFixed16_4": {"ffff": 4095.9375},
    "String": {"6162006364": "ab", "c3a4": "\xe4", 8 * "61": 8 * "a"},
}  # fmt: skip


@pytest.mark.parametrize("name", FOUND)
def test_values_found_in_memory(root, memory, name):
    var = root.S.node(name)
    for data, value in FOUND[name].items():
        memory.poke(var.address, bytes(16))
        memory.poke(var.address, bytes.fromhex(data))
        assert written(var.get()) == written(value)
    memory.poke(var.address, bytes(16))


@pytest.mark.parametrize(
    ("text", "stored"),
    [("\xe4" * 3, "\xe4" * 3), ("a\0b", "a"), ("\0", ""), ("12345678", "1234567")],
)
def test_text_ends_at_a_zero_byte_or_before_the_last_byte(root, text, stored):
    root.S.String.set(text)
    assert root.S.String.get() == stored


def test_text_that_is_no_unicode_is_refused(tree, root):
    for text in ("\ud800", np.str_("a\udfff")):
        with pytest.raises(tree.general_error, match=r"setStringPy: .*Failed to extract value"):
            root.S.String.set(text)


def test_none_is_false(root):
    root.S.Bool.set(True)
    root.S.Bool.set(None)
    assert root.S.Bool.get() is False
