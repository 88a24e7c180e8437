"""Polls for clients: a variable is polled while a client is connected to its PV.

PyRogue polls registers and getters, not links, so what counts are the sources of a PV, which
several PVs may share. Setting a poll interval waits for the cycle of polls that runs, and there is
one for the whole tree: one job at a time does the work for all PVs.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from ..concurrency.clock import Clock
from ..concurrency.jobs import FunctionJob, Job
from ..concurrency.network_log import NetworkLog
from ..concurrency.workers import submit_until_taken
from ..errors import without_cpp
from .links import reachable
from .poll_silence import Watched, tells_of_polls
from .pyrogue import is_read

_log = NetworkLog(logging.getLogger("roguebridge.polling"))


class _Source:
    """A variable that is polled because PVs that depend on it have clients."""

    __slots__ = ("node", "users", "_before", "_ours")

    def __init__(self, node: Any) -> None:
        self.node = node
        self.users = 0
        self._before: Any = None  # its interval
        self._ours: float | None = None  # the one that was set instead

    def begin(self, seconds: float) -> None:
        """Have it polled at least every ``seconds``."""
        self._before = before = self.node.pollInterval
        if not 0 < before <= seconds:
            self._ours = seconds  # before the call: PyRogue keeps it even if it raises
            self.node.setPollInterval(seconds)

    def restore(self) -> None:
        """Set the former interval, unless it was changed meanwhile."""
        if self._ours is not None and self.node.pollInterval == self._ours:
            self.node.setPollInterval(self._before)


class WatchedPolls:
    """Polls the sources of the PVs that have clients; for one run of a server.

    A source that is polled more often by itself stays as it is. When the last client of its last
    PV has left it gets its own interval back, unless another one was set meanwhile.
    Commands, write-only variables, those without updates, plain values without a
    ``localGet``, and remote nodes are never polled.

    :param seconds: the longest poll interval of a source whose PV has a client; None or 0 for off
    :param submit: hands a job to the workers; returns why it is refused, or None
    :param clock: times another attempt after a refusal, and :meth:`restore_all`
    """

    def __init__(
        self, seconds: float | None, submit: Callable[[Job], str | None], clock: Clock
    ) -> None:
        self._seconds = seconds or 0
        self._submit = submit
        self._clock = clock
        self._lock = threading.Lock()  # for moments
        self._pending: dict[Watched, bool] = {}  # with or without a client, not yet seen to
        self._submitted = False
        self._ended = self._restored = False
        self._work = threading.Lock()  # held while intervals are set
        self._held: dict[Watched, list[_Source]] = {}
        self._sources: dict[int, _Source] = {}
        self._logged: set[str] = set()

    def watch(self, holder: Watched) -> None:
        """Poll the sources of a PV, which has its first client. Never blocks."""
        self._note(holder, True)

    def unwatch(self, holder: Watched) -> None:
        """The last client of a PV has left. Never blocks; harmless if it is not watched."""
        self._note(holder, False)

    def restore_all(self, timeout: float = 5.0) -> None:
        """Give every source its own interval back, when the server stops.

        :param timeout: seconds to wait for that; a thread goes on with it
        """
        with self._lock:
            self._ended = True
            self._pending.clear()
        if not self._submitted and not self._sources:
            return
        ended = threading.Event()

        def restore() -> None:
            with self._work:
                for holder in list(self._held):
                    self._release(holder)
            self._restored = True
            ended.set()

        timer = self._clock.call_later(timeout, ended.set)
        thread = threading.Thread(target=restore, name="roguebridge-polls", daemon=True)
        thread.start()
        ended.wait()
        timer.cancel()
        if self._restored:
            thread.join()  # it has nothing left to do
        else:
            _log.error(
                "poll intervals are not restored within %s s: the tree's polling is held up",
                timeout,
            )

    # Network threads --------------------------------------------------------------------------

    def _note(self, holder: Watched, has_client: bool) -> None:
        with self._lock:
            if not self._seconds or self._ended:
                return
            self._pending[holder] = has_client
            if self._submitted:
                return
            self._submitted = True
        # If the job never runs, restore_all() does what is left.
        submit_until_taken(self._submit, FunctionJob("poll intervals", self._catch_up), self._clock)

    # Worker -----------------------------------------------------------------------------------

    def _catch_up(self) -> None:
        with self._work:
            while True:
                with self._lock:
                    if not self._pending:
                        self._submitted = False
                        return
                    holder, has_client = self._pending.popitem()
                if has_client and holder not in self._held:
                    self._hold(holder)
                elif not has_client and holder in self._held:
                    self._release(holder)

    def _hold(self, holder: Watched) -> None:
        held = self._held[holder] = []
        for node in self._attempt(holder.node, partial(poll_sources, holder.node)) or ():
            source = self._sources.get(id(node))
            if source is None:
                source = self._sources[id(node)] = _Source(node)
                self._attempt(node, partial(source.begin, self._seconds))
            source.users += 1
            held.append(source)

    def _release(self, holder: Watched) -> None:
        for source in self._held.pop(holder):
            source.users -= 1
            if not source.users:
                del self._sources[id(source.node)]
                self._attempt(source.node, source.restore)

    def _attempt(self, node: Any, step: Callable[[], Any]) -> Any:
        try:
            return step()
        except BaseException as exc:
            path = str(getattr(node, "path", node))
            text = f"{path}: its poll interval cannot be changed: {without_cpp(repr(exc))}"
            _log.log(logging.DEBUG if path in self._logged else logging.WARNING, text)
            self._logged.add(path)


def poll_sources(node: Any) -> list[Any]:
    """Return the variables that must be polled to keep a node fresh; reads no hardware.

    :param node: a variable or command
    :returns: registers that can be read and variables with a ``localGet``: the node itself, or
        what it depends on, each once
    """
    nodes = reachable(node, lambda one: tells_of_polls(one) and not one.isCommand)
    return [one for one in nodes if is_read(one)]
