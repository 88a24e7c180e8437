"""Common part of the recipes: a rule for the selected nodes, and the width of integers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from roguebridge.core.errors import PluginError
from roguebridge.core.hooks import ConverterRule
from roguebridge.core.tree import TreeNode

from ..converters.declared import Declared, Family
from ..converters.scalars import BigInteger, Number

Selector = Callable[[TreeNode], bool]
_WIDTH = re.compile(r"u?int(?:BE|Reversed)?(\d+)$", re.IGNORECASE)


def rule_for(recipe: str, select: Selector, make: Callable[[Any], Any]) -> ConverterRule:
    """Return the rule that makes a converter of each node selected.

    :param recipe: name of the recipe, for the error
    :raises TypeError: if ``select`` is no selector
    """
    if not callable(select):
        raise TypeError(f"{recipe}: select must be a Select, not {select!r}")
    return ConverterRule(make, select)


def is_count(number: Any, least: int = 0) -> bool:
    """Tell whether an argument is an int of at least ``least``."""
    return isinstance(number, int) and not isinstance(number, bool) and number >= least


class Whole:
    """An integer node: how wide it is, whether it has a sign, and who takes its numbers.

    :param recipe: name of the recipe, for the error
    :raises PluginError: for a node of another type
    """

    def __init__(self, recipe: str, node: Any) -> None:
        declared = Declared(node)
        runs = node.isCommand and not getattr(node, "arg", True)
        if runs or declared.family not in (Family.INTEGER, Family.BIG_INTEGER):
            raise PluginError(f"{node.path}: {recipe} is for integers, not {declared.type_str}")
        found = _WIDTH.match(declared.source_type)
        #: bits that its type has; None for a Python int
        self.bits = None if found is None else int(found.group(1))
        self.signed = declared.source_type[:1] in "Ii"
        #: takes and gives the number, also where the node has an enum for it
        kind = Number if declared.family is Family.INTEGER else BigInteger
        self.number: Number | BigInteger = kind(node, declared)

    def wrapped(self, number: int) -> int:
        """Return the number that the type has for the lowest bits of ``number``."""
        if self.bits is None:
            return number
        number &= (1 << self.bits) - 1
        return number - (1 << self.bits) if self.signed and number >> (self.bits - 1) else number
