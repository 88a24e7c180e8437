"""How many records each client may have: so many at once, and one more with each second."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

_MOST_KEYS = 1000  # clients that are counted apart


class Allowance:
    """What is left to one client, and how many records it was refused since the last one.

    :param most: records at once
    :param now: monotonic time
    """

    __slots__ = ("most", "left", "at", "missed")

    def __init__(self, most: int, now: float) -> None:
        self.most = most
        self.left = float(most)
        self.at = now
        self.missed = 0

    def take(self, now: float) -> bool:
        """Take one record, if there is one."""
        self.left = min(self.most, self.left + now - self.at)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


A = TypeVar("A", bound=Allowance)


class Allowances(Generic[A]):
    """The allowances of clients; bounded in number, whatever names clients make up.

    The caller holds a lock.

    :param make: returns that of a new client, at a monotonic time
    """

    def __init__(self, make: Callable[[float], A]) -> None:
        self._make = make
        self._of: dict[Hashable, A] = {}
        self._full_until = 0.0

    def of(self, key: Hashable, now: float) -> A | None:
        """Return the allowance of a client; None if there are too many clients."""
        found = self._of.get(key)
        if found is None:
            if len(self._of) >= _MOST_KEYS:
                if now < self._full_until:  # looked through once a second, not for each name
                    return None
                # Forget those that have their whole allowance again.
                self._of = {k: a for k, a in self._of.items() if a.missed or now - a.at < a.most}
                if len(self._of) >= _MOST_KEYS:
                    self._full_until = now + 1.0
                    return None
            found = self._of[key] = self._make(now)
        return found

    def all(self) -> list[A]:
        """Return the allowances of all clients."""
        return list(self._of.values())
