import contextlib
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from support.everything import (
    ARRAY,
    ENUM,
    EXPECTED,
    IMAGE,
    LOCAL_ARRAYS,
    OFF_ON,
    REGISTER_ARRAYS,
    SCALAR,
    STAMP,
    TABLE,
    TRIPS,
    build,
    same,
    typed,
)  # fmt: skip
from support.listeners import Recorder
from support.registers import model_of
from support.trees import TREES, make_memory, running

from roguebridge.core.alarm import STATE
from roguebridge.core.converter import ConversionError
from roguebridge.core.elements import Flat
from roguebridge.core.errors import PutError
from roguebridge.core.nt import ScalarType
from roguebridge.plugins.converters import make_converter

MANY = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


@pytest.fixture(scope="module", params=TREES, ids=str)
def root(request):
    with running(build(request.param)) as root:
        yield root


def node_of(root, path):
    return root.getNode(f"Top.{path}")


# Types -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EXPECTED)
def test_the_type_of_each_node(root, path):
    spec = make_converter(node_of(root, path)).spec
    assert (spec.kind, spec.scalar) == EXPECTED[path]
    assert spec.writable


def test_every_node_of_a_tree_has_a_converter_that_takes_its_present_value(root):
    for node in root.variableList:
        if not node.path.endswith("none"):
            make_converter(node).to_pv(node.value())


@pytest.mark.parametrize("path", EXPECTED)
def test_a_value_of_the_pv_fits_its_declared_type(root, path):
    node = node_of(root, path)
    converter = make_converter(node)
    value, spec = converter.to_pv(node.value()), converter.spec
    if spec.kind is SCALAR:
        dtype = np.array(value).dtype.kind
        assert dtype == {"i": "i", "u": "i", "f": "f", "U": "U", "b": "b"}[spec.scalar.dtype.kind]
        assert not isinstance(value, np.generic)
    elif spec.kind is ENUM:
        assert spec.choices[value]
    elif spec.kind is TABLE:
        assert {c.name: c.scalar.dtype for c in spec.columns} == {
            name: column.dtype for name, column in value.items()
        }
    elif spec.scalar is ScalarType.String:
        assert all(type(item) is str for item in value)
    else:
        assert value.dtype == spec.scalar.dtype
        assert value.dtype.isnative
        assert spec.kind is IMAGE or value.ndim == 1


# Round trips ------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "value"), TRIPS, ids=lambda v: str(v)[:30].replace("\n", " "))
def test_a_value_put_is_taken_by_the_tree_and_shown_again(root, path, value):
    node = node_of(root, path)
    converter = make_converter(node)
    given = converter.to_tree(value)
    node.set(given)
    assert same(node.value(), given)
    shown = converter.to_pv(node.value())
    if converter.spec.scalar is ScalarType.String and not path.endswith(("tr", "String", "text")):
        assert same(converter.to_tree(shown), node.value())
    else:
        assert same(shown, value)


@pytest.mark.parametrize("name", REGISTER_ARRAYS)
def test_register_arrays_are_delivered_in_their_own_width(root, name):
    _, _, scalar, dtype, values = REGISTER_ARRAYS[name]
    node = node_of(root, f"Arr.{name}")
    converter = make_converter(node)
    given = converter.to_tree(values)
    assert given.dtype == np.dtype(dtype)
    node.set(given)
    assert node.value().dtype == np.dtype(dtype)
    assert converter.spec.max_length == 3
    shown = converter.to_pv(node.value())
    assert shown.dtype == ScalarType[scalar].dtype
    assert same(shown, np.array(values, shown.dtype))


@pytest.mark.parametrize("name", [n for n, a in LOCAL_ARRAYS.items() if a[1] in (ARRAY, IMAGE)])
def test_an_array_for_the_tree_is_a_copy(root, name):
    converter = make_converter(node_of(root, f"Nd.{name}"))
    for value in LOCAL_ARRAYS[name][3]:
        given = converter.to_tree(value)
        assert given.flags.owndata or given.base is None
        assert not np.shares_memory(given, np.asarray(value))
        assert given.dtype.isnative


@given(value=st.integers(-(2**63), 2**63 - 1))
@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_any_int_makes_the_trip(root, value):
    node = root.Loc.int
    converter = make_converter(node)
    node.set(converter.to_tree(value))
    assert converter.to_pv(node.value()) == value


@given(value=st.floats())
@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_any_float_makes_the_trip(root, value):
    for node in (root.Loc.float, root.Reg.Double):
        converter = make_converter(node)
        node.set(converter.to_tree(value))
        assert same(converter.to_pv(node.value()), value)


@given(value=st.text())
@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_any_text_makes_the_trip(root, value):
    node = root.Loc.str
    converter = make_converter(node)
    node.set(converter.to_tree(value))
    assert converter.to_pv(node.value()) == value


@given(data=st.data())
@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_any_array_makes_the_trip(root, data):
    name = data.draw(st.sampled_from(["f8", "f4", "i1", "i8", "u2", "u8", "b1"]))
    node = node_of(root, f"Nd.{name}")
    converter = make_converter(node)
    value = data.draw(hnp.arrays(converter.spec.scalar.dtype, st.integers(0, 20)))
    node.set(converter.to_tree(value))
    assert same(converter.to_pv(node.value()), value)


# Refusals ---------------------------------------------------------------------------------

OUT_OF_RANGE = [
    ("Reg.UInt1", 2), ("Reg.UInt8", 256), ("Reg.UInt8", -1), ("Reg.UInt12", 4096),
    ("Reg.UIntReversed8", 256), ("Reg.UIntReversed8", -1), ("Reg.Int8", 128), ("Reg.Int8", -129),
    ("Reg.UInt128", hex(2**128)), ("Reg.UInt128", "-1"), ("Reg.Float16", 1e6), ("Reg.Float", 1e39),
    ("Reg.Fixed", 128.5), ("Reg.UFixed", -0.5), ("Loc.intBounded", 11), ("Loc.intBounded", -1),
    ("Loc.intHuge", hex(2**90)), ("Reg.EnumReg", 3), ("Reg.EnumReg", -1), ("Reg.Bool", 2),
    ("Reg.EnumReg", "zz"), ("Loc.enumInt", 3), ("Arr.UInt4A", [0, 0, 16]),
    ("Arr.UInt12A", [0, 4096, 0]), ("Arr.UInt8A", [1, 2]), ("Arr.UInt8A", [1, 2, 3, 4]),
    ("Arr.UInt8A", []), ("Arr.Float8A", [0.0, 0.0, 1e6]),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value"), OUT_OF_RANGE, ids=str)
def test_what_is_out_of_range_is_refused_before_the_tree(root, path, value):
    with pytest.raises(PutError, match=f"Top.{path}"):
        make_converter(node_of(root, path)).to_tree(value)


UNFIT = [
    ("Reg.UInt8", 1.5), ("Reg.UInt8", math.nan), ("Reg.UInt8", "one"), ("Reg.UInt8", None),
    ("Reg.Double", "x"), ("Reg.Double", None), ("Reg.String", 5), ("Loc.str", b"x"),
    ("Reg.Bool", 0.5), ("Loc.list", "{}"), ("Loc.dict", "[]"), ("Loc.list", "no"),
    ("Arr.UInt8A", [0, 256, 0]), ("Arr.Int8A", [0, 1.5, 0]), ("Arr.UInt8A", "rubbish"),
    ("Nd.i1", [300]), ("Nd.u2", [-1]), ("Nd.i8", [math.nan]), ("Nd.u8", np.array([-1])),
    ("Nd.i8", np.array([2**63], "u8")), ("Nd.f2", np.array([1e6])), ("Nd.f4", np.array([1e300])),
    ("Nd.f8", [1j]), ("Nd.f8", ["a"]), ("Nd.f8", [[1.0], [2.0, 3.0]]), ("Nd.f8", [None]),
    ("Nd.f8", np.zeros((2, 2))), ("Nd.image", np.zeros(5, "u2").view(Flat)),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value"), UNFIT, ids=str)
def test_what_does_not_fit_is_refused(root, path, value):
    with pytest.raises((PutError, ValueError, TypeError)):
        make_converter(node_of(root, path)).to_tree(value)


@pytest.mark.parametrize("text", ["x" * 16, "x" * 14 + "é", "é" * 8])
def test_text_that_a_register_would_cut_is_refused(root, text):
    # cut within a character it could never be read again, and would end the tree's updates
    with pytest.raises(PutError, match="15 bytes"):
        make_converter(root.Reg.String).to_tree(text)


@pytest.mark.parametrize("text", ["a\0b", "\0", "a\0"])
def test_text_that_a_zero_byte_would_end_is_refused(root, text):
    root.Reg.String.set(text)
    assert root.Reg.String.get() == text.split("\0")[0]
    with pytest.raises(PutError, match="zero byte"):
        make_converter(root.Reg.String).to_tree(text)
    assert make_converter(root.Loc.str).to_tree(text) == text


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("Reg.UInt8", "0x10", 16), ("Reg.UInt8", "7", 7), ("Reg.Int8", "-7", -7),
        ("Reg.UInt8", "2.0", 2), ("Loc.float", "1e3", 1000.0), ("Loc.float", "nan", math.nan),
        ("Loc.float", "3", 3.0), ("Reg.UInt128", "12", 12), ("Reg.EnumReg", "b", 5),
        ("Reg.Bool", "True", True), ("Arr.UInt8A", "[1, 2, 3]", [1, 2, 3]),
    ],
)  # fmt: skip
def test_text_is_understood(root, path, text, value):
    node = node_of(root, path)
    given = make_converter(node).to_tree(text)
    assert same(given, value)
    node.set(given)
    assert same(node.value(), value)


def test_numbers_are_given_in_the_type_that_the_tree_takes(root):
    assert type(make_converter(root.Loc.float).to_tree(2)) is float
    assert type(make_converter(root.Loc.int).to_tree(2.0)) is int
    assert type(make_converter(root.Loc.int).to_tree(np.int16(2))) is int
    assert type(make_converter(root.Loc.npInt16).to_tree(2)) is np.int16
    assert type(make_converter(root.Reg.Float).to_tree(np.float64(2))) is float
    assert type(make_converter(root.Loc.npBool).to_tree(1)) is np.bool_


ODD = [
    None, "", "x", "nan", "[1, 2]", "{}", "0x10", "-1", "1e400", "\0", "é" * 8, b"x", True, False,
    0, 1, -1, 2, 127, 128, 255, 256, -129, 65535, 65536, 2**31, 2**32, 2**53 + 1, 2**63, -(2**63),
    2**64, 2**70, 0.5, 1.0, -0.0, 6.5, 449.0, 1e5, 1e39, 1e300, math.nan, math.inf, -math.inf,
    np.int8(-1), np.uint64(2**64 - 1), np.float16(0.5), np.float32(0.1), np.float64(2),
    np.bool_(True), np.longdouble(1), [], [1], [0, 1, 2], [1.5, 2, 3], [True, False, True],
    ["a", "b"], [None, 1, 2], [-1, 256, 2**70], [math.nan, 0, 1], [math.inf, 0, 1], [1e39, 0, 0],
    [2**53 + 1, 0.5, 0], np.zeros(0), np.zeros((2, 2)), np.array(5), np.arange(3, dtype=">i4"),
    np.arange(6, dtype="u2")[::2], np.array([1, 2, 3], "f2"), np.array([1, 2, 3], "u8"),
    np.array(["a"]), np.array([None]), np.array([1j, 0, 0]), np.ones((2, 3), "f4"), {}, {"a": [1]},
    {"a": [1], "b": [2.5]}, {"a": [1, 2]}, {"a": [0.5, 1]}, (1, 2), {1}, object(), 1j,
]  # fmt: skip


@pytest.mark.parametrize("path", EXPECTED)
def test_whatever_a_client_sends_is_refused_before_the_tree_or_taken_by_it(root, path):
    node = node_of(root, path)
    converter = make_converter(node)
    before = node.value()
    for value in ODD:
        try:
            given = converter.to_tree(value)
        except PutError as refusal:
            assert f"Top.{path}: " in str(refusal)
            continue
        node.set(given)
        converter.to_pv(node.value())
        if isinstance(given, np.ndarray):
            assert given.flags.c_contiguous and given.flags.owndata and given.dtype.isnative
            assert not np.shares_memory(given, np.asarray(value))
        if isinstance(value, (int, float)) and isinstance(given, (int, float)):
            assert type(given) in (int, float, bool) or isinstance(given, np.generic)
            if converter.spec.kind is SCALAR and given == given:
                assert given == value or isinstance(value, float)
    if before is not None:
        node.set(before)


# Enums ------------------------------------------------------------------------------------


def test_the_choices_are_the_labels_in_the_order_of_the_enum(root):
    def choices(path):
        return make_converter(node_of(root, path)).spec.choices

    assert choices("Reg.EnumReg") == ("a", "b", "c")
    assert choices("Loc.enumInt") == ("five", "two", "x")
    assert choices("Loc.enumLabels") == ("10", "20")
    assert choices("Loc.bool") == choices("Reg.Bool") == ("False", "True")
    assert choices("Loc.dispList") == ("1", "3", "5")


def test_a_sparse_key_is_found_by_its_position(root):
    node = root.Reg.EnumReg
    converter = make_converter(node)
    for key, index in ((0, 0), (5, 1), (2, 2)):
        node.set(key)
        assert converter.to_pv(node.value()) == index
        assert converter.to_tree(index) == key


@pytest.mark.parametrize("value", [3, -1, None, "x", [], np.zeros(2), math.nan])
def test_a_value_out_of_the_enum_is_a_state_alarm(root, value):
    with pytest.raises(ConversionError) as caught:
        make_converter(root.Reg.EnumReg).to_pv(value)
    assert caught.value.alarm is STATE


def test_a_number_out_of_the_enum_in_the_register_is_a_state_alarm(root):
    root.Reg.EnumReg.set(3)
    with pytest.raises(ConversionError):
        make_converter(root.Reg.EnumReg).to_pv(root.Reg.EnumReg.value())
    root.Reg.EnumReg.set(0)


def test_duplicate_labels_keep_their_own_indices(tree):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.LocalVariable(name="V", value=0, enum={0: "same", 1: "same", 2: "x"}))
    with running(root):
        converter = make_converter(root.V)
        assert converter.spec.choices == ("same", "same", "x")
        assert [converter.to_tree(index) for index in range(3)] == [0, 1, 2]
        assert [converter.to_pv(key) for key in range(3)] == [0, 1, 2]
        assert converter.to_tree("same") == 0


def test_enable_is_an_enum_whose_reasons_cannot_be_put(root):
    converter = make_converter(root.Reg.enable)
    choices = converter.spec.choices
    assert set(choices) == {"False", "True", "ParentFalse", "ExtDepFalse"}
    assert choices[converter.to_pv("parent")] == "ParentFalse"
    assert choices[converter.to_pv("deps")] == "ExtDepFalse"
    for label in ("True", "False"):
        assert converter.to_tree(choices.index(label)) is (label == "True")
        assert converter.to_tree(label) is (label == "True")
    for label in ("ParentFalse", "ExtDepFalse"):
        for value in (label, choices.index(label)):
            with pytest.raises(PutError, match=f"{label} cannot be set"):
                converter.to_tree(value)


def test_an_enum_of_ones_own_with_flags_and_words_can_be_put(tree):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(
        tree.pr.LocalVariable(
            name="V", value=False, enum={False: "off", "auto": "Auto"}, typeCheck=False
        )
    )
    with running(root):
        converter = make_converter(root.V)
        root.V.set(converter.to_tree(1))
        assert converter.to_pv(root.V.value()) == 1


def test_enable_follows_its_parent(tree):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.Device(name="Dev"))
    with running(root):
        root.enable.set(make_converter(root.enable).to_tree("False"))
        converter = make_converter(root.Dev.enable)
        assert converter.spec.choices[converter.to_pv(root.Dev.enable.value())] == "ParentFalse"
        root.enable.set(make_converter(root.enable).to_tree("True"))
        assert converter.spec.choices[converter.to_pv(root.Dev.enable.value())] == "True"


# Odd values -------------------------------------------------------------------------------


def test_text_that_is_no_unicode_is_shown_escaped(root):
    assert make_converter(root.Loc.str).to_pv("a\ud800b") == "a\\ud800b"
    assert make_converter(root.Loc.tuple).to_pv(("\ud800",)).encode()
    assert [s.encode() for s in make_converter(root.Nd.text).to_pv(np.array(["\ud800"]))]


@pytest.mark.parametrize("value", [None, "x", [], {}, math.nan, math.inf, 1.5, 1j, object()])
def test_a_value_that_is_no_int_has_no_place_in_an_int_pv(root, value):
    with pytest.raises((TypeError, ValueError)):
        make_converter(root.Loc.int).to_pv(value)


def test_other_values_are_shown_as_json_where_that_holds_them(root):
    other = make_converter(root.Loc.list)
    assert other.to_pv([1, "a", None, 2.5]) == '[1, "a", null, 2.5]'
    assert other.to_pv([np.int16(1), np.arange(2)]) == "[1, [0, 1]]"
    assert other.to_pv({"a": (1, 2)}) == '{"a": [1, 2]}'
    assert other.to_pv([STAMP]) == str([STAMP])
    assert other.to_pv(STAMP) == str(STAMP)
    assert other.to_pv(None) == "None"
    assert other.to_pv({1}) == "{1}"


def test_an_array_that_changes_type_length_and_rank_is_shown_or_refused(root):
    node = root.Nd.f8
    converter = make_converter(node)
    for array in (np.arange(3), np.arange(9, dtype="f4"), np.zeros(0, "u1"), np.array(5.0)):
        node.set(array)
        assert converter.to_pv(node.value()).dtype == np.float64
        assert converter.to_pv(node.value()).size == array.size
    node.set(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="rank 2 instead of 1"):
        converter.to_pv(node.value())
    node.set(np.array([1.5]))
    with pytest.raises(ValueError, match="1.5 is not an integer within"):
        make_converter(root.Nd.i8).to_pv(node.value())
    node.set(np.zeros(3))


def test_an_array_without_type_check_is_an_image_of_any_rank_and_type(tree):
    root = tree.pr.Root(name="Top", pollEn=False)
    start = np.zeros(1, "u1")
    root.add(tree.pr.LocalVariable(name="V", value=start, typeCheck=False, disp=""))
    with running(root):
        converter = make_converter(root.V)
        assert (converter.spec.kind, converter.spec.scalar) == typed(IMAGE, "UInt8")
        for array in (
            np.arange(6, dtype="u2").reshape(2, 3), np.ones((2, 2, 2), "f4"), np.zeros(0, "i8"),
            np.arange(4, dtype=">i4"), np.asfortranarray(np.eye(3)), np.ones(3, "f2"), np.array(3),
        ):  # fmt: skip
            root.V.set(array)
            shown = converter.to_pv(root.V.value())
            assert same(shown, np.atleast_1d(array))
            assert shown.flags.c_contiguous
            assert shown.dtype.isnative
            given = converter.to_tree(shown)
            root.V.set(given)
            assert same(root.V.value(), given)
        root.V.set(np.array([1 + 2j]))
        assert converter.to_pv(root.V.value()).tolist() == [[1.0, 2.0]]
        for value in (np.array(["a"]), np.array([None]), None, [1, "a"]):
            root.V.set(value)
            with pytest.raises((TypeError, ValueError)):
                converter.to_pv(root.V.value())


def test_an_image_without_dimensions_gets_the_present_ones(root):
    node = root.Nd.image
    node.set(np.zeros((2, 3), "u2"))
    given = make_converter(node).to_tree(np.arange(6, dtype="u2").view(Flat))
    assert given.shape == (2, 3)


# Links ------------------------------------------------------------------------------------


def test_a_mirror_is_served_as_its_source_and_puts_through(tree):
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False)
    root.add(pr.LocalVariable(name="E", value=0, enum=OFF_ON))
    root.add(pr.LocalVariable(name="N", value=1, minimum=0, maximum=10, units="mV"))
    root.add(pr.LinkVariable(name="ME", variable=root.E))
    root.add(pr.LinkVariable(name="MN", variable=root.N))
    with running(root):
        enum, number = make_converter(root.ME), make_converter(root.MN)
        assert enum.spec.choices == ("Off", "On")
        assert (number.spec.kind, number.spec.scalar) == typed(SCALAR, "Int32")
        assert number.spec.display.units == "mV"
        root.ME.set(enum.to_tree(1))
        root.MN.set(number.to_tree(7))
        assert (root.E.value(), root.N.value()) == (1, 7)
        with pytest.raises(PutError):
            number.to_tree(11)


@pytest.mark.parametrize(
    ("model", "arguments", "bad"),
    [
        ("String", {"bitSize": 128}, ["x" * 16, "é" * 8, "a\0"]),
        ("UInt", {"numValues": 3, "valueBits": 16, "valueStride": 16}, [[], [1, 2], [1, 2, 70000]]),
        ("UInt", {"bitSize": 8}, [256, -1, 0.5]),
        ("Float", {"bitSize": 32}, [1e39, math.inf]),
        ("Float4", {"bitSize": 8}, [math.nan, 7.0]),
        ("Float4", {"numValues": 3, "valueBits": 8, "valueStride": 8}, [[math.nan, 0, 0]]),
        (("Fixed", 16, 8), {"bitSize": 16}, [math.nan, 128.5]),
    ],
    ids=str,
)
def test_a_mirror_of_a_register_refuses_what_the_register_does(tree, model, arguments, bad):
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False)
    memory = make_memory(tree)
    root.addInterface(memory)
    device = pr.Device(name="Dev", memBase=memory)
    root.add(device)
    base = model_of(pr, model)
    device.add(pr.RemoteVariable(name="R", offset=0, base=base, mode="RW", **arguments))
    root.add(pr.LinkVariable(name="M", variable=device.R))
    root.add(pr.LinkVariable(name="MM", variable=root.M))
    with running(root):
        for node in (device.R, root.M, root.MM):
            for value in bad:
                with pytest.raises(PutError, match=node.path):
                    make_converter(node).to_tree(value)


@pytest.mark.parametrize(
    ("first", "kind", "scalar"),
    [
        (1, SCALAR, "Int64"), (1.5, SCALAR, "Float64"), ("a", SCALAR, "String"),
        (True, ENUM, "Int32"), ([1], SCALAR, "String"), (None, SCALAR, "String"),
        (np.zeros(2, "u1"), ARRAY, "UInt8"), (np.zeros((2, 2)), IMAGE, "Float64"),
    ],
)  # fmt: skip
def test_a_computed_variable_has_the_type_of_its_first_value(tree, first, kind, scalar):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.LinkVariable(name="L", linkedGet=lambda: first))
    with running(root):
        spec = make_converter(root.L).spec
        assert (spec.kind, spec.scalar) == typed(kind, scalar)
        assert not spec.writable


def test_a_computed_variable_that_changes_its_type_is_shown_where_it_fits(tree):
    values = [1.5]
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.LinkVariable(name="L", linkedGet=lambda: values[0]))
    with running(root):
        converter = make_converter(root.L)
        for value in (2, True, np.float32(0.5), np.int8(3)):
            values[0] = value
            assert converter.to_pv(root.L.value()) == float(value)
        for value in (None, [1], {}):
            values[0] = value
            with pytest.raises(TypeError):
                converter.to_pv(root.L.value())


# Commands ---------------------------------------------------------------------------------


@pytest.fixture
def commands(tree):
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False)
    memory = make_memory(tree)
    root.addInterface(memory)
    device = pr.Device(name="Dev", memBase=memory)
    root.add(device)
    device.add(pr.LocalCommand(name="Plain", function=lambda: None))
    device.add(pr.LocalCommand(name="Number", function=lambda arg: arg))
    device.add(pr.LocalCommand(name="Real", value=0.0, function=lambda arg: arg))
    device.add(pr.LocalCommand(name="Text", value="", function=lambda arg: arg))
    device.add(pr.LocalCommand(name="Choice", value=0, enum=OFF_ON, function=lambda arg: arg))
    device.add(
        pr.RemoteCommand(
            name="Touch", offset=0, bitSize=16, base=pr.UInt, function=pr.BaseCommand.touch
        )
    )
    device.add(
        pr.RemoteCommand(
            name="TouchOne", offset=4, bitSize=16, base=pr.UInt, function=pr.BaseCommand.touchOne
        )
    )
    with running(root):
        yield device


@pytest.mark.parametrize(
    ("name", "kind", "scalar"),
    [
        ("Plain", SCALAR, "Int32"), ("Number", SCALAR, "Int64"), ("Real", SCALAR, "Float64"),
        ("Text", SCALAR, "String"), ("Choice", ENUM, "Int32"), ("Touch", SCALAR, "UInt16"),
        ("TouchOne", SCALAR, "Int32"),
    ],
)  # fmt: skip
def test_a_command_is_served_as_its_argument_or_as_running(commands, name, kind, scalar):
    spec = make_converter(commands.node(name)).spec
    assert (spec.kind, spec.scalar) == typed(kind, scalar)
    assert spec.writable


def test_a_command_without_argument_runs_for_anything_but_zero(commands):
    for name in ("Plain", "TouchOne"):
        converter = make_converter(commands.node(name))
        assert [converter.to_tree(value) for value in (0, 1, 5)] == [False, True, True]
        assert converter.to_pv(commands.node(name).value()) == 0


def test_arguments_are_converted_and_held_to_their_range(commands):
    assert commands.Number(make_converter(commands.Number).to_tree("0x10")) == 16
    assert commands.Real(make_converter(commands.Real).to_tree(2)) == 2.0
    assert commands.Choice(make_converter(commands.Choice).to_tree("On")) == 1
    with pytest.raises(PutError):
        make_converter(commands.Touch).to_tree(2**16)
    commands.Touch(make_converter(commands.Touch).to_tree(7))
    assert commands.Touch.value() == 7


# Remote trees -----------------------------------------------------------------------------

LACKING = {
    "nativeType", "ndType", "ndTypeStr", "numValues", "valueBits", "valueStride", "base",
    "dependencies", "getExtraAttribute", "typeCheck",
}  # fmt: skip
# Of registers only PyRogue's own declared type is known, of a huge default nothing.
OTHERWISE = {
    "Arr.UInt4A": "UInt32", "Arr.UInt8A": "UInt32", "Arr.UInt12A": "UInt32", "Arr.Int8A": "Int32",
    "Arr.UInt16A": "UInt32", "Arr.UIntBE16A": "UInt32", "Arr.Int16A": "Int32",
}  # fmt: skip


class Remote:
    """A node as a client of a remote tree has it."""

    def __init__(self, node):
        self._remote = node

    def __getattr__(self, name):
        if name in LACKING or name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._remote, name)


@pytest.mark.parametrize("path", EXPECTED)
def test_a_remote_node_has_the_type_that_its_typestr_tells(root, path):
    kind, scalar = EXPECTED[path]
    if path in OTHERWISE:
        scalar = ScalarType[OTHERWISE[path]]
    node = node_of(root, path)
    converter = make_converter(Remote(node))
    assert (converter.spec.kind, converter.spec.scalar) == (kind, scalar)
    if node.value() is not None:
        assert same_shown(converter.to_pv(node.value()), make_converter(node).to_pv(node.value()))


@pytest.mark.parametrize(("path", "value"), TRIPS, ids=lambda v: str(v)[:30].replace("\n", " "))
def test_a_value_put_to_a_remote_node_is_taken(root, path, value):
    node = node_of(root, path)
    if path == "Loc.npBool" and np.bool_.__name__ == "bool":
        pytest.skip("its typeStr is that of Python's bool, which it does not take")
    converter = make_converter(Remote(node))
    node.set(converter.to_tree(value))
    assert same_shown(converter.to_pv(node.value()), make_converter(node).to_pv(node.value()))


def same_shown(a, b):
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[name], b[name]) for name in a)
    return same(a, b)


# Purity -----------------------------------------------------------------------------------


def test_the_spec_does_not_depend_on_the_present_value(tree):
    with running(build(tree)) as one, running(build(tree)) as two:
        for path, value in TRIPS:
            node = two.getNode(f"Top.{path}")
            node.set(make_converter(node).to_tree(value))
        two.Nd.f8.set(np.zeros((3, 3), "i2"))
        two.Nd.text.set(np.arange(3))
        two.Reg.EnumReg.set(9)
        two.Loc.int.set(2**70)
        for path in EXPECTED:
            a, b = (make_converter(root.getNode(f"Top.{path}")).spec for root in (one, two))
            assert a == b, path


def test_an_empty_text_in_an_array_does_not_end_the_trees_updates(tree):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.LocalVariable(name="T", value=np.array(["a", "b"])))
    root.add(tree.pr.LocalVariable(name="V", value=0))
    with running(root):
        heard = Recorder()
        root.V.addListener(heard)
        with contextlib.suppress(PutError):
            root.T.set(make_converter(root.T).to_tree(["a", ""]))
        root.V.set(1)
        heard.wait(1)
        assert heard.values == [1]


def test_bytes_in_an_array_are_served_as_text(tree):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.LocalVariable(name="T", value=np.array([b"ab", b"c"])))
    with running(root):
        converter = make_converter(root.T)
        assert converter.spec.scalar is ScalarType.String
        assert converter.to_pv(root.T.value()) == ["ab", "c"]
        root.T.set(converter.to_tree(["x", "yz"]))
        assert root.T.value().dtype.kind == "S"
        assert converter.to_pv(root.T.value()) == ["x", "yz"]
