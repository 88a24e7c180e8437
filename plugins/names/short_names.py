"""Short names of nodes whose PV name is too long: the same after each start, and readable."""

from __future__ import annotations

import hashlib

_DIGITS = 8  # of a hash: among 10,000 names two are the same once in a hundred trees
#: the least that a short name may have room for
LEAST = 20


def short_name(name: str, base: str, last: str, longest: int) -> str:
    """Return a name of at most ``longest`` bytes for a longer one.

    It depends on its arguments alone, so it is the same after each start.

    :param name: the long name
    :param base: of the server; the short name begins with it
    :param last: the node's own name; the short name ends with it
    """
    mark = hashlib.sha256(name.encode()).hexdigest()[:_DIGITS]
    room = longest - len(mark) - 2
    end = _cut(last, room - min(len(base.encode()), room // 2))
    return ":".join(filter(None, (_cut(base, room - len(end.encode())), mark, end)))


def _cut(text: str, most: int) -> str:
    return text.encode()[: max(most, 0)].decode("utf-8", "ignore")
