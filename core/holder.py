"""The holder: the only place where tree, converter, policies and served PVs meet.

Updates come in on the tree's update thread, clients on the backends' network threads, reads and
puts on the workers. The lock is held for moments only, never across a call into the tree or one
that a backend may block in.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from operator import index
from typing import Any

import numpy as np

from .access import AccessPolicy
from .alarm import BY_STATUS, CALC, NO_ALARM, READ, TIMEOUT, UDF, WRITE, Alarm, judge
from .backend import Reading, ServedPv
from .converter import ConversionError, Provisional, TypeConverter
from .errors import BackendError, PutError
from .execution import OpenJob, admit
from .mapping import PvEntry
from .nt import NtKind, PvSpec
from .outlet import Keep, Outlet, State
from .request import PutRequest, RpcRequest
from .services import Services
from .tree import TreeNode
from .workers import BUSY

_log = logging.getLogger("roguebridge.holder")
_RETRY = 0.1
Shown = tuple[Any, Alarm]


class PvHolder:
    """Binds one mapped node to what is served for it.

    :param entry: path and PV name
    :param node: the variable or command; untouched here until a client comes
    :param make_converter: gives the node's converter; asked when the PV is first opened
    :param policies: all of them must allow a put or call
    :param time_source: gives a value's time in ns since the POSIX epoch, None for now
    :param services: what the holders of a server share
    """

    __slots__ = (
        "entry", "node", "policies", "services", "_make_converter", "_time_source", "_converter",
        "_lock", "_outlets", "_watching", "_last_ns", "_shown_ns", "_shown", "_updates", "_recheck",
        "_echo",
    )  # fmt: skip

    def __init__(
        self,
        entry: PvEntry,
        node: Any,
        make_converter: Callable[[TreeNode], TypeConverter],
        policies: tuple[AccessPolicy, ...],
        time_source: Callable[[Any], int | None] | None,
        services: Services,
    ) -> None:
        self.entry = entry
        self.node = node
        self.policies = policies
        self.services = services
        self._make_converter = make_converter
        self._time_source = time_source
        self._converter: TypeConverter | None = None
        self._lock = threading.Lock()
        self._outlets: tuple[Outlet, ...] = ()
        self._watching = False
        self._last_ns: int | None = None  # of the last update
        self._shown_ns = 0  # the latest that any backend was given
        self._shown: Shown | None = None
        self._updates = 0
        # The value of a delivery may have been read before a put that has ended since: the next
        # one is read again, and dropped if the put has shown its value (_echo) already.
        self._recheck = False
        self._echo: Shown | None = None

    @property
    def path(self) -> str:
        """PyRogue path of the node."""
        return self.entry.path

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

    # Updates, on the tree's update thread -----------------------------------------------------

    def on_update(self, path: str, value: Any) -> None:
        """Listener of the node; whatever happens here, nothing is raised into the tree."""
        try:
            if self._time_source is None:
                now = self.services.clock.time_ns()
            else:
                now = self._time_of(value.value, self._time_source)
            if not self._watching:
                # Nobody looks: the time is all that is kept. A client that arrives just now sets
                # _watching first and reads the value after, so it misses nothing.
                self._last_ns = now
                return
            if self._converter is None:
                with self._lock:
                    self._last_ns = now
                return
            if self._recheck:
                self._deliver_again(now)
                return
            shown = self._convert(value.value, BY_STATUS.get(value.status, NO_ALARM))
            with self._lock:
                if not self._recheck:
                    self._updates += 1
                    self._publish(shown, now)
                    return
            self._deliver_again(now)
        except BaseException:
            self._shield()

    def _time_of(self, value: Any, source: Callable[[Any], int | None]) -> int:
        try:
            given = source(value)
            if given is not None and index(given) > 0:
                return index(given)
        except Exception as exc:
            _log.debug("%s: no time from its time source: %s", self.path, exc)
        return self.services.clock.time_ns()

    def _deliver_again(self, now: int) -> None:
        while True:
            self._recheck = False
            shown = self._read()
            with self._lock:
                if self._recheck:  # one more put has ended while this value was read
                    continue
                self._updates += 1
                echo, self._echo = self._echo, None
                if echo is None or not _same(echo[0], shown[0]):
                    self._publish(shown, now)
                return

    def _shield(self) -> None:
        # An exception in a listener would end the tree's only update thread.
        _log.exception("%s: an update could not be shown", self.path)
        try:
            with self._lock:
                self._publish((Keep.VALUE, CALC), self.services.clock.time_ns())
        except BaseException:
            _log.exception("%s: nor its alarm", self.path)

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

    def _submit_read(self, outlet: Outlet, visit: int) -> None:
        if outlet.visit != visit or not outlet.connected:
            return
        job = OpenJob(self.entry, lambda: self._open_with_value(outlet, visit))
        if self.services.variables.submit(job) == BUSY:
            self.services.clock.call_later(_RETRY, lambda: self._submit_read(outlet, visit))

    def _open_with_value(self, outlet: Outlet, visit: int) -> None:
        with self._lock:
            if outlet.visit != visit or outlet.closed:
                return  # that client has left
            outlet.newest = None
            before = self._updates
            time_ns = self._opening_time()
        problem = self._find_converter()
        shown = self._read()
        if problem is not None:
            shown = (shown[0], CALC)
        elif self._never_read() and shown[1] is NO_ALARM:
            shown = (shown[0], UDF)
        with self._lock:
            if outlet.visit != visit:
                return
            if outlet.state is State.READING:
                outlet.state = State.OPENING
                if outlet.newest is None:  # else that is what will be shown
                    self._remember(shown)
            else:
                # Opened blind meanwhile: show the value, unless an update brought a later one.
                if not outlet.closed and self._updates == before:
                    self._publish(shown, self.services.clock.time_ns())
                return
        self._open(outlet, shown, time_ns)

    def _open_blind(self, outlet: Outlet, visit: int) -> None:
        with self._lock:
            if outlet.visit != visit or outlet.state is not State.READING:
                return
            if self._converter is None:
                self._converter = Provisional()
            outlet.state = State.OPENING
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
                outlet.state = State.CLOSED
            return
        with self._lock:
            outlet.opened()
            deadline, outlet.deadline = outlet.deadline, None
        if deadline is not None:
            deadline.cancel()
        self.services.opened(self)

    def _find_converter(self) -> Exception | None:
        if self._converter is not None:
            return None
        problem: Exception | None = None
        converter: TypeConverter
        try:
            converter = self._make_converter(self.node)
        except Exception as exc:
            problem = exc
            converter = Provisional()
            _log.warning("%s: its type cannot be found out: %r", self.path, exc)
        with self._lock:
            # A type that was not found for a client that has left is looked for again.
            if self._converter is None and (problem is None or self._watching):
                self._converter = converter
        return problem

    def _never_read(self) -> bool:
        expected = self.services.expect_reads and not self.entry.is_command
        return expected and self._last_ns is None and self.is_hardware

    # Values -----------------------------------------------------------------------------------

    @property
    def is_hardware(self) -> bool:
        """True if the node's value lives in a register (PyRogue: RemoteVariable)."""
        return getattr(self.node, "numValues", None) is not None

    def show_after_put(self) -> None:
        """Show the value the tree has after a put has ended; on a worker, before its answer."""
        if not self._watching or self._converter is None:
            return
        with self._lock:
            self._recheck = True
            before = self._updates
        shown = _kept(self._read())
        with self._lock:
            if self._updates == before and shown != self._shown:
                self._publish(shown, self.services.clock.time_ns())
                self._echo = shown

    def show_failed_put(self) -> None:
        """Show the true value with a WRITE alarm after a put has failed; on a worker.

        PyRogue keeps the refused value in its cache: only a read brings the true one back.
        """
        value: Any = Keep.VALUE
        if self._watching and self._converter is not None:
            try:
                self.node.get()
                with self._lock:
                    self._recheck = True
                value = _kept(self._read())[0]
            except Exception as exc:
                _log.debug("%s: no read after a failed put: %s", self.path, exc)
        with self._lock:
            self._publish((value, WRITE), self.services.clock.time_ns())
            self._echo = None if value is Keep.VALUE else (value, WRITE)

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

    def show_running(self, running: bool) -> None:
        """Show whether a command without argument runs: 1 or 0."""
        with self._lock:
            self._publish((int(running), NO_ALARM), self.services.clock.time_ns())

    def _read(self) -> Shown:
        try:
            value = self.node.value()
        except Exception as exc:
            _log.debug("%s cannot be read: %s", self.path, exc)
            return Keep.VALUE, READ if self.is_hardware else CALC
        return self._convert(value, None)

    def _convert(self, value: Any, alarm: Alarm | None) -> Shown:
        converter = self._converter
        if converter is None:
            return Keep.VALUE, CALC
        try:
            pv_value = converter.to_pv(value)
            if alarm is None:
                limits = converter.spec.value_alarm
                alarm = judge(pv_value, limits) if limits.active else NO_ALARM
            return pv_value, alarm
        except ConversionError as exc:
            return Keep.VALUE, exc.alarm
        except Exception as exc:
            _log.debug("%s: %r has no place in the PV: %s", self.path, type(value), exc)
            return Keep.VALUE, CALC

    def _publish(self, shown: Shown, now: int) -> None:
        # With the lock held.
        now = max(now, self._shown_ns + 1)
        self._last_ns = self._shown_ns = now
        self._remember(shown)
        reading = Reading(shown[0], shown[1], now)
        for outlet in self._outlets:
            outlet.show(reading)

    def _remember(self, shown: Shown) -> None:
        # Arrays are not kept: they may be large, and the tree may change them in place.
        converter = self._converter
        if converter is not None and converter.spec.kind in (NtKind.SCALAR, NtKind.ENUM):
            if shown[0] is not Keep.VALUE:
                self._shown = shown
            elif self._shown is not None:
                self._shown = (self._shown[0], shown[1])


def _kept(shown: Shown) -> Shown:
    # The tree may change an array in place: what is compared later must be a copy.
    value, alarm = shown
    return (value.copy(), alarm) if isinstance(value, np.ndarray) else shown


def _same(a: Any, b: Any) -> bool:
    if a is b:
        return True
    try:
        if hasattr(a, "dtype"):
            return bool(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes())
        return bool(a == b)
    except Exception:
        return False
