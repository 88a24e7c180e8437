"""What each node is served as, whatever its present value."""

import numpy as np
from support.each import each
from support.trees import running
from support.trees.everything import ENUM, EXPECTED, IMAGE, SCALAR, TABLE, TRIPS, build, node_of

from roguebridge.core.values.spec import ScalarType
from roguebridge.plugins.converters import make_converter


@each("path", EXPECTED)
def test_the_type_of_each_node(root, path):
    spec = make_converter(node_of(root, path)).spec
    assert (spec.kind, spec.scalar) == EXPECTED[path]
    assert spec.writable


def test_every_node_of_a_tree_has_a_converter_that_takes_its_present_value(root):
    for node in root.variableList:
        if not node.path.endswith("none"):
            make_converter(node).to_pv(node.value())


@each("path", EXPECTED)
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
