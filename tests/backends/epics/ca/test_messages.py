"""The bytes of a connection, cut into messages wherever the network has cut them."""

import struct

import pytest
from support.clients import rawca
from support.clients.rawca import packed

from roguebridge.backends.epics.ca.wire.messages import Messages

LARGE = 70_000
SENT = [
    packed(rawca.ECHO),
    packed(rawca.CLIENT, payload=b"user\0"),
    rawca.long_head(rawca.WRITE, LARGE, 4, LARGE, 1, 2) + bytes(LARGE),
    packed(rawca.READ, count=0, one=1, two=2),
    struct.pack("!HHHHII", rawca.WRITE, 0xFFFF, 4, 7, 1, 2) + bytes(0xFFFF),  # not extended
]


@pytest.mark.parametrize("piece", [1, 7, 16, 20, 1000, 2**20])
def test_messages_are_the_same_however_they_arrive(piece):
    data = b"".join(SENT)
    messages = Messages()
    found = []
    for at in range(0, len(data), piece):
        messages.add(data[at : at + piece])
        while (message := messages.take()) is not None:
            found.append(message.header + message.payload)
    assert found == SENT
    assert not messages


def test_the_size_of_a_message_is_known_from_its_header():
    messages = Messages()
    assert (messages.missing, messages.take()) == (0, None)
    messages.add(SENT[2][:10])
    assert (messages.size, messages.missing, messages.take()) == (16, 6, None)
    messages.add(SENT[2][10:20])
    assert (messages.size, messages.missing) == (24, 4)
    messages.add(SENT[2][20:100])
    assert (messages.size, messages.missing) == (LARGE + 24, LARGE + 24 - 100)
    assert messages.take() is None


def test_what_is_forgotten_takes_no_memory():
    messages = Messages()
    messages.add(bytes(1000))
    messages.clear()
    assert not messages and not messages._bytes
