"""Mirrors of other nodes, and variables that are computed."""

import math
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from support.trees import make_memory, running
from support.trees.everything import ARRAY, ENUM, IMAGE, OFF_ON, SCALAR, typed
from support.trees.registers import model_of

from roguebridge.core.errors import PutError
from roguebridge.core.tree.declared_types import note_declared
from roguebridge.core.values.spec import ScalarType
from roguebridge.plugins.converters import make_converter
from roguebridge.plugins.converters.link_types import source_of


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
        (1, SCALAR, "Float64"), (1.5, SCALAR, "Float64"), ("a", SCALAR, "String"),
        (np.int16(3), SCALAR, "Float64"), (np.float32(3), SCALAR, "Float64"),
        (2**53 + 1, SCALAR, "Int64"), (2**63 + 1, SCALAR, "UInt64"), (2**70, SCALAR, "String"),
        (True, ENUM, "Int32"), (np.True_, ENUM, "Int32"), ([1], SCALAR, "String"),
        (None, SCALAR, "String"),
        (np.zeros(2, "u1"), ARRAY, "UInt8"), (np.zeros((2, 2)), IMAGE, "Float64"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("getter", ["linkedGet", "localGet"])
def test_what_nothing_declares_is_told_by_a_first_value(tree, first, kind, scalar, getter):
    with computed(tree, first, getter) as root:
        converter = make_converter(root.L)
        assert (converter.spec.kind, converter.spec.scalar) == typed(kind, scalar)
        assert converter.is_guessed
        assert converter.spec.writable == (getter == "localGet")


@contextmanager
def computed(tree, value, getter="linkedGet", **declared):
    make = tree.pr.LinkVariable if getter == "linkedGet" else tree.pr.LocalVariable
    values = value if isinstance(value, Later) else Later(value)
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(make(name="L", **{getter: values.get}, **declared))
    with running(root):
        note_declared(root, root.variableList)
        yield root


class Later:
    """A getter's value, which may be another later."""

    def __init__(self, now):
        self.now = now

    def get(self):
        return self.now


@pytest.mark.parametrize(
    ("disp", "scalar"),
    [
        ("{:1.3f}", "Float64"), ("{:e}", "Float64"), ("{:.4g}", "Float64"), ("{:.1%}", "Float64"),
        ("{:,.2f} V", "Float64"), ("{:d}", "Int64"), ("{:#x}", "Int64"), ("{:08X}", "Int64"),
        ("0x{:04x}", "Int64"), ("{:b}", "Int64"), ("{:o}", "Int64"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("first", [20, True])
def test_how_a_number_is_written_tells_its_type(tree, disp, scalar, first):
    with computed(tree, first, disp=disp) as root:
        converter = make_converter(root.L)
        assert (converter.spec.kind, converter.spec.scalar) == typed(SCALAR, scalar)
        assert not converter.is_guessed


def test_a_format_is_of_the_elements_where_there_is_an_array(tree):
    with computed(tree, np.zeros(2), disp="{:d}") as root:
        spec = make_converter(root.L).spec
        assert (spec.kind, spec.scalar) == typed(ARRAY, "Float64")


@pytest.mark.parametrize(
    ("word", "first", "scalar"),
    [
        ("int", 1, "Int64"), ("Int32", 1, "Int32"), ("UInt16", 1, "UInt16"),
        ("float", 1, "Float64"), ("Float32", 1, "Float32"), ("int16", 1, "Int16"),
        ("str", 1, "String"),
        ("Double", 1, "Float64"), ("", 1, "Float64"), ("Linked", 1, "Float64"),
    ],
)  # fmt: skip
def test_a_declared_type_of_a_link_counts_first(tree, word, first, scalar):
    with computed(tree, first, typeStr=word) as root:
        _ = root.L.typeStr
        assert make_converter(root.L).spec.scalar is ScalarType[scalar]


def test_to_ask_for_the_type_of_a_link_does_not_declare_it(tree):
    with computed(tree, 1) as root:
        assert root.L.typeStr == "int"  # PyRogue keeps that from now on
        assert make_converter(root.L).spec.scalar is ScalarType.Float64


def whole() -> int:
    return 1


def fraction() -> float:
    return 1


def either() -> "int | float | None":
    return 1


def narrow() -> np.uint16:
    return 1


def anything() -> Any:
    return 1


def flag() -> bool:
    return 1


@pytest.mark.parametrize(
    ("getter", "kind", "scalar"),
    [
        (whole, SCALAR, "Int64"), (fraction, SCALAR, "Float64"), (either, SCALAR, "Float64"),
        (narrow, SCALAR, "UInt16"), (anything, SCALAR, "Float64"), (flag, ENUM, "Int32"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["linkedGet", "localGet"])
def test_what_a_getter_is_annotated_to_return_is_its_type(tree, getter, kind, scalar, name):
    make = tree.pr.LinkVariable if name == "linkedGet" else tree.pr.LocalVariable
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(make(name="L", **{name: getter}))
    with running(root):
        spec = make_converter(root.L).spec
        assert (spec.kind, spec.scalar) == typed(kind, scalar)


def test_a_link_without_a_value_yet_has_the_type_that_it_is_about_to_have(tree):
    value = Later(None)
    with computed(tree, value, units="V") as root:
        assert make_converter(root.L).spec.scalar is ScalarType.Float64
    with computed(tree, value) as root:
        value.now = 1
        assert make_converter(root.L).spec.scalar is ScalarType.Float64


def test_a_declared_integer_that_is_given_a_fraction_says_so(tree):
    value = Later(1)
    with computed(tree, value, typeStr="Int64") as root:
        converter = make_converter(root.L)
        assert converter.to_pv(2.0) == 2
        with pytest.raises(ValueError, match="0.5 is not an integer"):
            converter.to_pv(0.5)


@pytest.mark.parametrize("first", [1, 1.0, np.int64(1), np.float32(1)])
def test_a_link_takes_the_numbers_that_its_source_takes(tree, first):
    taken = []
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(
        tree.pr.LinkVariable(
            name="L", linkedGet=lambda: first, linkedSet=lambda value: taken.append(value)
        )
    )
    with running(root):
        converter = make_converter(root.L)
        root.L.set(converter.to_tree(5.0))
        root.L.set(converter.to_tree(0.5))
    assert taken == [5, 0.5]
    assert type(taken[0]) is type(first)


def test_an_enum_of_a_link_is_not_guessed(tree):
    with computed(tree, 1, disp={0: "Off", 1: "On"}) as root:
        converter = make_converter(root.L)
        assert converter.spec.choices == ("Off", "On")
        assert not converter.is_guessed


@pytest.mark.parametrize(
    ("base", "bits", "scalar"),
    [("UInt", 12, "UInt16"), ("Int", 32, "Int32"), ("Float", 32, "Float32")],
)
def test_a_mirror_has_the_type_of_its_source(tree, base, bits, scalar):
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False)
    memory = make_memory(tree)
    root.addInterface(memory)
    device = pr.Device(name="Dev", memBase=memory)
    root.add(device)
    device.add(
        pr.RemoteVariable(name="R", offset=0, bitSize=bits, base=getattr(pr, base), mode="RW")
    )
    root.add(pr.LinkVariable(name="M", variable=device.R))
    root.add(pr.LinkVariable(name="MM", variable=root.M))
    with running(root):
        for node in (root.M, root.MM):
            converter = make_converter(node)
            assert converter.spec.scalar is ScalarType[scalar]
            node.set(converter.to_tree(5))
            assert device.R.value() == 5


def test_links_that_mirror_each_other_end(tree):
    with computed(tree, 1) as root:
        one, two = SimpleLink(root.L), SimpleLink(root.L)
        one.dependencies, two.dependencies = [two], [one]
        assert source_of(one) in (one, two)


class SimpleLink:
    def __init__(self, node):
        def linkedGetFromVariable():
            return node.value()

        self._linkedGet = linkedGetFromVariable


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
