"""Values of a tree that do not look like their declaration."""

import contextlib
import math

import numpy as np
import pytest
from support.trees import running
from support.trees.everything import IMAGE, STAMP, same, typed
from support.trees.listeners import Recorder

from roguebridge.core.errors import PutError
from roguebridge.core.values.arrays import Flat
from roguebridge.core.values.spec import ScalarType
from roguebridge.plugins.converters import make_converter


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
