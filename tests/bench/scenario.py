"""A measurement: a server of one kind, its clients, and the samples they give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from . import layouts
from .rig import Child
from .sizes import Sizes

Samples = Mapping[str, float]
SERVERS = ("raw", "v4", "ours")
MICRO, KILO, MEGA = 1e6, 1e3, 1e6


@dataclass(frozen=True)
class Scenario:
    """A measurement, the same for each kind of server.

    :param run: takes a kind and sizes; its samples are named as rows are, in the row's unit
    :param kinds: the servers it compares
    :param heavy: True if it takes long, and gets fewer rounds
    :param again: the kind that is measured twice, for the noise; None for ``v4``
    :param once: kinds that take minutes and are in the first round only
    """

    name: str
    run: Callable[[str, Sizes], Samples]
    kinds: tuple[str, ...] = SERVERS
    heavy: bool = False
    again: str | None = None
    once: tuple[str, ...] = ()


def names(layout: str, size: int) -> list[str]:
    """Return the PVs of a layout."""
    return [node.pv_name for node in layouts.LAYOUTS[layout](size)]


def cpu_of(posted: Mapping[str, float]) -> float:
    """Return the microseconds of CPU of an update, from what the server says."""
    return posted["cpu"] / posted["updates"] * MICRO


def flat_out(
    server: Child, client: Child | None, seconds: float
) -> tuple[Mapping[str, float], float]:
    """Update as fast as it goes; return what the server says, and updates/s at the client."""
    if client is not None:
        client.call("reset")
    posted = server.call("flood", seconds=seconds)
    if client is None:
        return posted, posted["updates"] / posted["wall"]
    arrived = client.call("settle")
    return posted, arrived["updates"] / arrived["seconds"] if arrived["updates"] else 0.0
