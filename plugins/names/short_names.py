"""Short names for long ones: stable, and telling which node and server they are of."""

from __future__ import annotations

import hashlib

_DIGITS = 8  # of a hash: among 10,000 names two are the same once in a hundred trees
#: the least that a short name may have room for
LEAST = 20


def short_name(name: str, base: str, last: str, longest: int) -> str:
    """Return a name of at most ``longest`` bytes for a longer one.

    It depends on nothing else, so that it is the same after each start.

    :param name: the long name
    :param base: the server's, the beginning of the short one
    :param last: the node's own name, its end
    """
    mark = hashlib.sha256(name.encode()).hexdigest()[:_DIGITS]
    room = longest - len(mark) - 2
    end = _cut(last, room - min(len(base.encode()), room // 2))
    return ":".join(filter(None, (_cut(base, room - len(end.encode())), mark, end)))


def _cut(text: str, most: int) -> str:
    return text.encode()[: max(most, 0)].decode("utf-8", "ignore")
