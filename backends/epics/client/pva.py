"""The PVAccess client: p4p without unwrapping, which an NTTable breaks for a whole context."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np
from p4p import Type, Value
from p4p.client.raw import Context as RawContext
from p4p.client.raw import Disconnected, RemoteError
from p4p.client.thread import Context
from p4p.nt import NTURI

from ..pva.nt_types import UNION
from .listing import Listings
from .reading import ClientError, PvReading
from .values import array_of, choice_of, number_of, table_of

_CODES = dict(
    zip(
        "?bhilBHILfd",
        ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"],
        strict=True,
    )
)
_WORDS = {"?": "bool", "s": "string", "f": "float", "d": "double"}
_WORDS |= {
    c: ("u" if c.isupper() else "") + f"int{8 * int(t[1])}"
    for c, t in _CODES.items()
    if t[0] in "iu"
}
_LIMITS = {
    "display": ("display.limitLow", "display.limitHigh"),
    "control": ("control.limitLow", "control.limitHigh"),
    "warning": ("valueAlarm.lowWarningLimit", "valueAlarm.highWarningLimit"),
    "alarm": ("valueAlarm.lowAlarmLimit", "valueAlarm.highAlarmLimit"),
}
_ACCESS = {
    "write": (True, "you may read and write"),
    "read": (False, "you may read, not write"),
    "call": (True, "you may call it"),
    "none": (False, "you may not call it"),
    "unknown": (None, "not known: the access policies of the server did not answer in 1 s"),
    "": (None, "not known: no status PVs of a Roguebridge server answered"),
}


class PvaClient:
    """Talks PVAccess, by the ``EPICS_PVA_...`` settings of the environment.

    :param timeout: seconds that each answer may take
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._context = Context("pva", nt=False)
        self._raw = RawContext("pva", useenv=True, nt=False)  # for monitors and listings
        self.listings = Listings(self._raw, timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._raw.close()
        self._context.close()

    def get(self, names: Sequence[str]) -> Iterator[tuple[str, PvReading | ClientError]]:
        """Yield a reading of each PV, or why there is none."""
        answers = self._context.get(list(names), timeout=self._timeout, throw=False)
        for name, answer in zip(names, answers, strict=True):
            yield name, self._answer(name, answer)

    def info(self, names: Sequence[str]) -> Iterator[tuple[str, PvReading | ClientError]]:
        """Yield a reading of each PV with what this client may do, or why there is none."""
        answers = list(self.get(names))
        there = [name for name, answer in answers if isinstance(answer, PvReading)]
        access = self.listings.access(there)
        for name, answer in answers:
            if isinstance(answer, PvReading):
                answer.may_write, answer.access = _ACCESS[access.get(name, "")]
            yield name, answer

    def _answer(self, name: str, answer: Any) -> PvReading | ClientError:
        if isinstance(answer, Exception):
            return self._error(answer)
        return reading_of(name, answer)

    def _error(self, exc: BaseException) -> ClientError:
        if isinstance(exc, TimeoutError):
            return ClientError(f"no answer over PVAccess in {self._timeout:g} s")
        if isinstance(exc, Disconnected):
            return ClientError("not connected")
        return ClientError(str(exc) or type(exc).__name__)

    def put(self, name: str, text: str) -> None:
        """Put a value and wait until it is written.

        :raises ClientError: if the server refuses it, or the text is no such value
        """
        try:
            value = value_for(self._context.get(name, timeout=self._timeout), text)
            self._context.put(name, value, timeout=self._timeout, wait=True, get=False)
        except (RemoteError, Disconnected, TimeoutError, ValueError) as exc:
            raise self._error(exc) from exc

    def call(self, name: str, arguments: Mapping[str, str]) -> Any:
        """Call a command and return what it returns; the server takes each argument's type.

        :raises ClientError: if it fails or is refused
        """
        uri = NTURI([(key, "s") for key in arguments]).wrap(name, kws=dict(arguments))
        try:
            answer = self._context.rpc(name, uri if arguments else None, timeout=self._timeout)
        except (RemoteError, Disconnected, TimeoutError) as exc:
            raise self._error(exc) from exc
        return reading_of(name, answer) if isinstance(answer, Value) else answer

    def monitor(self, name: str, tell: Callable[[str, PvReading | ClientError], None]) -> Any:
        """Watch a PV; ``tell`` is called in a thread of the client, until the result is closed."""
        return _Watch(self._raw, name, lambda given: tell(name, self._answer(name, given)))


class _Watch:
    """A subscription.

    p4p's own for threads (4.3.0) loses an update that comes before ``monitor()`` has returned, and
    then waits for ever. Here the network thread waits for the lock instead.

    :param update: called on the network thread with a value or an exception; it does not block
    """

    def __init__(self, context: RawContext, name: str, update: Callable[[Any], None]) -> None:
        self._update = update
        self._made = threading.Lock()
        with self._made:
            self._subscription = context.monitor(name, self._come)

    def _come(self, *_: object) -> None:
        with self._made:
            subscription = self._subscription
        while (given := subscription.pop()) is not None:
            self._update(given)

    def close(self) -> None:
        """Take no more updates."""
        self._subscription.close()


def reading_of(name: str, value: Value) -> PvReading:
    """Return what a structure of PVAccess says; of a foreign one, its fields."""
    kind = value.getID().removeprefix("epics:nt/").partition(":")[0]
    found = PvReading(name, None, kind)
    code = value.type().aspy("value") if "value" in value else None
    if kind == "NTEnum" or (isinstance(code, tuple) and code[1] == "enum_t"):
        found.index, found.choices = value["value.index"], value["value.choices"]
        known = 0 <= found.index < len(found.choices)
        found.value = found.choices[found.index] if known else str(found.index)
    elif kind == "NTNDArray":
        found.value = _pixels(value)
        found.type += f" {getattr(found.value, 'dtype', '')}"
    elif kind == "NTTable":
        found.value = dict(value["value"].items())
    elif isinstance(code, str):
        found.value = value["value"]
        found.type += " " + ("array of " if code[0] == "a" else "") + _WORDS.get(code[-1], code)
    else:
        found.value = value.todict()
    _annotate(found, value)
    return found


def _annotate(found: PvReading, value: Value) -> None:
    def field(path: str, missing: Any) -> Any:
        return value.get(path, missing)

    found.severity = field("alarm.severity", 0)
    found.alarm = field("alarm.message", "")
    if seconds := field("timeStamp.secondsPastEpoch", 0):
        found.time = seconds * 10**9 + field("timeStamp.nanoseconds", 0)
    found.units = field("display.units", "")
    found.description = field("display.description", "") or field("descriptor", "")
    if found.type.endswith(("float", "double")):
        found.precision = field("display.precision", None)
    found.limits = {
        title: (field(low, None), field(high, None))
        for title, (low, high) in _LIMITS.items()
        if field(low, None) != field(high, None)  # equal, as 0 to 0: not set
        and (low.startswith("display") or field(f"{low.partition('.')[0]}.active", True))
    }


def _pixels(value: Value) -> Any:
    pixels = value["value"]
    if not isinstance(pixels, np.ndarray):
        return np.zeros(0)
    shape = [one["size"] for one in reversed(value["dimension"])]
    return pixels.reshape(shape) if np.prod(shape) == pixels.size and shape else pixels


def value_for(present: Value, text: str) -> Value:
    """Return what is put for a text, by the type of what is there.

    :raises ValueError: if the text is no value of that type
    """
    new = Value(present.type(), {})
    new.unmark()
    code = present.type().aspy("value") if "value" in present else None
    if isinstance(code, tuple) and code[1] == "enum_t":
        new["value.index"] = choice_of(text, present["value.choices"])
    elif present.getID().startswith("epics:nt/NTTable"):
        _fill_table(new, present, table_of(text))
    elif code == "v" or isinstance(code, tuple):
        _fill_image(new, present, text)
    elif code == "s":
        new["value"] = text
    elif isinstance(code, str) and code[0] == "a":
        new["value"] = array_of(text, _dtype(code[1]))
    elif isinstance(code, str) and code in _CODES:
        new["value"] = number_of(text, np.dtype(_CODES[code]))
    else:
        raise ValueError(f"a {present.getID()} cannot be put from the command line")
    return new


def _dtype(code: str) -> np.dtype[Any] | None:
    return None if code == "s" else np.dtype(_CODES[code])


def _fill_table(new: Value, present: Value, columns: Mapping[str, list[Any]]) -> None:
    kinds: Type = present.type()["value"]
    names = list(present["value"].keys())
    if set(columns) != set(names):
        raise ValueError(f"the columns of the table are {', '.join(names)}")
    for name in names:
        new[f"value.{name}"] = array_of(json.dumps(columns[name]), _dtype(kinds.aspy(name)[1]))


def _fill_image(new: Value, present: Value, text: str) -> None:
    dtype = _pixels(present).dtype
    pixels = array_of(text, dtype)
    new["value"] = (UNION[dtype.name], pixels.ravel())
    new["dimension"] = [
        {"size": n, "offset": 0, "fullSize": n, "binning": 1, "reverse": False}
        for n in reversed(pixels.shape)
    ]
