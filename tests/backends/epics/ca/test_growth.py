"""How many elements a channel has is fixed: a value that outgrows it ends the channel."""

import threading

import numpy as np
import pytest
from support.clients import LIMIT, in_thread, wait_until

ROOM = 4


def build(pr, root):
    root.add(pr.LocalVariable(name="Wave", value=np.arange(4.0)))
    root.add(pr.LocalVariable(name="Text", value="short"))
    root.add(pr.LocalVariable(name="Long", value="word " * 600))
    root.add(pr.LocalVariable(name="Words", value=np.array(["a", "b"])))
    root.add(pr.LocalVariable(name="Other", value=1))
    frame = np.zeros((2, 2), np.uint8)
    root.add(pr.LocalVariable(name="Image", value=frame, typeCheck=False))
    root.add(pr.LocalVariable(name="Empty", value=np.zeros(0)))
    root.add(pr.LocalVariable(name="One", value=np.zeros(1)))


@pytest.fixture
def served(serve):
    return serve(build)


class Ends:
    """Counts how often a client's channels were ended."""

    def __init__(self, client):
        self.count = 0
        really = client._handle

        def handle(command):
            self.count += type(command).__name__ == "ServerDisconnResponse"
            really(command)

        client._handle = handle


@pytest.mark.parametrize(
    ("path", "field", "first", "longer"),
    [
        ("Wave", "", np.arange(4.0), np.arange(9.0)),
        ("Words", "", np.array(["a", "b"]), np.array(["a", "b", "c"])),
        ("Text", "$", "short", "long " * 300),
    ],
)
def test_the_channel_is_announced_anew_once_and_the_value_arrives(
    served, path, field, first, longer
):
    ends = Ends(served.client)
    updates = served.monitor(path, field)
    updates.next()
    room = served.type(path, field)[1]
    served.node(path).set(longer)
    size = len(longer)
    shown = updates.until(lambda reading: len(reading.value) == size)
    assert len(shown.value) == size
    assert served.type(path, field)[1] >= size > room
    assert ends.count == 1
    served.node(path).set(longer[:-1])  # it shrinks: there is room
    assert len(updates.next().value) == size - 1
    served.node(path).set(longer)
    assert len(updates.next().value) == size
    assert ends.count == 1


def test_what_grows_for_ever_is_announced_anew_now_and_then(served):
    ends = Ends(served.client)
    updates = served.monitor("Wave")
    updates.next()
    for size in range(5, 200):
        served.node("Wave").set(np.zeros(size))
        updates.until(lambda reading, size=size: len(reading.value) == size)
    assert 1 < ends.count < 10


def test_the_room_is_kept_for_the_next_client(served):
    served.value("Wave")
    served.node("Wave").set(np.arange(9.0))
    wait_until(lambda: served.type("Wave")[1] >= 9)
    served.node("Wave").set(np.arange(2.0))
    served.client.close()
    wait_until(lambda: not served.server.holders["Top.Wave"].is_open)
    other = served.another()
    assert other.channel(served.pv("Wave")).native_data_count >= 9


def test_other_channels_of_the_client_and_other_fields_go_on(served):
    ends = Ends(served.client)
    other = served.monitor("Other")
    name = served.monitor("Wave", ".NAME")
    wave = served.monitor("Wave")
    for updates in (other, name, wave):
        updates.next()
    served.node("Wave").set(np.arange(9.0))
    wave.until(lambda reading: len(reading.value) == 9)
    served.node("Other").set(2)
    assert other.next().value == 2
    assert served.value("Wave", ".NAME") == "T:Top:Wave"
    assert ends.count == 1


def test_a_frame_of_another_type_is_announced_anew(served):
    updates = served.monitor("Image")
    updates.next()
    assert served.type("Image")[0] == "CHAR"
    served.node("Image").set(np.full((2, 2), 0.5, np.float32))
    shown = updates.until(lambda reading: np.any(reading.value))
    assert list(shown.value) == [0.5] * 4
    assert served.type("Image")[0] == "FLOAT"


def test_an_array_is_no_number_however_small_it_is(served):
    for path in ("Empty", "One"):
        assert served.type(path)[1] == 2
    assert list(served.value("Empty")) == []
    assert list(served.value("One")) == [0.0]


def test_a_put_that_waits_is_answered_before_its_channel_ends(serve):
    entered, go = threading.Event(), threading.Event()

    def slow(value):
        if armed:
            entered.set()
            assert go.wait(LIMIT)

    armed = []

    def gated(pr, root):
        root.add(pr.LocalVariable(name="Wave", value=np.arange(4.0), localSet=slow))
        root.add(pr.LocalVariable(name="Grow", value=np.arange(4.0)))

    served = serve(gated)
    armed.append(1)
    ends = Ends(served.client)
    put = in_thread(lambda: served.put("Wave", np.ones(4)))
    assert entered.wait(LIMIT)
    (outlet,) = served.server.holders["Top.Wave"].parts.publisher.publications
    reading = served.get("Wave")
    outlet.served.post(reading._replace(value=np.zeros(50), time_ns=reading.time_ns + 1))
    served.value("Grow")
    assert ends.count == 0 and not put.done()
    go.set()
    put.result(LIMIT)
    wait_until(lambda: ends.count == 1)


@pytest.mark.parametrize("count", [1, 3, 4])
def test_a_client_gets_as_many_elements_as_it_asks_for(served, count):
    found = served.raw("Wave", kind="time", count=count)
    assert found.data_count == count
    assert list(found.data) == list(np.arange(4.0)[:count])


def test_zeros_stand_behind_the_elements_there_are(served):
    served.value("Wave")
    served.node("Wave").set(np.array([7.0, 8.0]))
    wait_until(lambda: len(served.value("Wave")) == 2)
    assert list(served.raw("Wave", kind="time", count=4).data) == [7.0, 8.0, 0.0, 0.0]


def test_zeros_stand_behind_the_elements_there_is_room_for(served):
    assert list(served.raw("Wave", kind="time", count=6).data) == [0.0, 1.0, 2.0, 3.0, 0.0, 0.0]
    assert list(served.raw("Other", kind="time", count=3).data) == [1, 0, 0]
    update = served.monitor("Wave", count=6).next()
    assert list(update.value) == [0.0, 1.0, 2.0, 3.0, 0.0, 0.0]


def test_far_more_elements_than_there_is_room_for_are_refused(served):
    with pytest.raises(Exception, match="20000 elements of 4"):
        served.raw("Wave", kind="time", count=20_000)
    assert served.value("Other") == 1


def test_a_large_array_travels(serve):
    big = np.arange(200_000.0)

    def build(pr, root):
        root.add(pr.LocalVariable(name="Big", value=big))

    served = serve(build)
    assert np.array_equal(served.value("Big"), big)
    served.put("Big", big[::-1])
    assert np.array_equal(served.node("Big").value(), big[::-1])
    assert np.array_equal(served.value("Big"), big[::-1])


@pytest.mark.parametrize(
    ("path", "field", "short"),
    [
        ("Wave", "", np.arange(2.0)),
        ("Words", "", np.array(["a"])),
        ("Image", "", np.zeros((1, 1), np.uint8)),
        ("Long", "$", "short"),
    ],
)
def test_a_short_value_takes_no_room_from_a_first_client(served, path, field, short):
    whole = served.node(path).value()
    size = whole.size if hasattr(whole, "size") else len(whole)
    served.node(path).set(short)
    assert served.type(path, field)[1] >= size


@pytest.mark.parametrize(("path", "field"), [("Wave", ""), ("Long", "$")])
def test_a_first_client_puts_as_much_as_there_was(served, path, field):
    whole = served.node(path).value()
    served.node(path).set(whole[:2])
    served.put(path, list(map(ord, whole)) if field else whole.tolist(), field)
    assert np.array_equal(served.node(path).value(), whole)


def test_the_longest_value_counts_though_no_client_had_the_field(served):
    assert served.type("Wave")[1] == ROOM
    other = served.another()
    assert other.channel(served.pv("Wave") + ".SEVR").native_data_count == 1
    served.client.close()
    for size in (9, 2):
        served.node("Wave").set(np.arange(float(size)))
        served.root.waitOnUpdate()
    assert other.channel(served.pv("Wave")).native_data_count >= 9


def test_a_long_text_keeps_its_room_when_the_pv_is_opened_again(served):
    served.value("Text", "$")
    served.node("Text").set("long " * 1000)
    wait_until(lambda: served.type("Text", "$")[1] >= 5000)
    served.node("Text").set("short")
    served.client.close()
    wait_until(lambda: not served.server.holders["Top.Text"].is_open)
    other = served.another()
    assert other.channel(served.pv("Text") + "$").native_data_count >= 5000
