"""Group filter: which nodes automatic mode serves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Groups = str | Mapping[str, Any] | Iterable[str | Mapping[str, Any]] | None

#: groups that many trees have no node of, though the defaults name them
_STANDARD = ("NoServe", "NoWrite")


class OptionalName(str):
    """A group, or a glob of paths, that may stand for no node."""

    __slots__ = ()


def is_optional(name: str) -> bool:
    """Tell whether it is no problem that a group of that name, or a glob, stands for no node."""
    return isinstance(name, OptionalName) or name in _STANDARD


def group_list(groups: Groups, argument: str, key: str = "group") -> list[str]:
    """Return ``groups`` (None, a str, or any sequence or set of str) as a list of str.

    A mapping ``{'group': NAME, 'optional': True}`` stands for a name too.

    :param argument: name of the argument, for the error
    :param key: what a mapping has the name under
    :raises TypeError: for anything else
    """
    if groups is None:
        return []
    if isinstance(groups, str):
        return [groups] if groups else []
    if isinstance(groups, Mapping):
        groups = [groups]
    if isinstance(groups, Iterable):
        found = [_named(one, argument, key) if isinstance(one, Mapping) else one for one in groups]
        if all(isinstance(group, str) for group in found):
            return sorted(found) if isinstance(groups, (set, frozenset)) else found
    raise TypeError(f"{argument} must be a str or a sequence or set of str, not {groups!r}")


def _named(given: Mapping[str, Any], argument: str, key: str) -> str:
    name, optional = given.get(key), given.get("optional", False)
    if set(given) - {key, "optional"} or not isinstance(name, str) or not name:
        raise TypeError(f"{argument} takes {key} and optional, not {dict(given)!r}")
    if not isinstance(optional, bool):
        raise TypeError(f"{argument}: optional must be True or False, not {optional!r}")
    return OptionalName(name) if optional else name


def passes(groups: Sequence[str], include: Sequence[str], exclude: Sequence[str]) -> bool:
    """Tell whether a node in ``groups`` is served; exclusion wins, an empty list is no filter."""
    if exclude and any(group in groups for group in exclude):
        return False
    return not include or any(group in groups for group in include)
