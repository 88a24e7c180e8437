"""The frames of a PV for clients of PVWS: JSON in the frame of a WebSocket, made once per value.

ornl-epics/pvws says what is in them (``Vtype2Json.java``); ``alarm``, ``status``, ``shape``,
``columns`` and ``path`` are ours, which its clients pass over.
"""

from __future__ import annotations

import json
import struct
from base64 import b64encode
from typing import Any

import numpy as np

from roguebridge.core.backend import CachedPv
from roguebridge.core.values import Alarm, NtKind, PvSpec, Reading, ScalarType

from .values import EXACT, elements, json_value, metadata, number, severity_of, text_beside

_TEXT = 0x81  # a text that is whole in one frame
#: type of the elements -> type on the wire, of which a client of PVWS has the numbers whole
_WIRE = {
    "bool": "i1", "int8": "i1", "uint8": "i4", "int16": "<i2", "uint16": "<i4", "int32": "<i4",
    "uint32": "<f8", "int64": "<f8", "uint64": "<f8", "float32": "<f4", "float64": "<f8",
}  # fmt: skip
#: the same for what has a shape, which those clients do not know
_EXACT = {**_WIRE, "uint8": "u1", "uint16": "<u2", "uint32": "<u4"}
_KEYS = {"1": "b64byt", "2": "b64srt", "i4": "b64int", "u4": "b64int", "f4": "b64flt"}


def framed(text: str) -> bytes:
    """Return a text in the frame that carries it, as a server sends it."""
    content = text.encode("utf-8", "backslashreplace")
    size = len(content)
    if size < 126:
        return struct.pack("!BB", _TEXT, size) + content
    if size < 65_536:
        return struct.pack("!BBH", _TEXT, 126, size) + content
    return struct.pack("!BBQ", _TEXT, 127, size) + content


def message(**content: Any) -> bytes:
    """Return a message that is no update."""
    return framed(json.dumps(content, ensure_ascii=False))


class Frames:
    """The frames of the present reading of a PV, made when the first client needs them.

    :param spec: type of the PV
    :param reading: the reading
    """

    __slots__ = ("spec", "reading", "_value", "_made")

    def __init__(self, spec: PvSpec, reading: Reading) -> None:
        self.spec = spec
        self.reading = reading
        self._value = ""
        self._made: dict[tuple[str, bool], bytes] = {}

    def later(self, name: str, told: Alarm) -> bytes:
        """Return the frame for a client that knows the PV.

        :param name: as the client spells it
        :param told: the alarm that the client knows
        """
        alarm = self.reading.alarm
        key = (name, alarm != told)
        frame = self._made.get(key)
        if frame is None:
            words = f",{_alarm(alarm)}" if key[1] else ""
            frame = self._made[key] = framed(f"{_head(name)}{words},{self._body()}}}")
        return frame

    def first(self, name: str, path: str, readonly: bool) -> bytes:
        """Return the frame for a client that does not know the PV, or its type no longer."""
        about = {**metadata(self.spec), "path": path, "readonly": readonly}
        if self.spec.kind is NtKind.SCALAR and self.spec.scalar is ScalarType.Bool:
            about |= {"vtype": "VEnum", "labels": ["False", "True"]}
        words = json.dumps(about, ensure_ascii=False)[1:-1]
        return framed(f"{_head(name)},{words},{_alarm(self.reading.alarm)},{self._body()}}}")

    def _body(self) -> str:
        if not self._value:
            seconds, nanos = divmod(self.reading.time_ns, 10**9)
            value = _value(self.spec, self.reading.value)
            self._value = f'{value},"seconds":{seconds},"nanos":{nanos}'
        return self._value


def rights(name: str, readonly: bool) -> bytes:
    """Return the frame that says only whether a client may write."""
    return framed(f'{_head(name)},"readonly":{json.dumps(readonly)}}}')


def _head(name: str) -> str:
    return f'{{"type":"update","pv":{json.dumps(name, ensure_ascii=False)}'


def _alarm(alarm: Alarm) -> str:
    text = json.dumps(alarm.message, ensure_ascii=False)
    return f'"severity":"{severity_of(alarm)}","status":{int(alarm.status)},"alarm":{text}'


def _value(spec: PvSpec, value: Any) -> str:
    if spec.kind is NtKind.TABLE:
        return f'"value":{json.dumps(json_value(spec, value), ensure_ascii=False)}'
    if spec.kind in (NtKind.SCALAR_ARRAY, NtKind.NDARRAY):
        return _array(value, spec.kind is NtKind.NDARRAY)
    if spec.kind is NtKind.SCALAR and spec.scalar is ScalarType.String:
        return f'"text":{json.dumps(value, ensure_ascii=False)}'
    if spec.scalar is ScalarType.Bool:  # PVWS has no bool, but choices
        return f'"value":{int(value)},"text":"{bool(value)}"'
    text = text_beside(spec, value)
    beside = "" if text is None else f',"text":{json.dumps(text, ensure_ascii=False)}'
    plain = number(value)
    if isinstance(plain, str):
        plain = "NaN"  # PVWS has no other word
    return f'"value":{json.dumps(plain)}{beside}'


def _array(array: Any, has_shape: bool) -> str:
    if isinstance(array, list):
        return f'"value":{json.dumps(array, ensure_ascii=False)}'
    wire = np.dtype((_EXACT if has_shape else _WIRE)[array.dtype.name])
    key = next((key for end, key in _KEYS.items() if wire.str.endswith(end)), "b64dbl")
    content = b64encode(np.ascontiguousarray(array, wire).tobytes()).decode()
    words = f'"{key}":"{content}"'
    if has_shape:
        words += f',"shape":{list(array.shape)},"dtype":"{array.dtype.name}"'
    if array.dtype.itemsize == 8 and array.dtype.kind in "iu" and _beyond(array):
        text = json.dumps(elements(array))
        words += f',"text":{json.dumps(text)}'
    return words


def _beyond(array: Any) -> bool:
    """Tell whether an array has integers that a double does not hold."""
    return bool(array.size) and (int(array.max()) > EXACT or int(array.min()) < -EXACT)


class WebPv(CachedPv):
    """A PV that keeps the frames of its reading, and shows only the newest of a burst."""

    _frames: Frames | None = None
    _waits = False  # to be shown; guarded by the lock

    @property
    def frames(self) -> Frames:
        """The frames of the present reading; the PV is open."""
        spec, reading, frames = self.spec, self.reading, self._frames
        if frames is None or frames.reading is not reading or frames.spec is not spec:
            assert spec is not None and reading is not None  # noqa: S101 - it is open
            frames = self._frames = Frames(spec, reading)
        return frames

    def _keep(self, reading: Reading) -> None:
        self.reading = reading
        if not self._waits:
            self._waits = True
            self.soon(self._show_newest)

    def _show_newest(self) -> None:
        with self._lock:
            self._waits = False
            reading = self.reading
        if reading is not None:
            self._show(reading)

    def close(self) -> None:
        """Forget type, value and frames."""
        super().close()
        self._frames = None
