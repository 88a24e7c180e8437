"""The holder: the only place where tree, converter, policies and served PVs meet.

Clients come in on the backends' network threads; opening reads, puts and calls run on the workers.
What the PV then shows is the business of :mod:`.showing`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np

from .access import AccessPolicy
from .alarm import CALC, READ, TIMEOUT, UDF, Severity
from .backend import Reading, ServedPv
from .converter import Provisional, TypeConverter
from .errors import BackendError, PutError
from .execution import OpenJob, admit
from .mapping import PvEntry
from .nt import PvSpec
from .outlet import Keep, Outlet, State
from .request import PutRequest, RpcRequest
from .services import Services
from .showing import Showing, Shown
from .tree import TreeNode
from .workers import BUSY

_log = logging.getLogger("roguebridge.holder")
_RETRY = 0.1
_READ_AGAIN = (1.0, 30.0)  # seconds until a failed first read is made again, first and most


class PvHolder(Showing):
    """Binds one mapped node to what is served for it.

    :param entry: path and PV name
    :param node: the variable or command; untouched here until a client comes
    :param make_converter: gives the node's converter; asked when the PV is first opened
    :param policies: all of them must allow a put or call
    :param time_source: gives a value's time in ns since the POSIX epoch, None for now
    :param services: what the holders of a server share
    """

    __slots__ = ("policies",)

    def __init__(
        self,
        entry: PvEntry,
        node: Any,
        make_converter: Callable[[TreeNode], TypeConverter],
        policies: tuple[AccessPolicy, ...],
        time_source: Callable[[Any], int | None] | None,
        services: Services,
    ) -> None:
        super().__init__(entry, node, make_converter, time_source, services)
        self.policies = policies

    @property
    def pv_name(self) -> str:
        """Name of the PV."""
        return self.entry.pv_name

    @property
    def converter(self) -> TypeConverter | None:
        """The converter in use; None until the PV is first opened."""
        return self._converter

    @property
    def spec(self) -> PvSpec | None:
        """Type and metadata of the PV; None until it is first opened."""
        return None if self._converter is None else self._converter.spec

    @property
    def is_open(self) -> bool:
        """True while any backend shows the PV to clients."""
        return any(outlet.state is State.OPEN for outlet in self._outlets)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.pv_name} -> {self.path}>"

    # Set-up -----------------------------------------------------------------------------------

    def attach(self, served: ServedPv) -> None:
        """Add a served PV; before its backend starts."""
        self._outlets += (Outlet(served),)

    def listen(self) -> None:
        """Begin to hear the node's updates."""
        self.node.addListener(self.on_update)

    def unlisten(self) -> None:
        """No longer hear the node's updates."""
        self.node.delListener(self.on_update)

    # Clients, on network threads --------------------------------------------------------------

    def client_arrived(self, served: ServedPv) -> None:
        """A first client has connected: have the PV opened, with a value or in time without."""
        outlet = self._outlet(served)
        with self._lock:
            outlet.connected = True
            if not outlet.closed:
                return
            outlet.state = State.READING
            outlet.newest = None
            outlet.visit += 1
            visit = outlet.visit
            self._watching = True
        clock, limit = self.services.clock, self.services.open_timeout
        outlet.deadline = clock.call_later(limit, lambda: self._open_blind(outlet, visit))
        self._submit_read(outlet, visit)

    def clients_gone(self, served: ServedPv) -> bool:
        """The last client has left; True if the backend is to close the PV now.

        A PV that is being opened at this moment stays open, and up to date, until its next
        client leaves.
        """
        outlet = self._outlet(served)
        with self._lock:
            outlet.connected = False
            is_open = outlet.state is State.OPEN
            if outlet.state is not State.OPENING:
                outlet.state = State.CLOSED
                outlet.newest = None
            self._watching = any(not o.closed for o in self._outlets)
            if not self._watching:
                self._recheck = False
                self._echo = None
                if isinstance(self._converter, Provisional):
                    self._converter = self._shown = None
            deadline, outlet.deadline = outlet.deadline, None
        if deadline is not None:
            deadline.cancel()
        return is_open

    def put(self, request: PutRequest) -> None:
        """A client puts."""
        admit(self, request)

    def rpc(self, request: RpcRequest) -> None:
        """A client calls."""
        admit(self, request)

    def _outlet(self, served: ServedPv) -> Outlet:
        return next(outlet for outlet in self._outlets if outlet.served is served)

    # Opening, on a worker or the clock's thread -----------------------------------------------

    def _submit_read(self, outlet: Outlet, visit: int, again: float = _READ_AGAIN[0]) -> None:
        if outlet.visit != visit or not outlet.connected:
            return
        job = OpenJob(self.entry, lambda: self._open_with_value(outlet, visit, again))
        if self.services.variables.submit(job) == BUSY:
            self.services.clock.call_later(_RETRY, lambda: self._submit_read(outlet, visit, again))

    def _open_with_value(self, outlet: Outlet, visit: int, again: float) -> None:
        with self._lock:
            if outlet.visit != visit or outlet.closed:
                return  # that client has left
            if outlet.state is State.READING:
                outlet.newest = None
            before = self._updates
            time_ns = self._opening_time()
        problem = self._find_converter()
        shown = self._read()
        if problem is not None:
            shown = (shown[0], CALC)
        elif self._never_read() and shown[1].severity is not Severity.INVALID:
            shown = (shown[0], UDF)
        unread = shown[0] is Keep.VALUE and shown[1] in (READ, CALC)
        with self._lock:
            if outlet.visit != visit:
                return
            if outlet.state is State.READING:
                outlet.begin_opening()
                if outlet.newest is None:  # else that is what will be shown
                    self._remember(shown)
                opening = True
            else:
                # Open by now, without a value: show it, unless an update brought a later one.
                opening = False
                if outlet.closed or self._updates != before:
                    return
                if not unread:
                    self._publish(shown, self.services.clock.time_ns())
        if opening:
            self._open(outlet, shown, time_ns)
        if unread:
            # The tree tells nobody when the node can be read again.
            self.services.clock.call_later(
                again, lambda: self._read_again(outlet, visit, again, before)
            )

    def _read_again(self, outlet: Outlet, visit: int, waited: float, updates: int) -> None:
        if self._updates == updates:  # else the node has spoken by itself
            self._submit_read(outlet, visit, min(2 * waited, _READ_AGAIN[1]))

    def _open_blind(self, outlet: Outlet, visit: int) -> None:
        with self._lock:
            if outlet.visit != visit or outlet.state is not State.READING:
                return
            if self._converter is None:
                self._converter = Provisional()
            outlet.begin_opening()
            update, outlet.newest = outlet.newest, None
            reading = update or Reading(Keep.VALUE, TIMEOUT, self._opening_time())
        self._open(outlet, (reading.value, reading.alarm), reading.time_ns)

    def _opening_time(self) -> int:
        # With the lock held; whatever is published from now on is later.
        if self._last_ns is None:
            self._shown_ns = max(self._shown_ns, self.services.start_ns, 1)
        elif self._last_ns != self._shown_ns:  # an update has come since the PV was shown
            self._last_ns = self._shown_ns = max(self._last_ns, self._shown_ns + 1)
        return self._shown_ns

    def _open(self, outlet: Outlet, shown: Shown, time_ns: int) -> None:
        converter = self._converter
        assert converter is not None  # noqa: S101 - every caller has just seen to it
        spec = converter.spec
        value, alarm = shown
        if value is Keep.VALUE:
            value = spec.zero() if self._shown is None else self._shown[0]
        try:
            try:
                outlet.served.open(spec, Reading(value, alarm, time_ns))
            except BackendError:
                raise
            except Exception:
                _log.exception("%s: its first value does not fit the PV", self.path)
                outlet.served.open(spec, Reading(spec.zero(), CALC, time_ns))
        except Exception as exc:
            stopping = isinstance(exc, BackendError)
            level = logging.DEBUG if stopping else logging.ERROR
            _log.log(level, "%s: the PV cannot be opened", self.path, exc_info=not stopping)
            with self._lock:
                outlet.not_opened()
            return
        with self._lock:
            outlet.opened()
            deadline, outlet.deadline = outlet.deadline, None
        if deadline is not None:
            deadline.cancel()
        self.services.opened(self)

    def _never_read(self) -> bool:
        expected = self.services.expect_reads and not self.entry.is_command
        return expected and self._last_ns is None and self.is_hardware

    def command_argument(self, value: Any) -> Any:
        """Return the argument to call the command with; on a worker.

        The declared type helps, but does not bind: PyRogue itself takes any argument, and a
        command's type is often no more than that of its default 0.

        :raises PutError: if the argument is None or out of its declared range
        """
        if isinstance(value, np.ndarray):
            value = value.copy()
        if not self.node.arg:
            return value
        if value is None:  # PyRogue would run it with the argument of the last call
            raise PutError(f"{self.pv_name}: the argument is empty")
        self._find_converter()
        try:
            return value if self._converter is None else self._converter.to_tree(value)
        except (TypeError, ValueError):
            return value
