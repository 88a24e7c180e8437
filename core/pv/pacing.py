"""How fast a PV may show the updates of its node, and which change is too small to be shown.

The options ``update_rate`` and ``deadband`` of a server, checked when it is made; a
:class:`.PacedPublication` applies them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..mapping.path_globs import path_matcher
from ..mapping.select import Select
from ..mapping.selectors import Selector

_LONGEST = 1e9  # seconds that a clock can wait for

#: one number for all PVs, or path glob -> number, None for no limit; the first match counts. For
#: a glob that may match no node ``{'value': number, 'optional': True}``
UpdateRate = float | Mapping[str, float | Mapping[str, Any] | None] | None
#: the same; a number is in the PV's units, text such as ``'1%'`` a share of the value shown
DeadbandOption = float | str | Mapping[str, float | str | Mapping[str, Any] | None] | None


@dataclass(frozen=True, slots=True)
class Deadband:
    """Which change of a number is not shown.

    :param size: the largest such change, in the PV's units; or as a part of the value shown
    :param relative: True for the latter
    """

    size: float
    relative: bool = False

    def covers(self, shown: Any, value: Any) -> bool:
        """Tell whether a PV that shows one number need not show another; both may be of numpy."""
        # The unsigned integers of numpy have no negative differences.
        shown, value = _plain(shown), _plain(value)
        if not isinstance(value, (int, float)) or not isinstance(shown, (int, float)):
            return False
        if value == shown or (math.isnan(value) and math.isnan(shown)):
            return True
        band = self.size * abs(shown) if self.relative else self.size
        # A change from or to NaN or infinity is never covered.
        return abs(value - shown) <= band < math.inf


@dataclass(frozen=True, slots=True)
class Pace:
    """The pace of one PV.

    :param period: least seconds between two posts; 0 for no limit
    :param deadband: None to show every change
    """

    period: float
    deadband: Deadband | None


class Pacing:
    """Tells the pace of each PV of a server.

    :param update_rate: posts per second and PV, at most; for all, or by path glob
    :param deadband: changes that are not shown; for all, or by path glob
    :raises ValueError: for anything else
    """

    def __init__(self, update_rate: UpdateRate, deadband: DeadbandOption) -> None:
        self._periods = _Setting("update_rate", update_rate, period_of, "a number greater than 0")
        self._deadbands = _Setting(
            "deadband", deadband, deadband_of, "a number greater than 0, text such as '1%'"
        )
        self._paces: dict[tuple[float | None, Deadband | None], Pace] = {}

    @property
    def active(self) -> bool:
        """True if any PV may have a pace."""
        return self._periods.active or self._deadbands.active

    def of(self, path: str) -> Pace | None:
        """Return the pace of a node's PVs; None if they show everything at once.

        :param path: of the node
        """
        key = self._periods.of(path), self._deadbands.of(path)
        if key == (None, None):
            return None
        return self._paces.setdefault(key, Pace(key[0] or 0.0, key[1]))

    def selectors(self) -> list[Selector]:
        """Return a selector for each glob."""
        return [*self._periods.selectors(), *self._deadbands.selectors()]


class _Setting:
    """One value for all paths, or the first of the globs that match."""

    def __init__(self, name: str, given: Any, read: Callable[[Any], Any], expected: str) -> None:
        self._name = name
        self._by_glob = isinstance(given, Mapping)
        self._rules: list[tuple[str, Callable[[str], object], Any]] = []
        self._optional: set[str] = set()  # globs that may match no node
        for glob, value in given.items() if isinstance(given, Mapping) else [("*", given)]:
            if not isinstance(glob, str) or not glob:
                raise ValueError(f"{name}: the glob of a path must be text, not {glob!r}")
            if isinstance(value, Mapping):
                value, optional = _optional(name, glob, value)
                if optional:
                    self._optional.add(glob)
            try:
                found = None if value is None else read(value)
            except ValueError:
                of = f"{name} of {glob!r}" if self._by_glob else name
                raise ValueError(f"{of} must be {expected} or None, not {value!r}") from None
            self._rules.append((glob, path_matcher([glob]), found))

    @property
    def active(self) -> bool:
        return any(value is not None for _, _, value in self._rules)

    def of(self, path: str) -> Any:
        return next((value for _, matches, value in self._rules if matches(path)), None)

    def selectors(self) -> Iterator[Selector]:
        for glob, _, _ in self._rules if self._by_glob else ():
            text = f"{self._name}: no node matches the path {glob!r}"
            yield Selector(text, Select(path=glob), glob in self._optional)


def _optional(name: str, glob: str, given: Mapping[str, Any]) -> tuple[Any, bool]:
    optional = given.get("optional", False)
    if set(given) - {"value", "optional"} or "value" not in given or not isinstance(optional, bool):
        raise ValueError(f"{name} of {glob!r} takes value and optional, not {dict(given)!r}")
    return given["value"], optional


def period_of(rate: Any) -> float:
    """Return the seconds between two posts.

    :param rate: posts per second, greater than 0
    :raises ValueError: for anything else
    """
    return min(1 / _positive(rate), _LONGEST)


def deadband_of(given: Any) -> Deadband:
    """Return the deadband that a number, or text such as ``'1%'``, means.

    :raises ValueError: for anything else
    """
    if isinstance(given, str):
        number, percent, rest = given.partition("%")
        if not percent or rest.strip():
            raise ValueError(given)
        return Deadband(_positive(float(number)) / 100, relative=True)
    return Deadband(_positive(given))


def _positive(value: Any) -> float:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not 0 < value < math.inf:
        raise ValueError(value)
    return value  # type: ignore[no-any-return]


def _plain(number: Any) -> Any:
    return number.item() if isinstance(number, np.generic) else number
