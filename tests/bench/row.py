"""A row of the table, and what it must reach in figures of the same run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Figures = Mapping[str, float]  # by kind of server


@dataclass(frozen=True)
class Limit:
    """What ours may be, in terms of the others.

    :param text: as the table says it
    :param bound: from the figures of the other servers
    :param needs: the servers it speaks of; without them it says nothing
    """

    text: str
    bound: Callable[[Figures], float]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """A line of the table.

    :param key: its name, as samples have it
    :param more_is_better: True if ours must be at least the bound, False for at most
    :param net: True to take off what the tree without a server shows
    """

    key: str
    scenario: str
    title: str
    unit: str
    limits: tuple[Limit, ...] = ()
    more_is_better: bool = False
    net: bool = False


def times(factor: float, kind: str) -> Limit:
    """Limit to a multiple of another server's figure."""
    return Limit(f"{factor:g} x {kind}", lambda f: factor * f[kind], (kind,))


def over_none(factor: float) -> Limit:
    """Limit to what the tree costs by itself and a multiple of raw."""
    text = f"none + {factor:g} x raw"
    return Limit(text, lambda f: f["none"] + factor * f["raw"], ("none", "raw"))


def absolute(bound: float, unit: str) -> Limit:
    """Limit to a number."""
    return Limit(f"{bound:g} {unit}", lambda f: bound)
