"""The Channel Access client: caproto's with threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Self

import caproto as ca
import numpy as np
from caproto.threading.client import PV, Context, SharedBroadcaster

from .reading import ClientError, PvReading
from .values import array_of, choice_of, number_of

_DTYPES: dict[Any, np.dtype[Any]] = {
    ca.ChannelType.INT: np.dtype("i2"),
    ca.ChannelType.CHAR: np.dtype("u1"),
    ca.ChannelType.LONG: np.dtype("i4"),
    ca.ChannelType.FLOAT: np.dtype("f4"),
    ca.ChannelType.DOUBLE: np.dtype("f8"),
}
_LIMITS = {
    "display": ("lower_disp_limit", "upper_disp_limit"),
    "control": ("lower_ctrl_limit", "upper_ctrl_limit"),
    "warning": ("lower_warning_limit", "upper_warning_limit"),
    "alarm": ("lower_alarm_limit", "upper_alarm_limit"),
}
_PROPERTY = ca.SubscriptionType.DBE_PROPERTY | ca.SubscriptionType.DBE_VALUE
_ECA_NORMAL = ca.CAStatus.ECA_NORMAL


class CaClient:
    """Talks Channel Access, by the ``EPICS_CA_...`` settings of the environment.

    A name that ends with ``$`` is a long text.

    :param timeout: seconds that each answer may take
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        broadcaster = SharedBroadcaster(registration_retry_time=None)  # no repeater is needed
        self._context = Context(broadcaster, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._context.disconnect()

    def get(self, names: Sequence[str]) -> Iterator[tuple[str, PvReading | ClientError]]:
        """Yield a reading of each PV, or why there is none."""
        due = time.monotonic() + self._timeout
        for pv in self._context.get_pvs(*names, timeout=self._timeout):
            try:
                yield pv.name, self._read(pv, max(0.0, due - time.monotonic()))
            except ClientError as exc:
                yield pv.name, exc

    info = get  # Channel Access tells the rights of the client with each PV

    def _read(self, pv: PV, wait: float) -> PvReading:
        self._asked(lambda: pv.wait_for_connection(timeout=wait))
        timed = self._asked(lambda: pv.read(data_type="time"))
        known = self._asked(lambda: pv.read(data_type="control", data_count=1))
        return reading_of(pv, timed, known)

    def _asked(self, ask: Callable[[], Any]) -> Any:
        try:
            answer = ask()
        except ca.CaprotoTimeoutError:
            raise ClientError(f"no answer over Channel Access in {self._timeout:g} s") from None
        except ca.ErrorResponseReceived as exc:
            raise ClientError(_words(exc.args[0])) from exc
        except ca.CaprotoError as exc:
            raise ClientError(" ".join(str(exc).split())) from exc
        status = getattr(answer, "status", _ECA_NORMAL)
        if status not in (_ECA_NORMAL, _ECA_NORMAL.value):
            raise ClientError(f"refused: {_status(status)}; the server's log has the reason")
        return answer

    def put(self, name: str, text: str) -> None:
        """Put a value and wait until it is written.

        :raises ClientError: if the server refuses it, or the text is no such value
        """
        (pv,) = self._context.get_pvs(name, timeout=self._timeout)
        self._asked(pv.wait_for_connection)
        if not pv.access_rights & ca.AccessRights.WRITE:
            raise ClientError("it is read-only, or you have no right to write it")
        kind, count = pv.channel.native_data_type, pv.channel.native_data_count
        try:
            if kind is ca.ChannelType.ENUM:
                known = self._asked(lambda: pv.read(data_type="control"))
                data: Any = [choice_of(text, _labels(known))]
            elif kind is ca.ChannelType.STRING:
                data = array_of(text, None) if count != 1 else [text]
                data = [item.encode() for item in data]
            elif kind is ca.ChannelType.CHAR and name.endswith("$"):
                data = np.frombuffer(text.encode() + b"\0", np.uint8)
            elif count != 1 or text.lstrip().startswith("["):
                data = array_of(text, _DTYPES[kind]).ravel()
            else:
                data = [number_of(text, _DTYPES[kind])]
        except ValueError as exc:
            raise ClientError(str(exc)) from exc
        self._asked(lambda: pv.write(data, wait=True))

    def call(self, name: str, arguments: Mapping[str, str]) -> None:
        """Run a command by a put, of 1 if it takes no argument.

        :raises ClientError: if it fails or is refused; Channel Access has no results
        """
        if set(arguments) > {"arg"}:
            raise ClientError("over Channel Access a command takes one argument, without a name")
        self.put(name, arguments.get("arg", "1"))

    def monitor(self, name: str, tell: Callable[[str, PvReading | ClientError], None]) -> Any:
        """Watch a PV; ``tell`` is called in a thread of the client, until the result is closed."""

        def connection(pv: PV, state: str) -> None:
            if state == "disconnected":
                tell(name, ClientError("not connected"))

        (pv,) = self._context.get_pvs(
            name, timeout=self._timeout, connection_state_callback=connection
        )
        return _Watch(pv, tell)


class _Watch:
    """A subscription. Its first update waits for the PV's units and choices.

    :param tell: called with name and reading, in a thread of caproto's
    """

    def __init__(self, pv: PV, tell: Callable[..., None]) -> None:
        self._tell = tell
        self._known: Any = None
        self._early: Any = None
        self._lock = threading.Lock()
        self._subscription = pv.subscribe(data_type="time")
        self._subscription.add_callback(self._update)  # a weak reference: keep this object
        self._metadata = pv.subscribe(data_type="control", data_count=1, mask=_PROPERTY)
        self._metadata.add_callback(self._describe)

    def _update(self, subscription: Any, response: Any) -> None:
        with self._lock:
            if self._known is None:
                self._early = response
                return
        self._tell(subscription.pv.name, reading_of(subscription.pv, response, self._known))

    def _describe(self, subscription: Any, response: Any) -> None:
        with self._lock:
            self._known, early, self._early = response, self._early, None
        if early is not None:
            self._update(subscription, early)

    def close(self) -> None:
        """Take no more updates."""
        self._subscription.clear()
        self._metadata.clear()


def reading_of(pv: PV, timed: Any, known: Any) -> PvReading:
    """Return what two replies say.

    :param timed: value, alarm and time
    :param known: units, limits and choices, or None
    """
    kind = ca.field_types["native"][timed.data_type]
    found = PvReading(pv.name, None, f"DBR_{kind.name}")
    meta = getattr(known, "metadata", None)
    data = timed.data
    if kind is ca.ChannelType.ENUM:
        found.index, found.choices = int(data[0]), _labels(known) if known else ()
        known_label = found.index < len(found.choices)
        found.value = found.choices[found.index] if known_label else str(found.index)
    elif kind is ca.ChannelType.STRING:
        texts = [bytes(item).rstrip(b"\0").decode("utf-8", "replace") for item in data]
        found.value = texts[0] if pv.channel.native_data_count == 1 else texts
    elif kind is ca.ChannelType.CHAR and pv.name.endswith("$"):
        found.value = bytes(data).partition(b"\0")[0].decode("utf-8", "replace")
        found.type = "DBR_CHAR, a long text"
    elif pv.channel.native_data_count == 1:
        found.value = data[0].item()
    else:
        found.value, found.type = np.asarray(data), f"{found.type}[{pv.channel.native_data_count}]"
    found.severity = int(timed.metadata.severity)
    if found.severity:
        found.alarm = ca.AlarmStatus(timed.metadata.status).name
    found.time = _posix(timed.metadata)
    if meta is not None:
        found.units = bytes(getattr(meta, "units", b"")).rstrip(b"\0").decode("latin-1")
        found.precision = getattr(meta, "precision", None)
        found.limits = {
            title: (getattr(meta, low), getattr(meta, high))
            for title, (low, high) in _LIMITS.items()
            if hasattr(meta, low) and getattr(meta, low) != getattr(meta, high)  # 0 to 0: not set
        }
    rights = pv.access_rights
    words = [
        w
        for w, r in (("read", ca.AccessRights.READ), ("write", ca.AccessRights.WRITE))
        if rights & r
    ]
    found.may_write = bool(rights & ca.AccessRights.WRITE)
    found.access = f"you may {' and '.join(words) or 'do nothing'}"
    return found


def _posix(stamp: Any) -> int:
    seconds, nanoseconds = stamp.secondsSinceEpoch, stamp.nanoSeconds
    return int((seconds + ca.EPICS2UNIX_EPOCH) * 10**9 + nanoseconds)


def _labels(known: Any) -> list[str]:
    return [bytes(label).decode("utf-8", "replace") for label in known.metadata.enum_strings]


def _status(status: Any) -> str:
    """Return the words of a status, which caproto gives as a code or as what stands for it."""
    code = getattr(status, "value", status)
    return str(getattr(code, "description", code)).lower()


def _words(response: Any) -> str:
    text = bytes(getattr(response, "error_message", b"")).rstrip(b"\0").decode("utf-8", "replace")
    return text or str(response)
