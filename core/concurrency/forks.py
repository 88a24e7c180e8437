"""The sockets and threads of its parent's servers that a forked child gives up.

A child (``multiprocessing`` with ``fork``, say) inherits all sockets. While it has them, a server
that stops in the parent neither ends its connections nor frees its ports.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable
from typing import Protocol


class Inherited(Protocol):
    """Something of a server that a forked child must not use."""

    def forked(self) -> None:
        """Give up sockets and threads of the parent; in the child, on its only thread.

        Locks may be held by threads that the child does not have, and an event loop shares its
        state in the kernel with the parent's: neither is touched.
        """


# Python cannot unregister a function: this one serves all servers.
_inherited: weakref.WeakSet[Inherited] = weakref.WeakSet()


def give_up_when_forked(one: Inherited) -> None:
    """Have ``one.forked()`` called in each child that is forked while ``one`` is in use."""
    _inherited.add(one)


def drop(descriptors: Iterable[int]) -> None:
    """Let go of sockets in a child; their numbers stay in use, as objects know them still."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in descriptors:
        if descriptor >= 0:
            os.dup2(null, descriptor, inheritable=False)
    os.close(null)


def _in_child() -> None:
    for one in list(_inherited):
        one.forked()


if hasattr(os, "register_at_fork"):  # pragma: no branch - not on Windows
    os.register_at_fork(after_in_child=_in_child)
