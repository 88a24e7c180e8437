"""The numbers among the arguments of a server: their bounds, checked here and in files alike."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .options import OPTIONS

_LONGEST = 1e9  # seconds that a clock can wait for
_COMPARE = {"ge": operator.ge, "gt": operator.gt, "le": operator.le, "lt": operator.lt}


class OptionError(TypeError, ValueError):
    """An argument of the wrong type."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds of a kind of number.

    :param expected: what it is, in words
    :param limits: as pydantic names them: ``ge``, ``gt``, ``le``, ``lt``
    :param integer: it has no fraction
    """

    expected: str
    limits: dict[str, float]
    integer: bool = False

    def hold(self, number: float) -> bool:
        """Tell whether a number is within them; NaN never is."""
        return all(_COMPARE[name](number, limit) for name, limit in self.limits.items())


#: kind of an option -> its bounds
NUMBERS = {
    "Seconds": Bounds("a number of seconds, 0 or more", {"ge": 0, "lt": _LONGEST}),
    "Interval": Bounds("a number of seconds greater than 0", {"gt": 0, "lt": _LONGEST}),
    "Count": Bounds("a number, 0 or more", {"ge": 0, "lt": _LONGEST}),
    "PositiveInt": Bounds("an integer greater than 0", {"gt": 0}, integer=True),
    "NameLength": Bounds("an integer from 16 to 65536", {"ge": 16, "le": 65_536}, integer=True),
}


def check_options(arguments: Mapping[str, Any]) -> None:
    """Check those arguments of a server that are numbers.

    :param arguments: by name; what is no argument of a server is not looked at
    :raises OptionError: for what is no number
    :raises ValueError: for a number out of bounds
    """
    for name in arguments.keys() & OPTIONS.keys():
        check_number(name, arguments[name])


def check_number(name: str, value: Any) -> None:
    """Check one argument, if it is to be a number; raises as :func:`check_options`."""
    kind, _, none = OPTIONS[name].kind.partition("|")
    bounds = NUMBERS.get(kind)
    if bounds is None or (none and value is None):
        return
    text = f"{name} must be {bounds.expected}{' or None' * bool(none)}, not {value!r}"
    if not isinstance(value, int if bounds.integer else (int, float)) or isinstance(value, bool):
        raise OptionError(text)
    if not bounds.hold(value):
        raise ValueError(text)
