"""What a client has read of a PV, and how it is printed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

SEVERITIES = ("NO_ALARM", "MINOR", "MAJOR", "INVALID", "UNDEFINED")
_SHOWN = 8  # elements at each end of an array that is printed for people


class ClientError(Exception):
    """Why a PV was not read, put or called, for the person at the terminal."""


@dataclass(slots=True)
class PvReading:
    """One reading of a PV.

    :param name: of the PV
    :param value: number, bool, text, array, list of texts, label of a choice, or columns by name
    :param type: as the protocol calls it, such as ``NTScalar double`` or ``DBR_DOUBLE``
    :param index: of a choice
    :param time: nanoseconds since the POSIX epoch, None if there is none
    :param limits: low and high by what they limit
    :param access: what this client may do, in words
    :param may_write: whether it may put, or call a command; None if that is not known
    """

    name: str
    value: Any
    type: str
    index: int | None = None
    choices: Sequence[str] = ()
    units: str = ""
    precision: int | None = None
    description: str = ""
    severity: int = 0
    alarm: str = ""
    time: int | None = None
    limits: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    access: str = ""
    may_write: bool | None = None

    def line(self, now: float) -> str:
        """Return the reading in one line: name, value, units, alarm, time and age.

        :param now: seconds since the POSIX epoch
        """
        words = [self.name, self._value_text(), self.units]
        if self.severity:
            words.append(" ".join(dict.fromkeys((_severity(self.severity), self.alarm))).strip())
        if self.time is not None:
            at = datetime.fromtimestamp(self.time / 1e9)
            words.append(f"{at:%Y-%m-%d %H:%M:%S.}{self.time // 10**6 % 1000:03d}")
            words.append(f"({age_text(now - self.time / 1e9)})")
        return "  ".join(word for word in words if word)

    def data(self, now: float) -> dict[str, Any]:
        """Return the reading for JSON; NaN and infinities are texts.

        :param now: seconds since the POSIX epoch
        """
        found: dict[str, Any] = {"name": self.name, "value": plain(self.value), "type": self.type}
        if self.index is not None:
            found |= {"index": self.index, "choices": list(self.choices)}
        found |= {"units": self.units, "severity": _severity(self.severity), "alarm": self.alarm}
        if self.time is not None:
            found |= {"time": self.time / 1e9, "age": round(now - self.time / 1e9, 3)}
        return found

    def details(self) -> list[tuple[str, str]]:
        """Return what ``info`` prints: titles and texts."""
        rows = [("type", self.type), ("description", self.description), ("units", self.units)]
        if isinstance(self.value, np.ndarray) and self.value.ndim > 1:
            rows.append(("shape", " x ".join(map(str, self.value.shape))))
        if self.choices:
            rows.append(("choices", ", ".join(f"{n} {c}" for n, c in enumerate(self.choices))))
        if self.precision is not None:
            rows.append(("precision", str(self.precision)))
        rows += [(f"{title} limits", _limits(pair)) for title, pair in self.limits.items()]
        rows.append(("access", self.access))
        return [(title, text) for title, text in rows if text]

    def _value_text(self) -> str:
        value = self.value
        if self.index is not None:
            return f"{value} ({self.index})"
        if isinstance(value, float):
            return (
                f"{value:.{self.precision}f}" if self.precision and _usual(value) else f"{value:g}"
            )
        if isinstance(value, np.ndarray):
            return np.array2string(value, threshold=2 * _SHOWN, edgeitems=_SHOWN).replace("\n", "")
        if isinstance(value, str):
            return value if value.isprintable() else json.dumps(value, ensure_ascii=False)
        return json.dumps(plain(value), ensure_ascii=False)


def _usual(value: float) -> bool:
    return math.isfinite(value) and (value == 0 or 1e-4 <= abs(value) < 1e9)


def _severity(number: int) -> str:
    return SEVERITIES[number] if 0 <= number < len(SEVERITIES) else str(number)


def _limits(pair: tuple[float | None, float | None]) -> str:
    low, high = (None if end is None or not math.isfinite(end) else end for end in pair)
    return "" if low is None and high is None else f"{_end(low)} .. {_end(high)}"


def _end(number: float | None) -> str:
    return "-" if number is None else f"{number:g}"


def age_text(seconds: float) -> str:
    """Return an age for people, such as ``0.3 s ago`` or ``2 h ago``."""
    if seconds < -1:
        return f"{-seconds:.0f} s ahead of this clock"
    for limit, size, unit in ((100, 1, "s"), (6000, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{max(0.0, seconds) / size:.{1 if size == 1 else 0}f} {unit} ago"
    return f"{seconds / 86_400:.0f} d ago"


def plain(value: Any) -> Any:
    """Return a value as JSON holds it: lists for arrays, text for NaN and infinities."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
