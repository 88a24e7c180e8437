"""One WebSocket, as clients of PVWS speak to it: subscriptions, writes, and bounded output."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any, ClassVar

from aiohttp import WSMsgType, web

from roguebridge.core.backend import SharedRights
from roguebridge.core.errors import words_of

from .access import Access, Refused, Visitor
from .catalog import Catalog
from .frames import framed, message
from .settings import Settings
from .subscription import Subscription

_MOST_WRITES = 1000  # of one client that have no answer yet
_BUNDLE = 2_000_000  # bytes that are handed to the network at once
_WAITING = 1_000_000  # bytes that a client has not taken; then it gets nothing more
_SLICE = 0.01  # seconds of messages of one client, then it is the turn of others
_LONGEST_ID = 40  # characters
_POLICY = 1008
_IDLE = 0.05  # seconds between looks whether a client has taken something


class MessageError(Exception):
    """A message that makes no sense; its text is for the client."""


@dataclass(eq=False)
class Connection:
    """One client; used on the loop only.

    :param socket: prepared
    :param transport: what the socket is written to
    :param visitor: who it is; a token that comes first may say more
    """

    socket: web.WebSocketResponse
    transport: asyncio.Transport
    visitor: Visitor
    access: Access
    settings: Settings
    catalog: Catalog
    rights: SharedRights
    max_name: int
    created: float = field(default_factory=time.time)
    last_message: float = field(default_factory=time.time)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    #: those with a reading that the client has not been sent, the oldest first
    changed: dict[Subscription, None] = field(default_factory=dict)
    _writing: set[Subscription] = field(default_factory=set)
    _writes: int = 0
    _timer: asyncio.TimerHandle | None = None
    _due: float = 0.0  # when the last flush was
    _began: bool = False

    def __post_init__(self) -> None:
        self._credentials = self.visitor.credentials(self.max_name)

    # What the client sends ------------------------------------------------------------------------

    async def talk(self) -> None:
        """Do what the client asks, until it leaves."""
        try:
            until = time.perf_counter() + _SLICE
            async for received in self.socket:
                if received.type is not WSMsgType.TEXT:
                    self.error("only text is understood")
                else:
                    self._receive(received.data)
                if self.socket.closed:
                    return
                while self._is_full or self._writes >= _MOST_WRITES:
                    await asyncio.sleep(_IDLE)
                    if self.transport.is_closing():
                        return
                if time.perf_counter() > until:
                    await asyncio.sleep(0)
                    until = time.perf_counter() + _SLICE
        except Refused as refused:
            self.error(refused.reason)
            await self.socket.close(code=_POLICY, message=refused.reason.encode()[:120])
        finally:
            self.end()

    def _receive(self, text: str) -> None:
        self.last_message = time.time()
        try:
            asked = json.loads(text)
            if not isinstance(asked, dict):
                raise MessageError("a message must be a JSON object")
            kind = asked.get("type")
            first, self._began = not self._began, True
            if kind == "auth":
                self._authenticate(asked, first)
                return
            self.access.check_reader(self.visitor)
            if kind == "echo":
                self.send(framed(text))
                return
            do = self._DO.get(kind) if isinstance(kind, str) else None
            if do is None:
                kinds = ", ".join((*self._DO, "echo", "auth"))
                raise MessageError(f"the type of a message must be one of {kinds}")
            do(self, asked)
        except MessageError as exc:
            self.error(str(exc))
        except (ValueError, RecursionError) as exc:  # of the JSON
            self.error(f"a message that cannot be read: {words_of(exc)[:200]}")

    def _authenticate(self, asked: dict[str, Any], first: bool) -> None:
        if not first:
            raise MessageError("auth must be the first message")
        token = asked.get("token")
        if not isinstance(token, str):
            raise MessageError("auth needs a token")
        self.visitor = self.visitor._replace(user=self.access.user_of(token))
        self._credentials = self.visitor.credentials(self.max_name)
        self.send(message(type="auth", user=self.visitor.user))

    def _subscribe(self, asked: dict[str, Any]) -> None:
        for name in _names(asked):
            if name in self.subscriptions:
                continue
            if len(self.subscriptions) >= self.settings.max_subscriptions:
                raise MessageError(
                    f"one client may monitor {self.settings.max_subscriptions} PVs: "
                    f"{name[:200]} and those after it are left out"
                )
            pv = self.catalog.find(name)
            if pv is None:
                if not name.startswith("sim://"):  # of Phoebus itself: some take it for a clock
                    self.error(self.catalog.unknown(name), name)
                continue
            channel = Subscription(pv, self._credentials, name, self)
            self.subscriptions[name] = channel
            channel.begin()

    def _clear(self, asked: dict[str, Any]) -> None:
        for name in _names(asked):
            channel = self.subscriptions.pop(name, None)
            if channel is not None:
                channel.gone()

    def _list(self, asked: dict[str, Any]) -> None:
        self.send(message(type="list", pvs=list(self.subscriptions)))

    def _write(self, asked: dict[str, Any]) -> None:
        name = asked.get("pv")
        if not isinstance(name, str):
            raise MessageError("a write needs the name of a pv")
        number, block = asked.get("id"), asked.get("block", False)
        if "value" not in asked or not isinstance(block, bool):
            self.error("a write needs a value, and block is true or false", name)
            return
        if not isinstance(number, (int, str, type(None))) or len(str(number)) > _LONGEST_ID:
            raise MessageError("the id of a write must be a number or a short text")
        channel = self.subscriptions.get(name)
        if channel is None:
            pv = self.catalog.find(name)
            if pv is None:
                self.error(self.catalog.unknown(name), name, number)
                return
            channel = Subscription(pv, self._credentials, name, self)
            channel.monitors = False
            self._writing.add(channel)
            channel.connect()
        self._writes += 1
        if self.visitor.user:
            channel.put(number, asked["value"], block=block)
        else:
            channel.refuse(number, asked["value"], no_user(channel.pv.entry.pv_name))

    def _ping(self, asked: dict[str, Any]) -> None:
        self.transport.write(b"\x89\x00")

    _DO: ClassVar[dict[str, Any]] = {
        "subscribe": _subscribe,
        "monitor": _subscribe,
        "clear": _clear,
        "list": _list,
        "write": _write,
        "ping": _ping,
    }

    # What it gets ---------------------------------------------------------------------------------

    @property
    def _is_full(self) -> bool:
        return self.transport.get_write_buffer_size() > _WAITING

    @property
    def queued(self) -> int:
        """How many PVs have a reading that waits for the client."""
        return len(self.changed)

    def send(self, frame: bytes) -> None:
        """Send a frame now; each that a client causes lets it wait until it has taken them."""
        if not self.transport.is_closing():
            self.transport.write(frame)

    def error(self, text: str, name: str | None = None, number: Any = None) -> None:
        """Tell the client what is wrong.

        :param name: of the PV that it is about
        :param number: of the write, as the client has given it
        """
        about = {} if name is None else {"pv": name}
        about |= {} if number is None else {"id": number}
        self.send(message(type="error", message=text, **about))

    def answered(self, channel: Subscription, number: Any, error: str) -> None:
        """A write has ended; PVWS tells only errors, and who gives a number is told the end too."""
        self._writes -= 1
        if channel in self._writing:
            self._writing.remove(channel)
            channel.gone()
        if error:
            self.error(error, channel.name, number)
        elif number is not None:
            self.send(message(type="written", pv=channel.name, id=number))

    def flush_soon(self) -> None:
        """Send what has changed as soon as the frame rate allows."""
        if self._timer is None:
            loop = asyncio.get_running_loop()
            # A flush that comes late makes those after it no later.
            self._due = max(self._due + 1.0 / self.settings.frame_rate, loop.time())
            self._timer = loop.call_at(self._due, self._flush_due)

    def _flush_due(self) -> None:
        self._timer = None
        if self.transport.is_closing():
            return
        if not self._is_full:
            self.flush()
        if self.changed:  # what did not fit, or a client that takes nothing
            self.flush_soon()

    def flush(self) -> None:
        """Send what has changed, as much as is handed over at once."""
        frames, size, changed = [], 0, self.changed
        while changed and size < _BUNDLE:
            channel = next(iter(changed))
            del changed[channel]
            frame = channel.frame()
            frames.append(frame)
            size += len(frame)
        self.send(b"".join(frames))

    def end(self) -> None:
        """The client has left, or the server stops."""
        if self._timer is not None:
            self._timer.cancel()
        channels, self.subscriptions = self.subscriptions, {}
        for channel in (*channels.values(), *self._writing):
            channel.gone()
        self._writing.clear()
        self.changed.clear()


def no_user(pv_name: str) -> str:
    """Return why somebody who has not said who it is may not write."""
    return f"Put not permitted: {pv_name}: only users may write, and no token was given"


def _names(asked: dict[str, Any]) -> list[str]:
    names = asked.get("pvs")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise MessageError(f"{asked['type']} needs a list of names as pvs")
    return names
