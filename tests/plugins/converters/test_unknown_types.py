"""A typeStr that no type has: the Python type of the values counts."""

from collections import OrderedDict

import numpy as np
import pytest
from support.each import each
from support.engine.nodes import node
from support.trees import running
from support.trees.everything import SCALAR, typed

from roguebridge.core.errors import PutError
from roguebridge.core.values.spec import ScalarType
from roguebridge.plugins.converters import make_converter

WORDS = [
    "Float[np]", "Float64", "Double", "Float", "Int16[np]", "Int8[np]", "Seconds", "Linked", "",
    "hex", "u32", "V", "d", "m", "count/s", "Unknown type", "UInt", "Int", "number", "1",
]  # fmt: skip
VALUES = [(1.5, "Float64"), (7, "Int64"), (np.float32(0.5), "Float32"), (np.uint16(3), "UInt16")]


@pytest.mark.parametrize("word", WORDS)
@each("value, scalar", VALUES)
def test_a_number_is_a_number_that_can_be_put(tree, word, value, scalar):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.LocalVariable(name="X", value=value, typeStr=word))
    with running(root):
        converter = make_converter(root.X)
        assert (converter.spec.kind, converter.spec.scalar) == typed(SCALAR, scalar)
        assert converter.to_pv(root.X.value()) == value
        root.X.set(converter.to_tree(value + 1))
        assert root.X.value() == value + 1


@pytest.mark.parametrize("word", [*WORDS, "UInt32", "int", "float", "Float32", "bool"])
@each(
    "value, text",
    [
        ("a", "a"), ([1, 2], "[1, 2]"), ({"a": 1}, '{"a": 1}'), ((1, 2), "[1, 2]"),
        (OrderedDict(a=1), '{"a": 1}'), (b"a", "b'a'"), (1j, "1j"),
    ],
)  # fmt: skip
def test_what_is_no_number_is_what_it_is_however_it_is_declared(tree, word, value, text):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.LocalVariable(name="X", value=value, typeStr=word))
    with running(root):
        converter = make_converter(root.X)
        assert converter.spec.scalar is ScalarType.String
        assert converter.to_pv(root.X.value()) == text
        root.X.set(converter.to_tree(text))
        assert root.X.value() == value


@pytest.mark.parametrize(
    ("value", "disp", "text", "put", "then"),
    [
        (5, "{}", "5", "7", 7), (5, "{:#x}", "0x5", "0x10", 16), (1.5, "{}", "1.5", "2", 2.0),
        (1.5, "{:.3f}", "1.500", "2.5", 2.5), (np.int16(5), "{}", "5", "6", np.int16(6)),
    ],
)  # fmt: skip
def test_a_number_declared_as_text_shows_its_text_and_takes_it(tree, value, disp, text, put, then):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.LocalVariable(name="X", value=value, typeStr="str", disp=disp))
    with running(root):
        converter = make_converter(root.X)
        assert converter.to_pv(root.X.value()) == text
        root.X.set(converter.to_tree(put))
        assert (root.X.value(), type(root.X.value())) == (then, type(then))
        for bad in ("many", "", 5):
            with pytest.raises(PutError, match=r"Top\.X"):
                converter.to_tree(bad)


def test_limits_hold_for_a_number_that_is_put_as_text(tree):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.LocalVariable(name="X", value=5, typeStr="str", maximum=9))
    with running(root), pytest.raises(PutError, match="10 is outside None .. 9"):
        make_converter(root.X).to_tree("10")


@pytest.mark.parametrize(("value", "scalar"), [(1.5, "Float64"), (3, "Int64"), ("a", "String")])
def test_of_a_remote_node_the_present_value_tells(value, scalar):
    made = node("Seconds", value, hardware=False)
    del made.numValues
    converter = make_converter(made)
    assert converter.spec.scalar is ScalarType[scalar]
    assert converter.to_pv(converter.to_tree(value)) == value
