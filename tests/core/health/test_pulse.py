"""The pulse of the tree: how late its signs of life are, and whether it is busy or hung."""

import threading
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from support.engine.fakes import WAIT, join

from roguebridge.core.concurrency.clock import SystemClock
from roguebridge.core.concurrency.jobs import FunctionJob
from roguebridge.core.concurrency.workers import WorkerPool
from roguebridge.core.health.life_signs import (
    LifeSign,
    PollRounds,
    RemoteLinks,
    RunningRequests,
    UpdateMarkers,
    signs_of,
)
from roguebridge.core.health.pulse import Pulse
from roguebridge.core.values.alarm import NO_ALARM, Alarm, Severity, Status

STUCK_AFTER = 10.0


class Sign(LifeSign):
    """A sign that the test makes due."""

    who = "the sign"

    def look(self, now):
        pass


def pulse_of(*signs):
    return Pulse(signs, STUCK_AFTER)


def looks(pulse, start, end, step=0.25):
    now = start
    while now <= end:
        pulse.look(now)
        now += step


def test_a_sign_that_is_due_too_long_is_an_alarm_with_words():
    sign = Sign()
    pulse = pulse_of(sign)
    pulse.look(0.0)
    assert (pulse.age, pulse.text, pulse.alarm) == (0.0, "", NO_ALARM)
    sign.since = 0.25
    looks(pulse, 0.25, 10.0)
    assert pulse.alarm == NO_ALARM
    assert pulse.text == "hung: the sign for 10 s"
    pulse.look(10.25)
    assert pulse.alarm == Alarm(Severity.MAJOR, Status.DRIVER, "hung: the sign for 10 s")
    sign.since = None
    pulse.look(10.5)
    assert (pulse.age, pulse.text, pulse.alarm) == (0.0, "", NO_ALARM)


def test_the_sign_that_is_late_most_counts():
    first, second = Sign(), Sign()
    second.who = "the other"
    pulse = pulse_of(first, second)
    first.since, second.since = 3.0, 2.0
    looks(pulse, 4.0, 5.0)
    assert pulse.age == 3.0
    assert pulse.text == "hung: the other for 3 s"


def test_a_process_that_was_stopped_is_not_late_when_it_goes_on():
    sign = Sign()
    pulse = pulse_of(sign)
    sign.since = 0.0
    pulse.look(0.25)
    pulse.look(3600.0)
    assert (pulse.age, pulse.alarm) == (0.0, NO_ALARM)
    looks(pulse, 3600.25, 3609.75)
    assert pulse.alarm == NO_ALARM
    pulse.look(3610.0)
    assert pulse.alarm.severity is Severity.MAJOR


def test_a_sign_without_anything_due_survives_a_stop():
    sign = Sign()
    sign.restart(5.0)
    assert sign.since is None


def test_a_tree_without_signs_is_alive():
    pulse = pulse_of()
    looks(pulse, 0.0, 20.0)
    assert (pulse.age, pulse.alarm, pulse.started) == (0.0, NO_ALARM, True)


@contextmanager
def updates_held(root):
    """Hold the update thread in a listener."""
    reached, go = threading.Event(), threading.Event()

    def hold(path, value):
        reached.set()
        assert go.wait(WAIT)

    root.V.addListener(hold)
    root.V.set(2)
    assert reached.wait(WAIT)
    try:
        yield
    finally:
        go.set()
        root.waitOnUpdate()


@pytest.fixture
def root(tree, running):
    root = tree.pr.Root(name="Top", pollEn=True)
    root.add(tree.pr.LocalVariable(name="V", value=1))
    with running(root):
        yield root


def test_a_marker_comes_through_the_update_thread_unless_it_is_held_up(root):
    markers = UpdateMarkers(root, lambda: "Top.V")
    markers.look(1.0)
    root.waitOnUpdate()
    assert markers.age(5.0) == 0.0
    with updates_held(root):
        markers.look(5.0)
        markers.look(6.0)
        assert markers.age(8.0) == 3.0
        text, hardware = markers.where()
        assert text.startswith("Top.V in hold, test_pulse.py:")
        assert hardware is False
        markers.restart(8.0)
        assert markers.age(9.0) == 1.0
    assert markers.age(20.0) == 0.0


def test_a_root_that_does_not_run_is_not_late(root):
    for sign in (UpdateMarkers(root, str), PollRounds(root)):
        root.stop()
        sign.look(1.0)
        assert sign.age(100.0) == 0.0


def test_a_dead_update_thread_is_said_to_have_ended():
    ended = threading.Thread(target=lambda: None)
    ended.start()
    join(ended)
    root = SimpleNamespace(running=True, _updateThread=ended)
    assert UpdateMarkers(root, str).where() == ("the update thread has ended", False)


def test_polls_are_late_while_they_are_held_off_and_only_if_they_are_on(root):
    polls = PollRounds(root)
    assert polls.begun
    polls.look(1.0)
    assert polls.age(9.0) == 0.0
    with root.pollBlock():
        assert polls.held_off
        polls.look(2.0)
        polls.look(3.0)
        assert polls.age(7.0) == 5.0
    polls.look(8.0)
    assert polls.age(9.0) == 0.0
    root.PollEn.set(False)
    with root.pollBlock():
        polls.look(10.0)
        assert polls.age(20.0) == 0.0


def test_a_round_of_polls_that_does_not_end_is_late(tree, running):
    reached, go = threading.Event(), threading.Event()
    armed = threading.Event()

    def read():
        if armed.is_set():
            reached.set()
            assert go.wait(WAIT)
        return 1

    root = tree.pr.Root(name="Top", pollEn=True)
    memory = tree.memory()
    root.addInterface(memory)
    device = tree.pr.Device(name="D", memBase=memory, offset=0)
    device.add(tree.pr.RemoteVariable(name="R", offset=0, bitSize=32, base=tree.pr.UInt))
    root.add(device)
    original = memory._doTransaction

    def hold(transaction):
        read()
        return original(transaction)

    memory._doTransaction = hold
    with running(root):
        polls = PollRounds(root)
        armed.set()
        root.D.R.setPollInterval(0.05)
        assert reached.wait(WAIT)
        polls.look(1.0)
        polls.look(2.0)
        assert polls.age(5.0) == 4.0
        text, hardware = polls.where()
        assert text.startswith("the poll thread in ")
        assert hardware is True
        armed.clear()
        go.set()


def test_rounds_that_follow_each_other_are_not_late(root):
    polls = PollRounds(root)
    with root.pollBlock():
        polls.look(1.0)
        next(root._pollQueue._counter)
        polls.look(2.0)
        assert polls.age(3.0) == 1.0


def test_of_requests_the_one_that_has_run_longest_counts():
    clock = SystemClock()
    pool = WorkerPool("test", clock)
    clock.start()
    requests = RunningRequests(pool)
    requests.look(clock.monotonic())
    assert requests.age(1e9) == 0.0
    reached, go = threading.Event(), threading.Event()

    def job():
        reached.set()
        assert go.wait(WAIT)

    before = clock.monotonic()
    assert pool.submit(FunctionJob("Top.V", job, "Top")) is None
    assert reached.wait(WAIT)
    requests.look(clock.monotonic())
    assert before <= requests.since <= clock.monotonic()
    text, hardware = requests.where()
    assert text.startswith("Top.V in job, test_pulse.py:")
    assert hardware is False
    requests.restart(before + 1000.0)
    requests.look(before + 1000.0)
    assert requests.age(before + 1002.0) == 2.0
    go.set()
    assert pool.drain(WAIT) == []
    pool.stop()
    clock.stop()


def test_a_remote_tree_is_late_while_its_link_is_down():
    client = SimpleNamespace(linked=True, addLinkMonitor=None)
    link = RemoteLinks(client)
    link.look(1.0)
    assert link.age(5.0) == 0.0
    client.linked = False
    link.look(5.0)
    link.look(6.0)
    assert link.age(7.0) == 2.0
    assert link.where() == ("no link to the server of the tree", False)
    client.linked = True
    link.look(8.0)
    assert link.age(9.0) == 0.0


def test_the_signs_are_those_that_a_tree_can_give(root):
    pool = WorkerPool("test", SystemClock())
    kinds = {type(sign) for sign in signs_of(root, pool, str)}
    assert kinds == {RunningRequests, UpdateMarkers, PollRounds}
    remote = SimpleNamespace(_client=SimpleNamespace(linked=True, addLinkMonitor=None))
    assert {type(sign) for sign in signs_of(remote, pool, str)} == {RunningRequests, RemoteLinks}


def test_a_pulse_is_started_when_the_poll_thread_is(tree, running):
    root = tree.pr.Root(name="Top", pollEn=False)
    pulse = Pulse([PollRounds(root)], STUCK_AFTER)
    assert not pulse.started
    with running(root):
        assert pulse.started


def test_a_load_of_a_configuration_is_busy(tree, running, tmp_path):
    if tree.name == "simtree":
        pytest.skip("simtree has no files")
    reached, go, armed = threading.Event(), threading.Event(), threading.Event()
    file = tmp_path / "all.yml"
    file.write_text("Top:\n  V: 7\n")

    def hold(value):
        if armed.is_set():
            reached.set()
            assert go.wait(WAIT)

    root = tree.pr.Root(name="Top", pollEn=True)
    root.add(tree.pr.LocalVariable(name="V", value=1, localSet=hold))
    with running(root):
        armed.set()
        load = threading.Thread(target=lambda: root.LoadConfig(str(file)))
        load.start()
        assert reached.wait(WAIT)
        pulse = Pulse([PollRounds(root)], STUCK_AFTER)
        looks(pulse, 0.0, 2.0)
        text = pulse.text
        go.set()
        join(load)
    assert text == "busy: Top.LoadConfig for 2 s"


def test_a_read_of_all_registers_is_busy(tree, running):
    reached, go, armed = threading.Event(), threading.Event(), threading.Event()
    memory = tree.memory()
    original = memory._doTransaction

    def hold(transaction):
        if armed.is_set():
            reached.set()
            assert go.wait(WAIT)
        return original(transaction)

    memory._doTransaction = hold
    root = tree.pr.Root(name="Top", pollEn=True)
    root.addInterface(memory)
    device = tree.pr.Device(name="D", memBase=memory, offset=0)
    device.add(tree.pr.RemoteVariable(name="R", offset=0, bitSize=32, base=tree.pr.UInt))
    root.add(device)
    with running(root):
        armed.set()
        read = threading.Thread(target=root.ReadAll)
        read.start()
        assert reached.wait(WAIT)
        pulse = Pulse([PollRounds(root)], STUCK_AFTER)
        looks(pulse, 0.0, 2.0)
        text = pulse.text
        go.set()
        join(read)
    assert text == "busy: Top.ReadAll for 2 s"


def test_polls_that_a_script_holds_off_are_busy(root):
    pulse = Pulse([PollRounds(root)], STUCK_AFTER)
    with root.pollBlock():
        looks(pulse, 0.0, 3.0)
    assert pulse.text == "busy: pollBlock() for 3 s"
