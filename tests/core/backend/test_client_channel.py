"""A kept PV and its channels, on a network thread that the test plays."""

import pytest
from support.engine.fakes import ENTRY

from roguebridge.core.backend.client_channel import CachedPv, ClientChannel
from roguebridge.core.errors import BackendError
from roguebridge.core.requests.credentials import Credentials
from roguebridge.core.values.alarm import HIHI, NO_ALARM
from roguebridge.core.values.reading import Reading
from roguebridge.core.values.spec import NtKind, PvSpec, ScalarType

INT = PvSpec(NtKind.SCALAR, ScalarType.Int8)
WHO = Credentials("me", "127.0.0.1", "test")


def at(value, time_ns=1, alarm=NO_ALARM):
    return Reading(value, alarm, time_ns)


class Owner:
    """Notes what it is told; closes a PV whenever it is asked."""

    def __init__(self):
        self.told = []
        self.requests = []

    def client_arrived(self, served):
        self.told.append("arrived")

    def clients_gone(self, served):
        self.told.append("gone")
        return True

    def put(self, request):
        self.told.append(("put", request.value))
        self.requests.append(request)

    def rpc(self, request):
        self.told.append(("rpc", dict(request.arguments)))
        self.requests.append(request)

    def refuse(self, request, reason):
        request.error(reason)


class Line(ClientChannel):
    """Notes what its client would be told."""

    def __init__(self, pv):
        super().__init__(pv, WHO)
        self.told = []

    def show(self, reading):
        self.told.append(reading)

    def answer(self, asked, result, error):
        self.told.append((asked, result, error))


class World:
    """A PV, its owner, and what waits for the network's thread."""

    def __init__(self):
        self.left = []
        self.owner = Owner()
        self.pv = CachedPv(ENTRY, self.owner, self.left.append)

    def run(self):
        while self.left:
            self.left.pop(0)()

    def channel(self, connect=True):
        made = Line(self.pv)
        if connect:
            made.connect()
        return made


@pytest.fixture
def world():
    return World()


def test_a_channel_is_shown_what_there_is_and_each_later_reading(world):
    first = world.channel()
    assert world.owner.told == ["arrived"]
    world.pv.open(INT, at(3))
    assert first.told == []
    world.run()
    second = world.channel()
    assert first.told == second.told == [at(3)]
    world.pv.post(at(4, 2))
    world.pv.post_alarm(HIHI, 3)
    world.run()
    assert first.told == second.told == [at(3), at(4, 2), at(4, 3, HIHI)]
    assert world.owner.told == ["arrived"]


def test_what_does_not_fit_changes_nothing(world):
    channel = world.channel()
    world.pv.open(INT, at(3))
    with pytest.raises(ValueError, match="300 does not fit Int8"):
        world.pv.post(at(300, 2))
    world.run()
    assert (world.pv.reading, channel.told) == (at(3), [at(3)])


def test_a_closed_pv_shows_nothing(world):
    with pytest.raises(BackendError, match="is closed"):
        world.pv.post(at(3))
    world.pv.post_alarm(HIHI, 3)
    assert world.left == []


def test_with_its_last_channel_it_closes_and_a_channel_leaves_once(world):
    first, second = world.channel(), world.channel()
    world.pv.open(INT, at(3))
    world.run()
    first.gone()
    first.gone()
    assert world.owner.told == ["arrived"]
    second.gone()
    assert world.owner.told == ["arrived", "gone"]
    assert world.pv.spec is None and world.pv.reading is None


def test_puts_wait_for_the_pv_in_order_and_calls_do_not(world):
    channel = world.channel()
    channel.put("a", 1)
    channel.rpc("b", {"arg": 2})
    channel.put("c", "5")
    assert world.owner.told == ["arrived", ("rpc", {"arg": 2})]
    world.pv.open(INT, at(3))
    channel.put("d", 6)  # comes before the network's thread has heard that it is open
    world.run()
    assert world.owner.told[2:] == [("put", 1), ("put", 5), ("put", 6)]
    rpc, *puts = world.owner.requests
    for number, request in enumerate(puts):
        request.done()
        assert request.error("late") is False, number
    rpc.done(7)
    world.run()
    assert channel.told[1:] == [("a", None, ""), ("c", None, ""), ("d", None, ""), ("b", 7, "")]


def test_a_put_that_has_no_place_is_refused_and_one_without_a_value_is_not_looked_at(world):
    channel = world.channel()
    world.pv.open(INT, at(3))
    world.run()
    channel.put("a", 300)
    channel.put("b", None, marked=False, process=True)
    world.run()
    assert channel.told[1:] == [
        ("a", None, f"{ENTRY.pv_name}: the put cannot be read: 300 does not fit Int8")
    ]
    (request,) = world.owner.requests
    assert (request.marked, request.process, request.value) == (False, True, None)


def test_who_leaves_is_not_answered_and_what_it_asked_for_is_cancelled(world):
    channel = world.channel()
    world.pv.open(INT, at(3))
    world.run()
    channel.put("a", 1)
    world.owner.requests[0].done()
    channel.put("b", 2)
    channel.gone()
    answered, waiting = world.owner.requests
    assert (answered.cancelled, waiting.cancelled) == (False, True)
    waiting.error("no")
    world.run()
    assert channel.told == [at(3)]


def test_what_waits_for_a_pv_that_its_client_has_left_is_not_done(world):
    channel = world.channel()
    channel.put("a", 1)
    channel.gone()
    world.pv.open(INT, at(3))
    world.run()
    assert world.owner.told == ["arrived", "gone"]


def test_a_put_may_be_refused_by_the_backend_itself(world):
    channel = world.channel()
    request = channel.refuse("third", 7, "no user")
    assert (request.outcome, request.denied, request.value) == ("no user", True, 7)
    world.run()
    assert channel.told == [("third", None, "no user")]
