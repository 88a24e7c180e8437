"""Requests that wait are bounded in bytes, of each client and in all."""

import numpy as np
import pytest

from roguebridge.core.requests.queued_bytes import QueuedBytes, size_of


def test_a_client_has_its_share_and_no_more():
    queued = QueuedBytes(1000)
    assert queued.take("a", 600) is None
    assert queued.has_room("a", 400) and not queued.has_room("a", 401)
    assert queued.take("a", 401) == (
        "busy: 600 bytes of this client are waiting, and 401 more are beyond max_queued_bytes "
        "(1000)"
    )
    assert queued.take("b", 1000) is None
    queued.give_back("a", 600)
    assert queued.take("a", 1000) is None


def test_all_clients_have_four_times_as_much_and_what_is_small_is_taken_still():
    queued = QueuedBytes(10_000)
    for client in "abcd":
        assert queued.take(client, 10_000) is None
    assert queued.take("e", 5000) == (
        "busy: 40000 bytes of all clients are waiting: 5000 more are too many"
    )
    assert queued.take("e", 4000) is None
    queued.give_back("a", 10_000)
    assert queued.take("e", 5000) is None


def test_who_waits_for_room_is_woken_once():
    queued = QueuedBytes(10)
    woken = []
    queued.take("a", 5)
    queued.take("a", 5)
    queued.when_freed(lambda: woken.append(1))
    queued.give_back("a", 5)
    queued.give_back("a", 5)
    assert woken == [1]


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        (None, 0, 0),
        (7, 0, 0),
        (np.float32(1), 0, 0),
        (np.zeros(1000), 8000, 8000),
        ("x" * 1000, 1000, 1100),
        (["x" * 1000] * 3, 3000, 3400),
        ({"a": np.zeros(100), "b": [np.zeros(10), 1]}, 880, 1100),
        ([], 0, 100),
        (b"x" * 500, 500, 600),
    ],
)
def test_the_size_of_a_value_is_known_about(value, least, most):
    assert least <= size_of(value) <= most


def test_structures_too_deep_to_follow_are_counted_as_they_are():
    value = []
    for _ in range(1000):
        value = [value]
    assert 0 < size_of(value) < 1000
