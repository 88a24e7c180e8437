"""Nodes of a remote tree, of which less is known."""

import numpy as np
from support.each import each
from support.trees.everything import EXPECTED, TRIPS, node_of, same

from roguebridge.core.values.spec import ScalarType
from roguebridge.plugins.converters import make_converter

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


@each("path", EXPECTED)
def test_a_remote_node_has_the_type_that_its_typestr_tells(root, path):
    kind, scalar = EXPECTED[path]
    if path in OTHERWISE:
        scalar = ScalarType[OTHERWISE[path]]
    node = node_of(root, path)
    converter = make_converter(Remote(node))
    assert (converter.spec.kind, converter.spec.scalar) == (kind, scalar)
    if node.value() is not None:
        assert same_shown(converter.to_pv(node.value()), make_converter(node).to_pv(node.value()))


@each("path, value", TRIPS)
def test_a_value_put_to_a_remote_node_is_taken(root, path, value):
    node = node_of(root, path)
    if path == "Loc.npBool" and np.bool_.__name__ == "bool":
        return  # its typeStr is that of Python's bool, which it does not take
    converter = make_converter(Remote(node))
    node.set(converter.to_tree(value))
    assert same_shown(converter.to_pv(node.value()), make_converter(node).to_pv(node.value()))


def same_shown(a, b):
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[name], b[name]) for name in a)
    return same(a, b)
