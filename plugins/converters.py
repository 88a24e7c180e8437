"""The built-in converters, chosen by what a node declares."""

from __future__ import annotations

from collections.abc import Sequence

from roguebridge.core.converter import TypeConverter
from roguebridge.core.hookspecs import hookimpl
from roguebridge.core.rules import ConverterRule
from roguebridge.core.tree import TreeNode

from .arrays import Array1D, Image
from .declared import Declared, Family
from .scalars import BigInteger, Choice, Number, Other, Text, Trigger


def make_converter(node: TreeNode) -> TypeConverter:
    """Return the built-in converter for ``node``."""
    if node.isCommand and not getattr(node, "arg", True):
        return Trigger(node)
    declared = Declared(node)
    family = declared.family
    if family is Family.ARRAY:
        return Array1D(node, declared) if declared.rank == 1 else Image(node, declared)
    if family is not Family.OTHER and (node.enum or family is Family.BOOL):
        return Choice(node)
    if family in (Family.INTEGER, Family.FLOAT):
        return Number(node, declared)
    if family is Family.BIG_INTEGER:
        return BigInteger(node)
    if node.enum:
        return Choice(node)
    return Text(node) if family is Family.TEXT else Other(node, declared)


@hookimpl(trylast=True)
def converter_rules() -> Sequence[ConverterRule]:
    """Convert every node."""
    return [ConverterRule(make_converter)]
