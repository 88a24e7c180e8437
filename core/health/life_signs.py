"""Signs that a tree is alive: markers through its update thread, polls, requests that end.

Nothing here waits for the tree: a marker is put into a queue, and the lock of the polls is only
tried. A thread of the server looks a few times a second; all times are those of one monotonic
clock, in seconds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ..concurrency.workers import WorkerPool
from ..tree.frames import places_of, waits_for_hardware, whereabouts
from ..tree.remote_link import client_of
from ..tree.update_queue import takes_markers


class LifeSign:
    """Something that a living tree does again and again."""

    #: since when it has been due; None if it is not
    since: float | None = None
    #: what is to be done
    who = ""

    @property
    def thread(self) -> threading.Thread | None:
        """The thread that should do it."""
        return None

    def look(self, now: float) -> None:
        """Look whether it has been done."""
        raise NotImplementedError  # pragma: no cover - each sign has its own

    def restart(self, now: float) -> None:
        """Count from now: the whole process was stopped."""
        self.since = None if self.since is None else now

    def age(self, now: float) -> float:
        """Return for how long it has been due; 0 if it is not."""
        return 0.0 if self.since is None else max(0.0, now - self.since)

    def where(self) -> tuple[str, bool]:
        """Return what its thread is doing, and whether that waits for hardware."""
        thread = self.thread
        if thread is None:
            return self.who, False
        places = places_of(thread)
        return f"{self.who} {whereabouts(places) or 'has ended'}", waits_for_hardware(places)


class UpdateMarkers(LifeSign):
    """Markers through the update thread of a root; one is under way at a time.

    :param root: a running root whose update thread takes markers
    :param delivers: returns the path of the variable that the thread delivers; empty for none
    """

    def __init__(self, root: Any, delivers: Callable[[], str]) -> None:
        self._root = root
        self._delivers = delivers
        self._marker: threading.Event | None = None

    @property
    def _arrived(self) -> bool:
        return self._marker is None or self._marker.is_set()

    def look(self, now: float) -> None:
        """Send a marker if the last one has arrived."""
        if not self._root.running:
            self.since = None
        elif self._arrived:
            self._marker = threading.Event()
            self.since = now
            self._root._updateQueue.put(self._marker)  # noqa: SLF001

    def age(self, now: float) -> float:
        """Return for how long the marker has been under way; 0 if it has arrived."""
        return 0.0 if self._arrived else super().age(now)

    @property
    def thread(self) -> threading.Thread | None:
        """The update thread; another one after it has died."""
        return getattr(self._root, "_updateThread", None)

    @property
    def who(self) -> str:  # type: ignore[override]
        """The variable that is delivered."""
        return self._delivers() or "the update thread"


class PollRounds(LifeSign):
    """The rounds of a root's poll thread: one that does not end, or polls that are held off.

    Neither a tree without polls is late, nor one whose polls are switched off.

    :param root: a root with a poll queue
    """

    who = "the poll thread"

    def __init__(self, root: Any) -> None:
        self._root = root
        self._queue = root._pollQueue  # noqa: SLF001
        self._count = ""

    @property
    def held_off(self) -> bool:
        """True while somebody holds the polls off, as the load of a configuration does."""
        return bool(self._queue.blockCount > 0)

    @property
    def begun(self) -> bool:
        """True once the poll thread was started: the last step of a root's start."""
        return self.thread is not None and self.thread.ident is not None

    @property
    def thread(self) -> threading.Thread | None:
        """The poll thread."""
        return getattr(self._queue, "_pollThread", None)

    def look(self, now: float) -> None:
        """Look whether a round runs or is held off, and whether it is the same as before."""
        count = repr(self._queue._counter)  # noqa: SLF001 - it grows with each poll
        progressed, self._count = count != self._count, count
        if not self._is_due():
            self.since = None
        elif self.since is None or progressed:
            self.since = now

    def _is_due(self) -> bool:
        queue, thread = self._queue, self.thread
        if not self._root.running or queue._pause or not self.begun:  # noqa: SLF001
            return False
        if self.held_off or (thread is not None and not thread.is_alive()):
            return True
        # The poll thread has this lock during a round, and nobody else has it for long.
        if not queue._condLock.acquire(blocking=False):  # noqa: SLF001
            return True
        queue._condLock.release()  # noqa: SLF001
        return False


class RemoteLinks(LifeSign):
    """The link of a remote tree: while it is down, nothing is known of the tree.

    :param client: Rogue's client of the tree
    """

    who = "no link to the server of the tree"

    def __init__(self, client: Any) -> None:
        self._client = client

    def look(self, now: float) -> None:
        """Ask the client, which makes no request for that."""
        if self._client.linked:
            self.since = None
        elif self.since is None:
            self.since = now


class RunningRequests(LifeSign):
    """The puts and reads that run on the workers: the one that has run longest.

    :param pool: the workers of variables; commands may take long
    """

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool
        self._thread: threading.Thread | None = None
        self._restarted = 0.0

    @property
    def thread(self) -> threading.Thread | None:
        """The worker that runs it."""
        return self._thread

    def restart(self, now: float) -> None:
        """Count from now."""
        self._restarted = now
        super().restart(now)

    def look(self, now: float) -> None:
        """Find the one that has run longest."""
        longest = self._pool.longest()
        if longest is None:
            self.since = self._thread = None
        else:
            self.who, self._thread, started = longest
            self.since = max(started, self._restarted)


def signs_of(root: Any, pool: WorkerPool, delivers: Callable[[], str]) -> list[LifeSign]:
    """Return the signs of life that a tree can give.

    :param root: its root
    :param pool: the workers that set and read its variables
    :param delivers: returns the path of the variable that the update thread delivers, or nothing
    """
    found: list[LifeSign] = [RunningRequests(pool)]
    if takes_markers(root):
        found.append(UpdateMarkers(root, delivers))
    queue = getattr(root, "__dict__", {}).get("_pollQueue")
    if all(hasattr(queue, name) for name in ("_condLock", "_counter", "_pause", "blockCount")):
        found.append(PollRounds(root))
    client = client_of(root)
    if client is not None:
        found.append(RemoteLinks(client))
    return found
