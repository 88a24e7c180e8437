"""The threads and queues between requests and those who take records of them."""

import logging
import threading

import pytest
from support.engine.audit import RaisingSink, Sink, make_record
from support.engine.fakes import WAIT, FakeClock, bridge_threads, join

from roguebridge.core.errors import PluginError
from roguebridge.core.requests.audit import AuditTrail

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


class Lab:
    """A trail for some sinks, and what it has said."""

    def __init__(self, *sinks, limit=3):
        self.clock = FakeClock()
        self.sinks = sinks
        self.said = []
        named = [(f"P{n}", sink.request_done) for n, sink in enumerate(sinks)]
        self.trail = AuditTrail(named, self.clock, limit)
        self.trail.start(lambda level, text: self.said.append((level, text)))

    def add(self, *values):
        for value in values:
            self.trail.add(make_record(value))

    def fill(self, *values):
        """Have the first sink hold its thread with the first value."""
        self.add(values[0])
        assert self.sinks[0].entered.wait(WAIT)
        self.add(*values[1:])

    def stop(self, seconds=5.0):
        """Stop while time goes on."""
        stopping = threading.Thread(target=self.trail.stop, args=(seconds,))
        stopping.start()
        while stopping.is_alive():
            self.clock.advance(1.0)
            stopping.join(0.01)


@pytest.fixture
def lab():
    labs = []

    def make(*sinks, **options):
        labs.append(Lab(*sinks, **options))
        return labs[-1]

    yield make
    for one in labs:
        for sink in one.sinks:
            sink.gate.set()
        one.stop()
        join(*(t for t in threading.enumerate() if t.name.startswith("roguebridge-audit")))


def error(text):
    return (logging.ERROR, f"plugin P0: {text}")


def test_every_sink_takes_every_record_in_order(lab):
    one, two = Sink(), Sink()
    here = lab(one, two, limit=100)
    here.add(*range(50))
    assert [one.next().value for _ in range(50)] == list(range(50))
    assert [two.next().value for _ in range(50)] == list(range(50))
    assert here.trail.problems() == here.said == []


def test_a_sink_that_holds_its_thread_holds_neither_who_adds_nor_another_sink(lab):
    held, free = Sink(open=False), Sink()
    here = lab(held, free)
    here.fill(1, 2)
    assert [free.next().value for _ in range(2)] == [1, 2]
    assert held.taken.empty()


def test_what_overflows_is_counted_and_said_once_a_minute(lab):
    sink = Sink(open=False)
    here = lab(sink, limit=2)
    here.fill(0, 1, 2)  # one is being taken, two wait
    assert here.said == []
    here.add(3)
    lost = "audit records are lost: {}; it takes them too slowly"
    assert here.said == [error(lost.format(1))]
    here.add(4, 5, 6)
    here.clock.advance(59)
    assert len(here.said) == 1
    here.clock.advance(1)
    assert here.said[1:] == [error(lost.format(3))]
    here.clock.advance(600)
    assert len(here.said) == 2
    here.add(7)
    assert here.said[2:] == [error(lost.format(1))]
    assert here.trail.problems() == [
        "plugin P0: audit records are lost: 5; it takes them too slowly"
    ]


def test_a_sink_that_lost_records_learns_how_many_and_where(lab):
    sink = Sink(open=False)
    here = lab(sink, limit=2)
    here.fill(0, 1, 2, 3, 4)
    sink.gate.set()
    taken = [sink.next() for _ in range(3)]
    here.add(5)
    taken.append(sink.next())
    here.add(6)
    taken.append(sink.next())
    assert [(r.value, r.lost) for r in taken] == [(0, 0), (1, 0), (2, 0), (5, 2), (6, 0)]


def test_loss_that_was_not_said_yet_is_said_at_the_stop(lab):
    sink = Sink(open=False)
    here = lab(sink, limit=1)
    here.fill(0, 1, 2, 3, 4)
    sink.gate.set()
    here.stop()
    lost = "audit records are lost: {}; it takes them too slowly"
    assert here.said == [error(lost.format(1)), error(lost.format(2))]


@pytest.mark.parametrize("oops", [RuntimeError("oops"), SystemExit("oops"), PluginError("oops")])
def test_a_raising_sink_is_named_in_the_log_and_gets_the_next_record(lab, caplog, oops):
    caplog.set_level(logging.DEBUG, "roguebridge.plugins")
    sink, other = RaisingSink(), Sink()
    here = lab(sink, other, limit=10)
    here.add(oops, 2)
    assert [sink.next().value, sink.next().value] == [oops, 2]
    assert [other.next().value, other.next().value] == [oops, 2]
    here.stop()
    kind = "" if isinstance(oops, PluginError) else f"{type(oops).__name__}: "
    text = f"plugin P0: request_done failed: {kind}oops; 1 records so far"
    assert here.trail.problems() == [text]
    logged = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.getMessage() for record in logged] == [text]
    traced = [record for record in caplog.records if record.exc_info]
    assert bool(traced) is not isinstance(oops, PluginError)
    assert all(record.levelno == logging.DEBUG for record in traced)


def test_a_sink_that_always_raises_is_logged_once_a_minute_and_at_the_stop(lab, caplog):
    sink = RaisingSink()
    here = lab(sink, limit=10)

    def add(*errors):
        for each in errors:
            here.add(each)
            sink.next()
        here.add("ok")
        sink.next()  # so that the error before it has been noted

    add(OSError("1"), OSError("2"))
    here.clock.advance(59)
    add(OSError("3"))
    here.clock.advance(1)
    add(OSError("4"), OSError("5"))
    here.stop()
    said = [record.getMessage().partition("failed: ")[2] for record in caplog.records]
    assert said == [f"OSError: {n}; {n} records so far" for n in (1, 4, 5)]


def test_a_log_that_raises_ends_no_sink(lab):
    class Handler(logging.Handler):
        def emit(self, record):
            raise RuntimeError("no log")

    handler = Handler()
    logging.getLogger("roguebridge.plugins").addHandler(handler)
    try:
        sink = RaisingSink()
        here = lab(sink, limit=10)
        here.add(OSError("1"), 2)
        assert isinstance(sink.next().value, OSError)
        assert sink.next().value == 2
    finally:
        logging.getLogger("roguebridge.plugins").removeHandler(handler)


def test_a_stop_waits_until_all_is_taken(lab):
    sink = Sink(open=False)
    here = lab(sink)
    here.fill(1, 2, 3)
    stopping = threading.Thread(target=here.trail.stop, args=(5.0,))
    stopping.start()
    sink.gate.set()
    join(stopping)
    assert [sink.next().value for _ in range(3)] == [1, 2, 3]
    assert here.said == bridge_threads() == []


def test_a_stop_ends_in_time_whatever_the_sinks_do_and_says_what_is_left(lab):
    held, also, free = Sink(open=False), Sink(open=False), Sink()
    here = lab(held, also, free)
    here.fill(1, 2, 3)
    assert also.entered.wait(WAIT)
    here.stop(5.0)
    assert here.clock.seconds < 60
    left = "audit records are lost: 3; they were left at the stop"
    assert [text for _, text in here.said] == [f"plugin P0: {left}", f"plugin P1: {left}"]
    assert [free.next().value for _ in range(3)] == [1, 2, 3]
    held.gate.set()
    assert held.next().value == 1


def test_a_sink_may_stop_the_trail(lab):
    stopped = threading.Event()

    class Stopper(Sink):
        def request_done(self, record):
            super().request_done(record)
            here.trail.stop(5.0)
            stopped.set()

    sink = Stopper(open=False)
    here = lab(sink)
    here.fill(1, 2)
    sink.gate.set()
    assert stopped.wait(WAIT)
    assert here.said == [error("audit records are lost: 1; they were left at the stop")]


def test_a_trail_that_was_never_started_can_be_stopped():
    AuditTrail([("P", print)], FakeClock()).stop(5.0)
