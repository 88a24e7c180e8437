"""Every backend, over the wire: updates that are held back, as clients see them."""

import numpy as np
import pytest
from support.engine.fakes import FakeClock

from roguebridge.core.values.alarm import HIHI, NO_ALARM


@pytest.fixture
def lab(site):
    """Serve some variables at the pace of the options, by a clock that stands still."""

    def build(pr, root):
        root.add(pr.LocalVariable(name="Level", value=0.0, highAlarm=100.0))
        root.add(pr.LocalVariable(name="Free", value=0.0))
        root.add(pr.LocalVariable(name="Count", value=0))
        root.add(pr.LocalVariable(name="Wave", value=np.zeros(4)))

    def make(**options):
        made = site(build, clock=FakeClock(), **options)
        made.clock = made.server._clock
        return made

    return make


def tell(lab, name, *values):
    """Have updates delivered, and wait for each: the tree, or a backend, may make one of two."""
    for value in values:
        lab.node(name).set(value)
        lab.root.waitOnUpdate()
        lab.backend.flush()


def watch(lab, name, client=None):
    """A monitor that has got the first value, of a PV that the engine knows to be open."""
    watching = (client or lab.client()).monitor(lab.pv(name))
    first = watching.next()
    while not lab.holder(name).is_open:
        lab.backend.flush()
    return watching, first


def test_a_burst_is_two_posts_and_the_last_is_its_last(lab):
    lab = lab(update_rate=10)
    watching, first = watch(lab, "Level")
    assert first.value == 0
    times = [first.time_ns]
    for burst in range(1, 4):
        start = 1000.0 * burst
        tell(lab, "Level", *(start + n for n in range(100)))
        got = watching.next()
        assert got.value == start
        times.append(got.time_ns)
        lab.clock.advance(0.05)
        lab.backend.flush()
        assert watching.none_waiting()
        lab.clock.advance(0.06)
        got = watching.next()
        assert got.value == start + 99
        times.append(got.time_ns)
        lab.clock.advance(1)
    assert times == sorted(set(times))


def test_only_what_the_glob_names_is_slow(lab):
    lab = lab(update_rate={"Top.Free": None, "Top.*": 1})
    free, _ = watch(lab, "Free")
    slow, _ = watch(lab, "Level")
    for value in (1.0, 2.0, 3.0):
        tell(lab, "Level", value)
        tell(lab, "Free", value)
        assert free.next().value == value
    assert slow.next().value == 1
    lab.clock.advance(1)
    assert slow.next().value == 3


def test_small_changes_are_not_shown_and_a_get_shows_what_is(lab):
    lab = lab(deadband={"Top.Level": 1, "Top.Count": "10%"})
    level, _ = watch(lab, "Level")
    count, _ = watch(lab, "Count")
    tell(lab, "Level", 0.5, 1.0, 1.5, 2.0, 2.5, 2.6)
    tell(lab, "Count", 100, 105, 110, 90, 111, 120)
    assert [level.next().value for _ in range(2)] == [1.5, 2.6]
    assert [count.next().value for _ in range(2)] == [100, 111]
    lab.clock.advance(100)
    lab.backend.flush()
    assert level.none_waiting() and count.none_waiting()
    assert lab.client().get(lab.pv("Count")).value == 111


def test_an_alarm_is_not_late(lab):
    lab = lab(update_rate=1, deadband=1000)
    watching, _ = watch(lab, "Level")
    tell(lab, "Level", 1.0, 101.0)
    got = watching.next()
    assert (got.value, got.alarm) == (101, HIHI)
    tell(lab, "Level", 102.0, 99.0)
    lab.backend.flush()
    assert watching.none_waiting()
    lab.clock.advance(1)
    got = watching.next()
    assert (got.value, got.alarm) == (99, NO_ALARM)


def test_a_put_within_the_period_is_there_when_it_is_answered(lab):
    lab = lab(update_rate=0.1, deadband="50%")
    watching, _ = watch(lab, "Level")
    tell(lab, "Level", 10.0, 20.0)
    assert watching.next().value == 10
    client = lab.client()
    for value in (21.0, 22.0, 22.5):
        client.put(lab.pv("Level"), value)
        assert client.get(lab.pv("Level")).value == value
        assert watching.until(lambda shown, value=value: shown == value)
    lab.clock.advance(100)
    lab.root.waitOnUpdate()
    lab.backend.flush()
    assert client.get(lab.pv("Level")).value == 22.5


def test_a_read_that_is_asked_for_is_shown(lab):
    lab = lab(update_rate=0.1)
    watching, _ = watch(lab, "Level")
    tell(lab, "Level", 1.0, 2.0)
    assert watching.next().value == 1
    client = lab.client()
    client.rpc(lab.pv("Level"))
    assert watching.next().value == 2
    assert client.get(lab.pv("Level")).value == 2


def test_a_held_array_is_shown_as_it_was_when_it_came(lab):
    lab = lab(update_rate=1)
    watching, _ = watch(lab, "Wave")
    first, second = np.full(4, 1.0), np.full(4, 2.0)
    tell(lab, "Wave", first)
    assert watching.next().value.tolist() == [1] * 4
    tell(lab, "Wave", second)
    second[:] = 7
    lab.node("Wave").value()[:] = 8
    lab.clock.advance(1)
    assert watching.next().value.tolist() == [2] * 4


def test_two_clients_see_the_same_and_who_comes_late_the_newest_shown(lab):
    lab = lab(update_rate=1)
    one, _ = watch(lab, "Level")
    two, _ = watch(lab, "Level")
    tell(lab, "Level", 1.0, 2.0)
    assert one.next().value == two.next().value == 1
    three, first = watch(lab, "Level")
    assert first.value == 1
    lab.clock.advance(1)
    assert [each.next().value for each in (one, two, three)] == [2, 2, 2]


def test_who_comes_back_within_the_period_gets_the_newest(lab):
    lab = lab(update_rate=1)
    client = lab.client()
    watching, _ = watch(lab, "Level", client)
    tell(lab, "Level", 1.0, 2.0)
    assert watching.next().value == 1
    client.close()
    while lab.holder("Level").is_open:
        lab.backend.flush()
    again, first = watch(lab, "Level")
    assert first.value == 2
    lab.clock.advance(5)
    lab.backend.flush()
    assert again.none_waiting()


def test_a_stop_shows_what_is_held(lab):
    lab = lab(update_rate=1)
    watching, _ = watch(lab, "Level")
    tell(lab, "Level", 1.0, 2.0)
    assert watching.next().value == 1
    lab.server.stop()
    assert watching.next().value == 2
    lab.clock.advance(5)


def test_a_server_that_starts_again_keeps_its_pace(lab):
    lab = lab(update_rate=1)
    for _ in range(2):
        watching, first = watch(lab, "Level")
        tell(lab, "Level", first.value + 1, first.value + 2)
        assert watching.next().value == first.value + 1
        lab.clock.advance(1)
        assert watching.next().value == first.value + 2
        lab.server.stop()
        lab.server.start()
