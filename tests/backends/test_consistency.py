"""A get after the reply to a put never returns an older value."""

import itertools
import threading
import time

import numpy as np
import pytest
from support.clients import LIMIT, in_thread

SPAN = 0.6  # seconds that a race is run for


def nodes(pr, root):
    root.add(pr.LocalVariable(name="Scalar", value=0))
    root.add(pr.LocalVariable(name="Wave", value=np.zeros(8)))
    root.add(pr.LocalVariable(name="Choice", value=0, enum={n: f"N{n}" for n in range(7)}))
    root.add(pr.LocalVariable(name="Busy", value=np.zeros(20_000)))


PUT = {
    "scalar": ("Scalar", lambda n: n),
    "wave": ("Wave", lambda n: np.full(8, float(n))),
    "choice": ("Choice", lambda n: n % 7),
}


@pytest.fixture(params=["idle", "busy"])
def loaded(request, site):
    """A site whose update thread is idle, or always behind: it formats large arrays as text."""
    served = site(nodes)
    if request.param == "idle":
        yield served
        return
    done = threading.Event()

    def update():
        for n in itertools.count():
            if done.is_set():
                return
            served.node("Busy").set(np.full(20_000, float(n)))
            served.root.waitOnUpdate()

    updaters = [in_thread(update)]
    yield served
    done.set()
    for updater in updaters:
        updater.result(LIMIT)


@pytest.mark.parametrize("what", PUT)
def test_a_get_after_a_put_returns_its_value(loaded, what):
    path, make = PUT[what]
    client = loaded.client()
    pv = loaded.pv(path)
    watch = client.monitor(pv)
    watch.next()
    end = time.monotonic() + SPAN
    for n in itertools.count(1):
        client.put(pv, make(n))
        assert np.array_equal(client.get(pv).value, make(n)), f"put {n}"
        if time.monotonic() > end:
            break
    watch.until(lambda value: np.array_equal(value, make(n)))


def test_two_clients_putting_see_no_value_older_than_their_own(loaded):
    # One puts even numbers, the other odd ones: each sees its own last or a later one.
    pv = loaded.pv("Scalar")
    end = time.monotonic() + SPAN
    newest = [0, 0]

    def put_and_get(me):
        client = loaded.client()
        for n in itertools.count(1):
            other = newest[1 - me]
            client.put(pv, 2 * n + me)
            newest[me] = n
            seen = client.get(pv).value
            whose, number = seen % 2, seen // 2
            assert number >= n if whose == me else number >= other
            if time.monotonic() > end:
                return

    for future in [in_thread(lambda me=me: put_and_get(me)) for me in (0, 1)]:
        future.result(LIMIT)


def test_monitors_see_puts_of_one_client_in_order(loaded):
    client = loaded.client()
    pv = loaded.pv("Scalar")
    watch = client.monitor(pv)
    watch.next()
    end = time.monotonic() + SPAN / 2
    for n in itertools.count(1):
        client.put(pv, n)
        if time.monotonic() > end:
            break
    before, stamp = 0, 0
    while before < n:
        shown = watch.next()
        assert shown.value >= before
        assert shown.time_ns > stamp or shown.value == before
        before, stamp = shown.value, shown.time_ns


def test_after_the_last_put_the_monitor_ends_on_what_the_tree_has(loaded):
    clients = [loaded.client() for _ in range(3)]
    pv = loaded.pv("Scalar")
    watches = [client.monitor(pv) for client in clients]
    for watch in watches:
        watch.next()
    for round_ in range(15):
        pending = [client.start_put(pv, 10 * round_ + n + 1) for n, client in enumerate(clients)]
        for put in pending:
            put.result(LIMIT)
        final = loaded.node("Scalar").value()
        for watch in watches:
            watch.until(lambda value, final=final: value == final)
        for client in clients:
            assert client.get(pv).value == final
