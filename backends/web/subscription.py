"""A PV that a client of a WebSocket monitors."""

from __future__ import annotations

from typing import Any, Protocol

from roguebridge.core.backend import ClientChannel, RightsGroup, SharedRights
from roguebridge.core.requests import Credentials
from roguebridge.core.values import NO_ALARM, Alarm, PvSpec, Reading

from . import frames
from .frames import WebPv
from .values import taken


class Outlet(Protocol):
    """The connection of a client."""

    rights: SharedRights
    changed: dict[Subscription, None]

    def flush_soon(self) -> None:
        """Send what has changed, as soon as the client's frame rate allows."""

    def send(self, frame: bytes) -> None:
        """Send a frame now."""

    def answered(self, channel: Subscription, number: Any, error: str) -> None:
        """A write of the client has ended."""


class Subscription(ClientChannel):
    """One client's interest in one PV, on the loop.

    :param pv: the PV
    :param credentials: who the client is
    :param name: as the client spells it
    :param outlet: the client's connection
    """

    __slots__ = ("name", "outlet", "group", "monitors", "_readonly", "_known", "_told")

    def __init__(self, pv: WebPv, credentials: Credentials, name: str, outlet: Outlet) -> None:
        super().__init__(pv, credentials)
        self.name = name
        self.outlet = outlet
        self.group: RightsGroup | None = None  # that shares its rights
        #: False for one that only writes
        self.monitors = True
        self._readonly = True
        self._known: PvSpec | None = None  # the type that the client was told
        self._told: Alarm = NO_ALARM

    def begin(self) -> None:
        """Let the client have the present reading, and each later one."""
        entry = self.pv.entry
        if self.credentials.user and (entry.is_command or entry.mode != "RO"):
            operation = "rpc" if entry.is_command else "put"
            self.outlet.rights.join(self, self.credentials, operation)
        self.connect()

    def show(self, reading: Reading) -> None:
        """Send the newest reading soon."""
        if not self.monitors:
            return
        changed = self.outlet.changed
        if not changed:
            self.outlet.flush_soon()
        changed[self] = None

    def frame(self) -> bytes:
        """Return the frame of the present reading; nothing if the PV has closed."""
        pv = self.pv
        if pv.spec is None or pv.reading is None:
            return b""
        made = pv.frames  # type: ignore[attr-defined]
        if self._known is made.spec:
            frame = made.later(self.name, self._told)
        else:
            self._known = made.spec
            frame = made.first(self.name, pv.entry.path, self._readonly)
        self._told = made.reading.alarm
        return frame  # type: ignore[no-any-return]

    def taken(self, value: Any) -> Any:
        """Return what the client puts in the terms of the PV."""
        spec = self.pv.spec
        assert spec is not None  # noqa: S101 - it is open
        return taken(spec, value)

    def answer(self, asked: Any, result: Any, error: str) -> None:
        """A write has ended: the client is told why it has failed."""
        self.outlet.answered(self, asked, error)

    def gone(self) -> None:
        """The client has left the PV."""
        self.outlet.rights.leave(self)
        self.outlet.changed.pop(self, None)
        super().gone()

    # Rights -------------------------------------------------------------------------------------

    def set_rights(self, allowed: bool) -> None:
        """Note whether the client may write, and tell it a change."""
        if self._readonly is allowed:
            self._readonly = not allowed
            if self._known is not None:
                self.outlet.send(frames.rights(self.name, self._readonly))

    def ask_rights_again(self) -> None:
        """Do nothing: the user of a connection does not change."""
