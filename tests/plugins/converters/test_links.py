"""Mirrors of other nodes, and variables that are computed."""

import math

import numpy as np
import pytest
from support.everything import ARRAY, ENUM, IMAGE, OFF_ON, SCALAR, typed
from support.registers import model_of
from support.trees import make_memory, running

from roguebridge.core.errors import PutError
from roguebridge.plugins.converters import make_converter


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
