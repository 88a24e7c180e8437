"""What is measured over Channel Access; the tree runs already when its server is made."""

from __future__ import annotations

import contextlib
import statistics

from .rig import clients, serving
from .scenario import KILO, MICRO, Samples, Scenario, cpu_of, flat_out, names
from .sizes import Sizes

SERVERS = ("caproto", "v7", "ours")
ALL = ("none", *SERVERS)
NATIVE = ("native", *SERVERS)
_AGAIN = "caproto"


def _module(kind: str) -> str:
    return {"ours": "ours_ca", "native": "native_ca"}.get(kind, kind)


def growth(size: int) -> Scenario:
    """Return the start of a server of so many PVs."""

    def run(kind: str, sizes: Sizes) -> Samples:
        with serving(_module(kind), "scalars", size) as server:
            return {
                f"ca-start-{size}": server.started["seconds"],
                f"ca-memory-{size}": server.grown() / server.started["pvs"] / KILO,
            }

    return Scenario(f"ca-start-{size}", run, SERVERS, again=_AGAIN)


def monitored(kind: str, sizes: Sizes) -> Samples:
    """Watch each PV there is."""
    size = sizes.monitored
    with serving(_module(kind), "scalars", size) as server, clients(server) as (client,):
        client.call("monitor", names=names("scalars", size))
        return {"ca-memory-monitored": server.grown() / size / KILO}


def first_values(kind: str, sizes: Sizes) -> Samples:
    """Have a fresh client watch many PVs."""
    size = sizes.fresh
    with serving(_module(kind), "scalars", size) as server, clients(server) as (client,):
        return {"ca-first-values": client.call("monitor", names=names("scalars", size))}


def updates(kind: str, sizes: Sizes) -> Samples:
    """Update PVs that one client watches, at a rate, then as fast as it goes."""
    size, seconds = sizes.watched, sizes.seconds
    with serving(_module(kind), "readings", size) as server, contextlib.ExitStack() as stack:
        client = None
        if kind != "none":
            (client,) = stack.enter_context(clients(server))
            client.call("monitor", names=names("readings", size))
        steady = server.call("paced", seconds=seconds, rate=sizes.rate)
        _, delivered = flat_out(server, client, seconds)
    return {"ca-update-cpu": cpu_of(steady), "ca-update-rate": delivered}


def gets(kind: str, sizes: Sizes) -> Samples:
    """Get value, alarm and time, by one client."""
    cpu, _ = _requests(kind, sizes, "get_loop")
    return {"ca-get-cpu": cpu}


def puts(kind: str, sizes: Sizes) -> Samples:
    """Put, by one client."""
    cpu, p50 = _requests(kind, sizes, "put_loop")
    return {"ca-put-p50": p50, "ca-put-cpu": cpu}


def _requests(kind: str, sizes: Sizes, loop: str) -> tuple[float, float]:
    """Return of requests one after the other the server's CPU and the median time."""
    (name,) = names("putters", 1)
    with serving(_module(kind), "putters", 1) as server, clients(server) as (client,):
        client.call(loop, name=name, seconds=sizes.seconds / 5)
        before = server.call("cpu")
        times = client.call(loop, name=name, seconds=sizes.seconds)
        cpu = (server.call("cpu") - before) / len(times)
    return cpu * MICRO, statistics.median(seconds for _, seconds in times) * MICRO


def scenarios(sizes: Sizes) -> list[Scenario]:
    """Return all that is measured."""
    return [
        *map(growth, sizes.ca_growth),
        Scenario("ca-monitored", monitored, SERVERS, again=_AGAIN),
        Scenario("ca-first-values", first_values, NATIVE, again=_AGAIN),
        Scenario("ca-updates", updates, ALL, again=_AGAIN),
        Scenario("ca-gets", gets, NATIVE, again=_AGAIN),
        Scenario("ca-puts", puts, NATIVE, again=_AGAIN),
    ]
