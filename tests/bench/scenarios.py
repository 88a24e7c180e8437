"""What is measured: over PVAccess here, over Channel Access next door."""

from __future__ import annotations

import contextlib
import queue
import statistics
from collections.abc import Callable, Sequence

from . import ca_scenarios, web_scenarios
from .rig import clients, serving
from .scenario import KILO, MEGA, MICRO, SERVERS, Samples, Scenario, cpu_of, flat_out, names
from .sizes import Sizes

ALL = ("none", *SERVERS)
LEAD = 0.2  # seconds that one client has begun before the other


def growth(size: int) -> Scenario:
    """Return the start of a tree of so many nodes."""

    def run(kind: str, sizes: Sizes) -> Samples:
        with serving(kind, "tree_of", size) as server:
            return {
                f"start-{size}": server.started["seconds"],
                f"memory-{size}": server.grown() / server.started["pvs"] / KILO,
            }

    return Scenario(f"start-{size}", run, ALL, heavy=size > 20_000)


def monitored(kind: str, sizes: Sizes) -> Samples:
    """Watch each PV there is."""
    with serving(kind, "scalars", sizes.monitored) as server, contextlib.ExitStack() as stack:
        if kind != "none":
            (client,) = stack.enter_context(clients(server))
            client.call("monitor", names=names("scalars", sizes.monitored))
        return {"memory-monitored": server.grown() / sizes.monitored / KILO}


def updates(kind: str, sizes: Sizes) -> Samples:
    """Update PVs that nobody watches, then with one client on all of them."""
    size, seconds = sizes.watched, sizes.seconds
    with serving(kind, "scalars", size) as server, contextlib.ExitStack() as stack:
        unwatched = cpu_of(server.call("flood", seconds=seconds))
        client = None
        if kind != "none":
            (client,) = stack.enter_context(clients(server))
            client.call("monitor", names=names("scalars", size))
        posted, delivered = flat_out(server, client, seconds)
    return {
        "update-unwatched": unwatched,
        "update-watched": cpu_of(posted),
        "update-rate": delivered,
    }


def large(row: str, layout: str, size: int) -> Callable[[str, Sizes], Samples]:
    """Return what shows one large value as fast as it goes."""

    def run(kind: str, sizes: Sizes) -> Samples:
        with serving(kind, layout, size) as server, contextlib.ExitStack() as stack:
            client = None
            if kind != "none":
                (client,) = stack.enter_context(clients(server))
                client.call("monitor", names=names(layout, size))
            return {row: flat_out(server, client, sizes.seconds)[1]}

    return run


def puts(kind: str, sizes: Sizes) -> Samples:
    """Put, by one client."""
    with serving(kind, "putters", 1) as server, clients(server) as (client,):
        (name,) = names("putters", 1)
        client.call("put_loop", name=name, seconds=sizes.seconds / 5)
        before = server.call("cpu")
        times = client.call("put_loop", name=name, seconds=sizes.seconds)
        used = server.call("cpu") - before
    return {
        "put-p50": statistics.median(seconds for _, seconds in times) * MICRO,
        "put-cpu": used / len(times) * MICRO,
    }


def many_putters(kind: str, sizes: Sizes) -> Samples:
    """Put, by several clients at once, each on a device of its own."""
    count = sizes.putters
    with serving(kind, "putters", count) as server, clients(server, count) as found:
        for seconds in (sizes.seconds / 5, sizes.seconds):
            for client, name in zip(found, names("putters", count), strict=True):
                client.send("put_loop", name=name, seconds=seconds)
            times = [client.result() for client in found]
    return {"put-clients": sum(map(len, times)) / sizes.seconds}


def slow_puts(kind: str, sizes: Sizes) -> Samples:
    """Put to slow devices at once, while another client puts to a fast one."""
    count = sizes.devices
    *others, fast = names("slow", count)
    with serving(kind, "slow", count) as server, clients(server, 2) as (slow, quick):
        quick.call("put_all", names=[fast])
        slow.call("put_all", names=others[:count])
        quick.send("put_loop", name=fast, seconds=LEAD + 0.2)
        slow.send("put_all", names=others[:count], delay=LEAD)
        took = slow.result()
        times = quick.result()
    first = times[0][0]
    ordered = sorted(seconds for begin, seconds in times if begin > first + LEAD)
    return {
        "slow-puts": took,
        "slow-puts-p99": ordered[int(len(ordered) * 0.99)] * KILO,
        "slow-puts-worst": ordered[-1] * KILO,
    }


def hung_device(kind: str, sizes: Sizes) -> Samples:
    """Put to all PVs of a device that does not answer, while another client puts elsewhere."""
    count = sizes.devices
    *others, fast = names("slow", count)
    with serving(kind, "slow", count) as server, clients(server, 2) as (stuck, quick):
        stuck.call("monitor", names=others[count:])  # to connect is work of its own
        quick.call("put_all", names=[fast])
        quiet = _worst(quick.call("put_loop", name=fast, seconds=sizes.seconds))
        stuck.call("put_all", names=others[count:], answered=False)
        quick.send("put_loop", name=fast, seconds=sizes.seconds)
        try:
            times = quick.result(timeout=sizes.seconds + 1.0)
        except queue.Empty:
            server.call("release")
            times = quick.result()
    worst = _worst(times)
    return {"hung-device": (worst - quiet) * KILO, "hung-device-worst": worst * KILO}


def _worst(times: Sequence[tuple[float, float]]) -> float:
    return max(seconds for _, seconds in times)


def first_values(kind: str, sizes: Sizes) -> Samples:
    """Have a fresh client watch many PVs."""
    size = sizes.fresh
    with serving(kind, "scalars", size) as server, clients(server) as (client,):
        return {"first-values": client.call("monitor", names=names("scalars", size))}


def frozen(kind: str, sizes: Sizes) -> Samples:
    """Post arrays to a client that has stopped."""
    size = sizes.frozen
    with serving(kind, "fast_array", size) as server, clients(server) as (client,):
        client.call("monitor", names=names("fast_array", size))
        before = server.call("memory")
        client.stop()
        server.call("flood", seconds=sizes.seconds * 2)
        return {"frozen-client": (server.call("memory") - before) / MEGA}


def ruled(kind: str, sizes: Sizes) -> Samples:
    """Start with the rules of a site: ``plain`` is ours without them."""
    kind = {"ours": "rules", "plain": "ours"}.get(kind, kind)
    with serving(kind, "tree_of", sizes.ruled) as server:
        return {"site-rules": server.started["seconds"]}


def scenarios(sizes: Sizes) -> list[Scenario]:
    """Return all that is measured."""
    small, middle, big = ("array-small", "array-middle", "array-large")
    return [
        *map(growth, sizes.growth),
        Scenario("monitored", monitored, ALL),
        Scenario("updates", updates, ALL),
        Scenario(small, large(small, "array", sizes.arrays[0]), ALL),
        Scenario(middle, large(middle, "array", sizes.arrays[1]), ALL),
        Scenario(big, large(big, "array", sizes.arrays[2]), ALL, again="raw", once=("none", "v4")),
        Scenario(
            "image", large("image", "image", sizes.image), ALL, again="raw", once=("none", "v4")
        ),
        Scenario("puts", puts),
        Scenario("put-clients", many_putters),
        # What v4 shows with slow devices is its own doing, not noise.
        Scenario("slow-puts", slow_puts, again="raw"),
        Scenario("hung-device", hung_device, again="raw"),
        Scenario("first-values", first_values),
        Scenario("frozen-client", frozen),
        Scenario("site-rules", ruled, ("none", "plain", "ours"), again="plain"),
        *ca_scenarios.scenarios(sizes),
        *web_scenarios.scenarios(sizes),
    ]
