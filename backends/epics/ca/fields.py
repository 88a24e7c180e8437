"""What clients can ask of a PV by name: its value, record fields, long text, and PVs beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from roguebridge.core.mapping import PvEntry
from roguebridge.core.values import NtKind, PvSpec

from .alarms import SEVERITIES, STATUSES
from .forms.form import LONGEST, CaValue, Form
from .records import is_out, meta_of
from .wire import dbr
from .wire.dbr import CHAR, DOUBLE, ENUM, INT, LONG, STRING, WIRE, Elements, Meta, cut

#: characters that a text may have before its PV is announced anew
ROOM_FOR_TEXT = 1024
_ARRAY = 2  # elements: with room for one, clients would take it for a number
_DIMENSIONS = 8  # that an image may have before its shape is announced anew
_SMALL = 1024  # bytes, or elements: a reply that is kept, and with it its reading
_MOST_ZEROS = 16_384  # elements that a client gets who wants more than there is room for
PROCESS = "PROC"
_VALUE = "VAL"
_BESIDE = {"IDX", "SHAPE"}


class CaReading(NamedTuple):
    """A reading of an open PV: value, alarm in the numbers of Channel Access, and time."""

    value: CaValue
    severity: int
    status: int
    time_ns: int


@dataclass(slots=True, eq=False)
class View:
    """One field of one open PV, as a channel has it.

    :param type: its plain type
    :param room: how many elements it may have
    :param meta: its units, limits and states
    :param pick: returns its elements of a reading
    :param takes: True for a field that a put goes from to the PV's own value
    :param follows: ``value`` if every update concerns it, ``alarm`` if those that change the alarm
        do, else empty
    :param newest: the last body, if it is small, with the reading, type and count it was made of
    """

    type: Any
    room: int
    meta: Meta
    pick: Callable[[CaReading], Elements]
    takes: bool = False
    follows: str = ""
    newest: tuple[Any, int, int, tuple[int, bytes]] | None = None

    def body(self, reading: CaReading, type: int, count: int) -> tuple[int, bytes]:
        """Return a reading in a type of DBR: number of elements, and all bytes.

        :param count: how many elements; 0 for all there are
        :raises Unreadable: if the field has no such form
        """
        newest = self.newest
        if newest is not None and newest[0] is reading and newest[1:3] == (type, count):
            return newest[3]
        if count > max(self.room, _MOST_ZEROS):
            raise dbr.Unreadable(f"{count} elements of {self.room}")
        head = dbr.metadata(type, self.meta, reading.severity, reading.status, reading.time_ns)
        elements = self.pick(reading)
        number, tail = dbr.data(elements, self.type, dbr.plain(type), self.meta, count)
        body = number, head + tail
        if max(len(body[1]), reading.value.size) <= _SMALL:
            self.newest = reading, type, count, body
        return body


class OpenCaPv:
    """An open PV: its form, its newest reading, and its views as far as clients asked for them.

    :param entry: path and PV name
    :param form: type and metadata
    :param reading: the first reading
    :param room: number of elements that clients know of from before
    """

    __slots__ = ("form", "reading", "sent_alarm", "views", "room", "longest", "_entry", "_meta")

    def __init__(self, entry: PvEntry, form: Form, reading: CaReading, room: int) -> None:
        self.form = form
        self.reading = reading
        #: severity and status that clients have been sent
        self.sent_alarm = (reading.severity, reading.status)
        self.views: dict[str, View | None] = {}
        self.room = max(room, form.spec.max_length or 1)
        #: elements, or bytes of text, of the longest value seen: a client may want to put as many
        self.longest = self.room
        self._entry = entry
        self._meta = meta_of(form.spec, entry)
        self.saw(reading.value)

    def saw(self, value: CaValue) -> None:
        """Note how long a value is; from any thread. The next value corrects a lost note."""
        if value.size > self.longest:
            self.longest = value.size

    def view(self, field: str) -> View | None:
        """Return a field; None if this PV has no such one."""
        view = self.views.get(field)
        # A longer value may have come while no client had this field.
        is_short = view is not None and view.takes and 1 < view.room < self.longest
        if field not in self.views or is_short:
            view = self.views[field] = self._made(field)
        return view

    def _made(self, field: str) -> View | None:
        name = field.removesuffix("$")
        long = name != field
        if name == _VALUE:
            return self._long_value() if long else self._value()
        meta = self._meta
        bare = Meta(rtyp=meta.rtyp)  # of a field, too, the record's type is that of its record
        if name in _TEXTS:
            return _fixed_text(_TEXTS[name](self._entry, meta, self.form.spec), long, bare)
        if long:
            return None
        if name in _ALARMS:
            states, pick = _ALARMS[name]
            return View(ENUM, 1, replace(bare, states=states), pick, follows="alarm")
        if name == "PREC":
            return _fixed(INT, min(meta.precision, 2**15 - 1), bare)
        if name in _LIMITS:
            limits, side = _LIMITS[name]
            return _fixed(DOUBLE, getattr(meta, limits)[side], replace(meta, states=()))
        return _fixed(CHAR, 0, bare) if name == PROCESS else self._beside(name)

    def _value(self) -> View:
        value = self.reading.value
        room = 1
        if value.text is not None and value.type is CHAR:
            room = max(self.room, self.longest, ROOM_FOR_TEXT)
        elif self.form.spec.kind in (NtKind.SCALAR_ARRAY, NtKind.NDARRAY):
            room = self.room = max(self.room, self.longest, _ARRAY)
        return View(value.type, room, self._meta, _elements, takes=True, follows="value")

    def _long_value(self) -> View | None:
        if self.reading.value.text is None:
            return None
        room = max(self.room, self.longest, ROOM_FOR_TEXT)
        return View(CHAR, room, Meta(rtyp=self._meta.rtyp), _whole, takes=True, follows="value")

    def _beside(self, name: str) -> View | None:
        extra = self.reading.value.extra
        is_index = self.form.spec.kind is NtKind.ENUM
        if extra is None or name != ("IDX" if is_index else "SHAPE"):
            return None
        if not is_index:
            room = max(len(extra), _DIMENSIONS)
            return View(LONG, room, Meta(rtyp="waveform"), _extra, follows="value")
        rtyp = "longout" if is_out(self.form.spec, self._entry) else "longin"
        return View(LONG, 1, Meta(rtyp=rtyp), _extra, takes=True, follows="value")


_elements, _extra = attrgetter("value.elements"), attrgetter("value.extra")


def _whole(reading: CaReading) -> Elements:
    return np.frombuffer(reading.value.text or b"", "u1")


def _fixed(type: Any, number: Any, meta: Meta) -> View:
    elements = np.array([number], WIRE[type])
    return View(type, 1, meta, lambda reading: elements)


def _fixed_text(text: str, long: bool, meta: Meta) -> View:
    whole = text.encode("utf-8", "backslashreplace")
    if long:
        numbers = np.frombuffer(whole, "u1")
        return View(CHAR, max(len(whole), _ARRAY), meta, lambda reading: numbers)
    short = [cut(whole, LONGEST)]
    return View(STRING, 1, meta, lambda reading: short)


_TEXTS: dict[str, Callable[[PvEntry, Meta, PvSpec], str]] = {
    "NAME": lambda entry, meta, spec: entry.pv_name,
    "DESC": lambda entry, meta, spec: spec.display.description,
    "EGU": lambda entry, meta, spec: meta.units,
    "RTYP": lambda entry, meta, spec: meta.rtyp,
}
_ALARMS: dict[str, tuple[tuple[str, ...], Callable[[CaReading], Elements]]] = {
    "SEVR": (SEVERITIES, lambda reading: np.array([reading.severity], WIRE[ENUM])),
    "STAT": (STATUSES, lambda reading: np.array([reading.status], WIRE[ENUM])),
}
#: which pair of the metadata, and which side of it
_LIMITS = {
    "HOPR": ("display", 1), "LOPR": ("display", 0), "DRVH": ("control", 1), "DRVL": ("control", 0),
    "HIHI": ("alarm", 1), "HIGH": ("warning", 1), "LOW": ("warning", 0), "LOLO": ("alarm", 0),
}  # fmt: skip
#: with the empty one: ``NAME.`` is the value
_FIELDS = frozenset({"", _VALUE, "PREC", PROCESS, *_ALARMS, *_LIMITS, *_TEXTS})
#: those that may be text of any length, with a ``$``
_LONG_FIELDS = frozenset({_VALUE, *_TEXTS})


def parse(name: str, served: Callable[[str], Any]) -> tuple[Any, str] | None:
    """Return the PV that a client means by a name, and which field of it.

    :param served: gives the PV of a name, None if there is none
    """
    for stem, field in _meanings(name):
        pv = served(stem)
        if pv is not None:
            return pv, field
    return None


def _meanings(name: str) -> Iterator[tuple[str, str]]:
    """Give PV name and field that a client may mean, the likeliest first."""
    yield name, _VALUE
    bare = name.removesuffix("$")
    suffix = name[len(bare) :]
    if suffix:
        yield bare, _VALUE + suffix
    stem, dot, field = bare.rpartition(".")
    if dot and field in (_LONG_FIELDS if suffix else _FIELDS):
        yield stem, (field or _VALUE) + suffix
    stem, colon, beside = name.rpartition(":")
    if colon and beside in _BESIDE:
        yield stem, beside
