"""What is wrong with nodes: equal problems are one line with the number of nodes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a node, or with the mapping of a tree.

    :param path: node path, or what was given for one; empty for what is about no node
    :param text: what is wrong, naming path and PV
    :param warning: True if the entry is served all the same
    :param fatal: True if nothing may be served with it
    :param pv_name: the PV name in the text
    """

    path: str
    text: str
    warning: bool = False
    fatal: bool = False
    pv_name: str = ""


def grouped(problems: Iterable[Problem]) -> list[Problem]:
    """Return one problem for all whose texts are equal but for path and PV name.

    Its text names the first path, and how many nodes there are. Those that are fatal stay apart:
    each has to be mended.
    """
    groups: dict[object, dict[str, Problem]] = {}
    for one in problems:
        text = f" {one.text} ".replace(one.path, "\0") if one.path else one.text
        if one.pv_name:
            text = text.replace(f" {one.pv_name} ", "\0").replace(repr(one.pv_name), "\0")
        kind = text, one.warning, one.fatal and one.path
        groups.setdefault(kind, {}).setdefault(one.path, one)
    return [_as_one(list(group.values())) for group in groups.values()]


def _as_one(group: Sequence[Problem]) -> Problem:
    first = group[0]
    if len(group) == 1:
        return first
    nodes = nodes_in_words([one.path for one in group])
    return replace(first, text=first.text.replace(first.path, nodes, 1))


def nodes_in_words(paths: Sequence[str]) -> str:
    """Return how a line names its nodes: ``Top.A``, or ``57 nodes, e.g. Top.A``."""
    return f"{len(paths)} nodes, e.g. {paths[0]}" if len(paths) > 1 else "".join(paths)
