"""The engine's side of a PV, as a test plays it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Hashable
from typing import Any

from roguebridge.core.backend import Declaration, ServedPv
from roguebridge.core.mapping import PvEntry
from roguebridge.core.requests import Credentials, PutRequest, Request, RpcRequest
from roguebridge.core.values import PvSpec, Reading

from .client import LIMIT, in_thread


class ScriptedOwner:
    """A :class:`.PvOwner` that notes its calls; it opens the PV on a thread of its own, if at all.

    A test may set ``first`` and ``spec`` before the next client comes.

    :param entry: name of the PV
    :param spec: its type
    :param first: what the PV opens with at once; None to have the test call ``open()``
    """

    served: ServedPv

    def __init__(self, entry: PvEntry, spec: PvSpec, first: Reading | None) -> None:
        self.entry = entry
        self.spec = spec
        self.first = first
        #: called with each put instead of noting it; None to note it
        self.on_put: Callable[[PutRequest], object] | None = None
        self.arrivals: queue.SimpleQueue[ServedPv] = queue.SimpleQueue()
        self.partings: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self.requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        #: identities of the threads that have called it for clients
        self.threads: set[int] = set()
        self._lock = threading.Lock()
        self._connected = self._open = False

    def open(self, reading: Reading) -> None:
        """Open the PV, unless its clients have left or it is open."""
        with self._lock:
            if not self._connected or self._open:
                return
            self._open = True
        self.served.open(self.spec, reading)

    def post(self, reading: Reading) -> None:
        """Show a reading."""
        self.served.post(reading)

    # On the backend's network threads

    def client_arrived(self, served: ServedPv) -> None:
        """Open the PV, if there is something to open it with."""
        assert served is self.served
        self.threads.add(threading.get_ident())
        with self._lock:
            self._connected = True
        if (first := self.first) is not None:
            in_thread(lambda: self.open(first))
        self.arrivals.put(served)

    def clients_gone(self, served: ServedPv) -> bool:
        """Have the PV closed if it was open."""
        assert served is self.served
        with self._lock:
            self._connected = False
            was_open, self._open = self._open, False
        self.partings.put(was_open)
        return was_open

    def put(self, request: PutRequest) -> None:
        """Note a put; the test answers it."""
        self.threads.add(threading.get_ident())
        (self.on_put or self.requests.put)(request)

    def rpc(self, request: RpcRequest) -> None:
        """Note a call; the test answers it."""
        self.threads.add(threading.get_ident())
        self.requests.put(request)

    def refuse(self, request: Request, reason: str) -> None:
        """Answer with the reason."""
        request.error(reason)

    def may(
        self,
        entry: PvEntry,
        credentials: Credentials,
        operation: str,
        tell: Callable[[bool], None],
    ) -> None:
        """Permit all."""
        self.threads.add(threading.get_ident())
        tell(True)

    def declaration(self) -> Declaration:
        """Return that nothing is declared."""
        return Declaration("", "", "", ())

    def rights_key(self, entry: PvEntry) -> Hashable:
        """Return the name: each PV has rights of its own."""
        return entry.pv_name

    def rights_state(self, credentials: Credentials) -> Hashable:
        """Return what never changes."""
        return ()

    # For the test

    def arrived(self) -> ServedPv:
        """Wait for the next ``client_arrived``."""
        arrived: ServedPv = self._next(self.arrivals, "client_arrived")
        return arrived

    def gone(self) -> bool:
        """Wait for the next ``clients_gone``; return what it has returned."""
        return bool(self._next(self.partings, "clients_gone"))

    def request(self) -> Any:
        """Wait for the next put or call and return it."""
        return self._next(self.requests, "put or rpc")

    def _next(self, calls: queue.SimpleQueue[Any], name: str) -> Any:
        try:
            return calls.get(timeout=LIMIT)
        except queue.Empty:
            text = f"the backend has not called {name} of PV {self.entry.pv_name!r}"
            raise AssertionError(f"{text} within {LIMIT:g} s") from None
