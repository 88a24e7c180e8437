"""In what order, and when, the server's thread hands on the operations of PVAccess clients."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from support.engine.fakes import ENTRY

from roguebridge.backends.epics.pva import backlog as module
from roguebridge.backends.epics.pva.backlog import BUDGET, SLICE, Backlog, Operation
from roguebridge.core.requests import QueuedBytes

OTHER = replace(ENTRY, path="Top.Dev.Other", pv_name="B:Top:Dev:Other")


class World:
    """A backlog, its clock, and what was handed on."""

    def __init__(self, most=1_000_000):
        self.seconds = 100.0
        self.done, self.calls, self.cost = [], 0, 0.0
        self.queued = QueuedBytes(most)
        self.backlog = Backlog(self.queued, self.call, lambda: self.seconds)

    def call(self):
        self.calls += 1

    def take(self, *names, entry=ENTRY, size=0, **options):
        """Operations come; the first letter of their name is their client."""
        made = [Fake(self, name, entry, size, **options) for name in names]
        for one in made:
            self.backlog.take(one)
        return made

    def use_up(self, *clients):
        """Let clients take their budgets, the later ones while the earlier ones still rest."""
        for position, client in enumerate(clients, 1):
            self.cost = BUDGET * 10 ** (len(clients) - position)
            self.take(f"{client}0")
        self.cost = 0.0
        self.done.clear()

    @property
    def bytes(self):
        return self.queued._sum


class Fake(Operation):
    def __init__(self, world, name, entry, size, answered=True, error=None):
        self.world, self.name, self._size, self.error = world, name, size, error
        self.request = SimpleNamespace(answered=answered)
        self.failures = []
        op = SimpleNamespace(
            peer=lambda: name[0],
            onCancel=lambda call: setattr(self, "gone", call),
            done=lambda error: self.failures.append(error),
        )
        super().__init__(op, entry)

    def size(self):
        if self._size is None:
            raise ValueError
        return self._size

    def hand_on(self, refusal=""):
        self.world.seconds += self.world.cost
        if self.error:
            raise self.error
        self.world.done.append(f"{self.name}: {refusal}" if refusal else self.name)
        return self.request


@pytest.fixture
def world():
    return World()


def test_what_a_client_sends_within_its_budget_is_handed_on_at_once(world):
    world.cost = BUDGET / 3.5
    world.take("a1", "a2", "a3", "a4")
    assert (world.done, world.calls, world.bytes) == (["a1", "a2", "a3", "a4"], 0, 0)
    world.take("a5")
    assert (len(world.done), world.calls) == (4, 1)
    assert world.bytes > 0


def test_others_are_not_held_up_and_the_budget_comes_back(world):
    world.use_up("a")
    world.take("a1")
    world.take("b1", entry=OTHER)
    assert world.done == ["b1"]
    world.backlog.go_on()
    assert world.done == ["b1", "a1"]
    world.take("a2")
    world.backlog.go_on()
    assert world.calls == 2
    world.seconds += BUDGET
    world.take("a3")
    assert (world.done[-1], world.calls, world.bytes) == ("a3", 2, 0)


def test_in_the_long_run_a_client_has_half_of_the_time(world):
    step = BUDGET / 10
    at_once, end = 0, world.seconds + 1
    while world.seconds < end:
        world.cost = step
        world.take("a")
        if not world.backlog.is_due:
            at_once += 1
        else:
            world.seconds += step
            world.cost = 0.0
            world.backlog.go_on()
    assert at_once * step == pytest.approx(0.5, abs=0.02)


def test_clients_take_turns_and_each_keeps_its_order(world):
    world.use_up("a", "b")
    world.take("a1", "a2", "a3", "a4")
    world.take("b1", "b2", entry=OTHER)
    world.backlog.go_on()
    assert world.done == ["a1", "b1", "a2", "b2", "a3", "a4"]
    assert not world.backlog.is_due


def test_the_operations_of_a_node_stay_in_order_across_clients_and_aliases(world):
    alias = replace(ENTRY, pv_name="Short")
    world.use_up("a")
    world.take("a1", "a2")
    world.take("b1", entry=alias)  # though it has its whole budget
    world.take("b2", entry=OTHER)  # which comes after b1
    world.take("a3")
    world.backlog.go_on()
    assert world.done == ["a1", "a2", "b1", "a3", "b2"]


def test_a_slice_of_time_ends_and_the_next_goes_on(world):
    world.use_up("a")
    world.take(*(f"a{n}" for n in range(10)))
    world.cost = SLICE / 2.5
    world.backlog.go_on()
    assert (len(world.done), world.backlog.is_due) == (3, True)
    for _ in range(3):
        world.backlog.go_on()
    assert (world.done, world.backlog.is_due) == ([f"a{n}" for n in range(10)], False)


def test_a_client_has_so_many_requests_with_the_engine_and_the_next_with_an_answer(
    world, monkeypatch
):
    monkeypatch.setattr(module, "IN_HAND", 2)
    world.use_up("a", "b")
    first = world.take("a1", "a2", "a3", "a4", answered=False)
    world.backlog.go_on()
    assert (world.done, world.backlog.is_due, world.calls) == (["a1", "a2"], False, 1)
    world.take("b1", entry=OTHER)  # goes on though a has to wait
    assert (world.backlog.is_due, world.calls) == (True, 2)
    world.backlog.go_on()
    assert (world.done, world.backlog.is_due) == (["a1", "a2", "b1"], False)
    first[0].request.answered = True
    world.backlog.answered()
    assert (world.backlog.is_due, world.calls) == (True, 3)
    world.backlog.answered()
    assert world.calls == 3
    world.backlog.go_on()
    assert (world.done, world.backlog.is_due) == (["a1", "a2", "b1", "a3"], False)


def test_what_has_no_room_is_refused_and_the_bytes_are_given_back():
    world = World(5000)
    world.use_up("a")
    world.take("a1", size=3000)
    world.take("a2", size=2000)
    assert world.done == [
        "a2: B:Top:Dev:V: busy: 4000 bytes of this client are waiting, "
        "and 3000 more are beyond max_queued_bytes (5000)"
    ]
    world.take("a3", size=None)  # it cannot be read
    world.backlog.go_on()
    assert (world.done[1:], world.bytes) == (["a1", "a3"], 0)


def test_one_that_is_cancelled_while_it_waits_is_handed_on_as_such(world):
    world.use_up("a")
    first, second = world.take("a1", "a2")
    second.gone()
    world.backlog.go_on()
    assert (first.cancelled, second.cancelled) == (False, True)
    assert world.done == ["a1", "a2"]


def test_one_that_fails_is_answered_and_the_others_go_on(world, caplog):
    world.use_up("a")
    (bad,) = world.take("a1", error=ZeroDivisionError("why"))
    world.take("a2")
    world.backlog.go_on()
    assert (world.done, bad.failures) == (["a2"], ["internal error"])
    assert "B:Top:Dev:V: an operation failed" in caplog.text


def test_at_the_end_all_that_waits_is_refused(world):
    world.use_up("a")
    world.take("a1", "a2")
    world.take("b1")
    world.take("b2", entry=OTHER)
    world.backlog.end("stop")
    assert sorted(world.done) == ["a1: stop", "a2: stop", "b1: stop", "b2: stop"]
    assert (world.bytes, world.backlog.is_due) == (0, False)


def test_clients_that_have_left_are_forgotten(world):
    for number in range(1000):
        world.take(chr(0x4E00 + number))
        world.seconds += BUDGET
    assert len(world.backlog._rested) <= module._MANY + 1
