"""Puts are refused before the tree is touched, in words that name path, value and range."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any

from roguebridge.core.errors import PutError, words_of
from roguebridge.core.values import MisfitError, integer, misfit_words, shown

from .metadata import attribute

_ToTree = Callable[[Any, Any], Any]
_LONGEST = 400  # characters of a list of names in a refusal


def refusing(to_tree: _ToTree, binds_commands: bool = False) -> _ToTree:
    """Make ``to_tree`` refuse each value that does not fit, naming the node.

    :param to_tree: method of a converter that has the fields ``spec`` and ``_node``
    :param binds_commands: refuse arguments of commands too; else the declared type of a command
        that is no register does not bind
    """

    @wraps(to_tree)
    def taken(self: Any, value: Any) -> Any:
        try:
            return to_tree(self, value)
        except PutError:
            raise
        except Exception as exc:
            words, node = misfit_words(exc, value, self.spec), self._node
            if binds_commands or not node.isCommand or attribute(node, "numValues") is not None:
                raise PutError(f"{node.path}: {words}") from exc
            raise MisfitError(words) from exc

    return taken


def refusing_all(to_tree: _ToTree) -> _ToTree:
    """Make ``to_tree`` refuse as :func:`refusing`, arguments of commands too.

    Without its conversion the tree would take such an argument for something else.
    """
    return refusing(to_tree, binds_commands=True)


def check_range(node: Any, value: Any, low: Any, high: Any) -> None:
    """Refuse a number outside the declared range.

    :raises PutError: naming path, value and range
    """
    if (low is not None and value < low) or (high is not None and value > high):
        raise PutError(f"{node.path}: {shown(value)} is outside {low} .. {high}")


def index_of(node: Any, choices: Sequence[str], value: Any) -> int:
    """Return the index of a choice.

    :param choices: the labels
    :param value: one of them, or its index
    :raises PutError: naming path, value and choices
    """
    known = shown(list(choices), _LONGEST)
    if isinstance(value, str):
        if value in choices:
            return choices.index(value)
        raise PutError(f"{node.path}: {shown(value)} is none of {known}")
    index = integer(value)
    if 0 <= index < len(choices):
        return index
    raise PutError(
        f"{node.path}: index {shown(index)} is outside 0 .. {len(choices) - 1}, the choices {known}"
    )


def check_columns(node: Any, value: Any, names: Iterable[str]) -> None:
    """Refuse what is no table, or has other columns.

    :param value: as a client has put it
    :param names: of the columns there are
    :raises PutError: naming path and columns
    """
    if not isinstance(value, Mapping):
        raise MisfitError(f"{shown(value)} is not a table")
    unknown = sorted(set(value) - set(names))
    if unknown:
        raise PutError(
            f"{node.path}: unknown columns {shown(unknown)}; "
            f"there are {shown(list(names), _LONGEST)}"
        )


def check_lengths(columns: Mapping[str, Any]) -> None:
    """Refuse columns that differ in length.

    :raises MisfitError: naming the length of each
    """
    sizes = {name: len(column) for name, column in columns.items()}
    if len(set(sizes.values())) > 1:
        raise MisfitError(f"the columns differ in length: {sizes}")


def present_value(node: Any) -> Any:
    """Return the value that a put changes in part.

    :raises PutError: if the tree cannot give it
    """
    try:
        return node.value()
    except Exception as exc:
        raise PutError(f"{node.path}: its present value cannot be read: {words_of(exc)}") from exc


def check_format(node: Any, value: Any, what: str) -> None:
    """Refuse an array that PyRogue cannot format: each update is, on its only update thread.

    :param what: it is, in words
    :raises PutError: naming path and array
    """
    try:
        node.genDisp(value)
    except Exception as exc:
        raise PutError(f"{node.path}: {what} cannot be formatted by the tree") from exc
