"""What is put is taken by the tree, and shown again as it was."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from support.each import each
from support.trees.everything import (
    ARRAY,
    IMAGE,
    LOCAL_ARRAYS,
    REGISTER_ARRAYS,
    TRIPS,
    node_of,
    same,
)

from roguebridge.core.values.spec import ScalarType
from roguebridge.plugins.converters import make_converter

MANY = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


@each("path, value", TRIPS)
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
@MANY
def test_any_int_makes_the_trip(root, value):
    node = root.Loc.int
    converter = make_converter(node)
    node.set(converter.to_tree(value))
    assert converter.to_pv(node.value()) == value


@given(value=st.floats())
@MANY
def test_any_float_makes_the_trip(root, value):
    for node in (root.Loc.float, root.Reg.Double):
        converter = make_converter(node)
        node.set(converter.to_tree(value))
        assert same(converter.to_pv(node.value()), value)


@given(value=st.text())
@MANY
def test_any_text_makes_the_trip(root, value):
    node = root.Loc.str
    converter = make_converter(node)
    node.set(converter.to_tree(value))
    assert converter.to_pv(node.value()) == value.replace("\0", "\\x00")  # as it can be sent


@given(data=st.data())
@MANY
def test_any_array_makes_the_trip(root, data):
    name = data.draw(st.sampled_from(["f8", "f4", "i1", "i8", "u2", "u8", "b1"]))
    node = node_of(root, f"Nd.{name}")
    converter = make_converter(node)
    value = data.draw(hnp.arrays(converter.spec.scalar.dtype, st.integers(0, 20)))
    node.set(converter.to_tree(value))
    assert same(converter.to_pv(node.value()), value)
