"""What a client may put, and what is refused before the tree."""

import math

import numpy as np
import pytest
from support.each import each
from support.trees.everything import EXPECTED, SCALAR, node_of, same

from roguebridge.core.errors import PutError
from roguebridge.core.values.arrays import Flat
from roguebridge.plugins.converters import make_converter

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


@each("path", EXPECTED)
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
