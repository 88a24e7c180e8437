"""Group filter: which nodes automatic mode serves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Groups = str | Iterable[str] | None


def group_list(groups: Groups, argument: str) -> list[str]:
    """Return ``groups`` (None, a str, or any sequence or set of str) as a list of str.

    :param argument: name of the argument, for the error
    :raises TypeError: for anything else
    """
    if groups is None:
        return []
    if isinstance(groups, str):
        return [groups] if groups else []
    if isinstance(groups, Iterable):
        found = list(groups)
        if all(isinstance(group, str) for group in found):
            return sorted(found) if isinstance(groups, (set, frozenset)) else found
    raise TypeError(f"{argument} must be a str or a sequence or set of str, not {groups!r}")


def passes(groups: Sequence[str], include: Sequence[str], exclude: Sequence[str]) -> bool:
    """Tell whether a node in ``groups`` is served; exclusion wins, an empty list is no filter."""
    if exclude and any(group in groups for group in exclude):
        return False
    return not include or any(group in groups for group in include)
