"""Common part of the recipes: a rule for the selected nodes, and exact refusals."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from roguebridge.core.errors import PluginError, PutError, words_of
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


@contextmanager
def refusing(path: str) -> Iterator[None]:
    """Refuse a put or call if anything is raised within, naming the node.

    Of the argument of a command too, though its declared type does not bind: without its
    conversion the tree would take it for something else.
    """
    try:
        yield
    except PutError:
        raise
    except Exception as exc:
        raise PutError(f"{path}: {words_of(exc)}") from exc


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
        self.number = (
            Number(node, declared) if declared.family is Family.INTEGER else BigInteger(node)
        )

    def wrapped(self, number: int) -> int:
        """Return the number that the type has for the lowest bits of ``number``."""
        if self.bits is None:
            return number
        number &= (1 << self.bits) - 1
        return number - (1 << self.bits) if self.signed and number >> (self.bits - 1) else number
