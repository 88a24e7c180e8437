"""What clients can ask of a PV by name: its value, record fields, long text, and PVs beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from roguebridge.core.mapping import PvEntry
from roguebridge.core.values import NtKind, PvSpec

from .alarms import SEVERITIES, STATUSES
from .forms import form_of
from .forms.form import LONGEST, Form, Native
from .records import is_out, meta_of
from .wire.dbr import CHAR, DOUBLE, ENUM, INT, LONG, STRING, WIRE, Elements, Meta, cut

#: characters that a text may have before its PV is announced anew
ROOM_FOR_TEXT = 1024
_ARRAY = 2  # elements: with room for one, clients would take it for a number
_DIMENSIONS = 8  # that an image may have before its shape is announced anew
PROCESS = "PROC"
_VALUE = "VAL"
_BESIDE = {"IDX", "SHAPE"}


class Shown(NamedTuple):
    """What an open PV shows: value, alarm in Channel Access's numbers, and time."""

    native: Native
    severity: int
    status: int
    time_ns: int


class View:
    """One field of one open PV, as a channel has it.

    :param type: its plain type
    :param room: how many elements it may have
    :param meta: what is said about it
    :param pick: its elements
    :param takes: True for what a put goes to the PV's own value
    :param follows: ``value`` if every update concerns it, ``alarm`` if those that change the alarm
        do, else empty
    """

    __slots__ = ("type", "room", "meta", "pick", "takes", "follows")

    def __init__(
        self,
        type: Any,
        room: int,
        meta: Meta,
        pick: Callable[[Shown], Elements],
        takes: bool = False,
        follows: str = "",
    ) -> None:
        self.type = type
        self.room = room
        self.meta = meta
        self.pick = pick
        self.takes = takes
        self.follows = follows


class Open:
    """An open PV: its type, what it shows, and its views as far as clients asked for them.

    :param entry: path and PV name
    :param spec: type and metadata
    :param room: elements that clients have been told of before
    """

    __slots__ = ("form", "shown", "told", "views", "room", "longest", "_entry", "_meta")

    def __init__(self, entry: PvEntry, spec: PvSpec, room: int) -> None:
        self.form: Form = form_of(spec)
        self.shown: Shown | None = None
        self.told = (0, 0)  # the alarm that clients have been sent
        self.views: dict[str, View | None] = {}
        self.room = max(room, spec.max_length or 1)
        #: elements, or bytes of text, of the longest value seen: a client may want to put as many
        self.longest = self.room
        self._entry = entry
        self._meta = meta_of(spec, entry)

    def saw(self, native: Native) -> None:
        """Note how long a value is; from any thread: the next one notes what is missed here."""
        size = len(native.elements if native.text is None else native.text)
        if size > self.longest:
            self.longest = size

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
        if long and name not in _TEXTS:
            return None
        if name in _TEXTS:
            text = _TEXTS[name](self._entry, self._meta, self.form.spec)
            return _fixed_text(text, long, Meta(rtyp=self._meta.rtyp))
        return self._other(name)

    def _value(self) -> View:
        shown = self._present.native
        room = 1
        if shown.text is not None and shown.type is CHAR:
            room = max(self.room, self.longest, ROOM_FOR_TEXT)
        elif self.form.spec.kind in (NtKind.SCALAR_ARRAY, NtKind.NDARRAY):
            room = self.room = max(self.room, self.longest, _ARRAY)
        return View(shown.type, room, self._meta, _elements, takes=True, follows="value")

    def _long_value(self) -> View | None:
        text = self._present.native.text
        if text is None:
            return None
        room = max(self.room, self.longest, ROOM_FOR_TEXT)
        return View(CHAR, room, Meta(rtyp=self._meta.rtyp), _whole, takes=True, follows="value")

    def _other(self, name: str) -> View | None:
        meta = self._meta
        bare = Meta(rtyp=meta.rtyp)  # of a field, too, the record's type is that of its record
        if name == "SEVR":
            return View(ENUM, 1, replace(bare, states=SEVERITIES), _severity, follows="alarm")
        if name == "STAT":
            return View(ENUM, 1, replace(bare, states=STATUSES), _status, follows="alarm")
        if name == "PREC":
            return _fixed(INT, min(meta.precision, 2**15 - 1), bare)
        if name in _LIMITS:
            return _fixed(DOUBLE, _LIMITS[name](meta), replace(meta, states=()))
        if name == PROCESS:
            return _fixed(CHAR, 0, bare)
        extra = self._present.native.extra
        if name not in _BESIDE or extra is None:
            return None
        is_index = self.form.spec.kind is NtKind.ENUM
        if is_index != (name == "IDX"):
            return None
        if not is_index:
            room = max(len(extra), _DIMENSIONS)
            return View(LONG, room, Meta(rtyp="waveform"), _extra, follows="value")
        rtyp = "longout" if is_out(self.form.spec, self._entry) else "longin"
        return View(LONG, 1, Meta(rtyp=rtyp), _extra, takes=True, follows="value")

    @property
    def _present(self) -> Shown:
        assert self.shown is not None  # noqa: S101 - it is open
        return self.shown


def _elements(shown: Shown) -> Elements:
    return shown.native.elements


def _whole(shown: Shown) -> Elements:
    return np.frombuffer(shown.native.text or b"", "u1")


def _extra(shown: Shown) -> Elements:
    return shown.native.extra


def _severity(shown: Shown) -> Elements:
    return np.array([shown.severity], WIRE[ENUM])


def _status(shown: Shown) -> Elements:
    return np.array([shown.status], WIRE[ENUM])


def _fixed(type: Any, number: Any, meta: Meta) -> View:
    elements = np.array([number], WIRE[type])
    return View(type, 1, meta, lambda shown: elements)


def _fixed_text(text: str, long: bool, meta: Meta) -> View:
    whole = text.encode("utf-8", "backslashreplace")
    if long:
        numbers = np.frombuffer(whole, "u1")
        return View(CHAR, max(len(whole), _ARRAY), meta, lambda shown: numbers)
    short = [cut(whole, LONGEST)]
    return View(STRING, 1, meta, lambda shown: short)


_TEXTS: dict[str, Callable[[PvEntry, Meta, PvSpec], str]] = {
    "NAME": lambda entry, meta, spec: entry.pv_name,
    "DESC": lambda entry, meta, spec: spec.display.description,
    "EGU": lambda entry, meta, spec: meta.units,
    "RTYP": lambda entry, meta, spec: meta.rtyp,
}
_LIMITS: dict[str, Callable[[Meta], Any]] = {
    "HOPR": lambda meta: meta.display[1],
    "LOPR": lambda meta: meta.display[0],
    "DRVH": lambda meta: meta.control[1],
    "DRVL": lambda meta: meta.control[0],
    "HIHI": lambda meta: meta.alarm[1],
    "HIGH": lambda meta: meta.warning[1],
    "LOW": lambda meta: meta.warning[0],
    "LOLO": lambda meta: meta.alarm[0],
}
FIELDS = frozenset({_VALUE, "PREC", "SEVR", "STAT", PROCESS, *_LIMITS, *_TEXTS})
#: those that may be text of any length, with a ``$``
LONG_FIELDS = frozenset({_VALUE, *_TEXTS})


def parse(name: str, served: Callable[[str], Any]) -> tuple[Any, str] | None:
    """Return the PV that a client means by a name, and which field of it.

    :param served: gives the PV of a name, None if there is none
    """
    pv = served(name)
    if pv is not None:
        return pv, _VALUE
    bare = name.removesuffix("$")
    suffix = name[len(bare) :]
    pv = served(bare) if suffix else None
    if pv is not None:
        return pv, _VALUE + suffix
    stem, dot, field = bare.rpartition(".")
    if suffix and field not in LONG_FIELDS:
        return None
    if dot and (field in FIELDS or not field):
        pv = served(stem)
        return None if pv is None else (pv, (field or _VALUE) + suffix)
    stem, colon, beside = name.rpartition(":")
    if colon and beside in _BESIDE:
        pv = served(stem)
        return None if pv is None else (pv, beside)
    return None
