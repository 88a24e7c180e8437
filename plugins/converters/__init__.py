"""The built-in converters, chosen by what a node declares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from roguebridge.core.hooks import ConverterRule, hookimpl
from roguebridge.core.tree import TreeNode
from roguebridge.core.values import TypeConverter

from .archived import as_archived
from .array_texts import ArrayText
from .arrays import Array1D, TypedList
from .choices import Choice, Member
from .declared import Declared, Family
from .images import Image
from .metadata import attribute
from .objects import Other
from .scalars import BigInteger, Number, NumberAsText, Text, Trigger
from .tables import Table

_BY_FAMILY: dict[Family, Callable[[Any, Declared], TypeConverter]] = {
    Family.ARRAY: Array1D,
    Family.IMAGE: Image,
    Family.TABLE: Table,
    Family.ARRAY_AS_TEXT: ArrayText,
    Family.LIST: TypedList,
    Family.INTEGER: Number,
    Family.FLOAT: Number,
    Family.BIG_INTEGER: BigInteger,
    Family.BOOL: Choice,
    Family.TEXT: Text,
    Family.NUMBER_AS_TEXT: NumberAsText,
    Family.MEMBER: Member,
    Family.OTHER: Other,
}
_ARRAYS = (Family.ARRAY, Family.IMAGE, Family.TABLE, Family.ARRAY_AS_TEXT)


def make_converter(node: TreeNode) -> TypeConverter:
    """Return the built-in converter for ``node``."""
    converter = plain_converter(node)
    return converter if isinstance(converter, (Trigger, Choice)) else as_archived(node, converter)


def plain_converter(node: TreeNode) -> TypeConverter:
    """Return the built-in converter for ``node``, whatever type it declares for archivers."""
    if node.isCommand and not getattr(node, "arg", True):
        return Trigger(node)
    declared = Declared(node)
    if declared.family not in _ARRAYS and attribute(node, "enum"):
        return Choice(node, declared)
    return _BY_FAMILY[declared.family](node, declared)


@hookimpl(trylast=True)
def converter_rules() -> Sequence[ConverterRule]:
    """Convert every node."""
    return [ConverterRule(make_converter)]
