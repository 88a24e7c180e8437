"""What is measured over the web; the tree runs already when its server is made."""

from __future__ import annotations

import contextlib
import statistics

from .rig import clients, serving
from .scenario import KILO, Samples, Scenario, names
from .sizes import Sizes

SERVERS = ("handmade", "ours")
_AGAIN = "handmade"
_RATE = 10.0  # updates of a PV in a second
_MILLI = 1e3


def _module(kind: str) -> str:
    return "none" if kind == "none" else f"{kind}_web"


def browsers(kind: str, sizes: Sizes) -> Samples:
    """Have many browsers watch many PVs that change ten times a second."""
    size, found, client = sizes.browsed, {}, None
    with serving(_module(kind), "readings", size) as server, contextlib.ExitStack() as stack:
        before = server.call("memory")
        if kind != "none":
            (client,) = stack.enter_context(clients(server))
            watched = names("readings", size)
            client.call("browse", connections=sizes.browsers, names=watched)
            found["web-memory"] = (server.call("memory") - before) / sizes.browsers / KILO
            client.call("reset")
        told = server.call("paced", seconds=sizes.seconds, rate=_RATE * size)
        if client is not None:
            found["web-delivered"] = client.call("settle")["updates"] / told["wall"]
        return {**found, "web-browsers": told["cpu"] / told["wall"]}


def waveform(kind: str, sizes: Sizes) -> Samples:
    """Have ten browsers watch an array that changes ten times a second."""
    size = sizes.arrays[1]
    with serving(_module(kind), "fast_array", size) as server, clients(server) as (client,):
        client.call("browse", connections=10, names=names("fast_array", size))
        client.call("reset")
        told = server.call("paced", seconds=2 * sizes.seconds, rate=_RATE)
        return {"web-waveform": client.call("settle")["updates"] / told["wall"]}


def search(kind: str, sizes: Sizes) -> Samples:
    """Search among all names."""
    with serving(_module(kind), "scalars", sizes.searched) as server, clients(server) as (client,):
        client.call("search", words="dev", times=1)  # what is made once
        seconds = client.call("search", words="dev v7", times=20)
        return {"web-search": statistics.median(seconds) * _MILLI}


def scenarios(sizes: Sizes) -> list[Scenario]:
    """Return all that is measured."""
    return [
        Scenario("web-browsers", browsers, ("none", *SERVERS), again=_AGAIN),
        Scenario("web-waveform", waveform, SERVERS, again=_AGAIN),
        Scenario("web-search", search, SERVERS, heavy=True, again=_AGAIN),
    ]
