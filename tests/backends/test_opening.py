"""A put that runs while its PV is being opened is answered when the PV shows its value."""

import queue
import threading

import pytest
from support.clients import LIMIT, in_thread, wait_until
from support.engine.fakes import FakeClock

from roguebridge.core.pv.publication import Publication, State
from roguebridge.core.pv.publisher import Publisher

WAITS, ANSWERED = "the answer waits", "the put is answered"


class Window:
    """The moment between a backend's opening of a PV and its telling who asked for it."""

    def __init__(self, patch):
        self._patch = patch
        self._events = events = queue.SimpleQueue()
        self._begun = threading.Event()
        self._end = threading.Event()

        class Opening(threading.Event):
            """Tells that somebody waits for it."""

            def wait(self, timeout=None):
                events.put(WAITS)
                return super().wait(timeout)

        patch.setattr("roguebridge.core.pv.publication.Event", Opening)

    def hold(self, holder):
        """Have the next opening of a PV end in the window until :meth:`end`."""
        (outlet,) = holder.parts.publisher.publications
        kind = type(outlet.served)
        really_open = kind.open_soon

        def open_soon(served, spec, reading, opened):
            def tell_later(problem):
                if served is not outlet.served:
                    opened(problem)
                    return
                self._begun.set()
                in_thread(lambda: self._end.wait(LIMIT) and opened(problem))

            really_open(served, spec, reading, tell_later)

        self._patch.setattr(kind, "open_soon", open_soon)

    def watch(self, put):
        put.add_done_callback(lambda _: self._events.put(ANSWERED))
        return put

    def begins(self):
        assert self._begun.wait(LIMIT)

    def next(self):
        return self._events.get(timeout=LIMIT)

    def end(self):
        self._end.set()


@pytest.fixture
def window(site, monkeypatch):
    """A window that is sure to end before the site is closed."""
    window = Window(monkeypatch)
    yield window
    window.end()


def shows_after(window, client, pv, put, before, after):
    """Check that the put is answered with the window and not within it."""
    assert window.next() == WAITS
    assert client.get(pv).value == before
    assert not put.done()
    window.end()
    put.result(LIMIT)
    assert client.get(pv).value == after


def test_a_variable_that_opens_without_its_value(site, window):
    # The read that opens a PV and the puts to it run one after the other; so a put can meet the
    # opening only if that was done for a read that took too long.
    gate, clock = site.gate(is_open=True), FakeClock()
    held = {"value": 5}

    def get():
        gate()
        return held["value"]

    def build(pr, root):
        hooks = {"localGet": get, "localSet": lambda value: held.update(value=value)}
        root.add(pr.LocalVariable(name="Var", value=5, **hooks))

    served = site(build, clock=clock, open_timeout=LIMIT)
    pv, holder = served.pv("Var"), served.holder("Var")
    visitor = served.client()
    visitor.get(pv)  # type and value are known from now on
    wait_until(lambda: holder.is_open)
    visitor.close()
    wait_until(lambda: not holder.is_open)

    gate.shut()
    window.hold(holder)
    reads = gate.entered
    client = served.client()
    put = window.watch(client.start_put(pv, 6))
    gate.wait_entered(reads + 1)
    late = in_thread(lambda: clock.advance(LIMIT + 1))
    window.begins()
    gate.open()
    shows_after(window, client, pv, put, before=5, after=6)
    late.result(LIMIT)


def test_a_command_that_takes_an_argument(site, window):
    def build(pr, root):
        root.add(pr.LocalCommand(name="Echo", value=5, function=lambda arg: arg))

    served = site(build, open_timeout=LIMIT)
    pv = served.pv("Echo")
    window.hold(served.holder("Echo"))
    client = served.client()
    put = window.watch(client.start_put(pv, 6))
    window.begins()
    shows_after(window, client, pv, put, before=5, after=6)


def test_a_command_without_argument_runs_when_its_pv_can_show_it(site, window):
    ran = threading.Event()

    def build(pr, root):
        root.add(pr.LocalCommand(name="Go", function=ran.set))

    served = site(build, open_timeout=LIMIT)
    window.hold(served.holder("Go"))
    put = window.watch(served.client().start_put(served.pv("Go"), 1))
    window.begins()
    assert window.next() == WAITS
    assert not ran.is_set()
    window.end()
    put.result(LIMIT)
    assert ran.is_set()


def test_a_put_on_the_thread_that_would_open_the_pv_does_not_wait_for_it(site, monkeypatch):
    def build(pr, root):
        root.add(pr.LocalVariable(name="Var", value=5))

    served = site(build, open_timeout=10 * LIMIT)
    pv, holder = served.pv("Var"), served.holder("Var")
    client = served.client()
    client.get(pv)
    wait_until(lambda: holder.is_open)
    (outlet,) = holder.parts.publisher.publications
    really = Publisher.await_opening

    def await_opening(publisher):
        before, outlet.state = outlet.state, State.OPENING
        try:
            really(publisher)
        finally:
            outlet.state = before

    monkeypatch.setattr(Publication, "opening", threading.Event())
    monkeypatch.setattr(Publisher, "await_opening", await_opening)
    client.start_put(pv, 6).result(LIMIT)
    assert client.get(pv).value == 6
