"""Puts of numbers outside the limits of a PV: they are refused, or set to the limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from math import ceil, floor
from typing import Any

import numpy as np

from ..errors import PutError
from ..mapping.groups import OptionalName, group_list
from ..mapping.path_globs import path_matcher
from ..mapping.select import Select
from ..mapping.selectors import Selector
from ..tree.links import has_limits_of_its_own
from ..values.exact import exact_array
from ..values.spec import NtKind, PvSpec, ScalarType
from ..values.words import MisfitError, parse_literal, parse_number

#: False for no node, True for all; or globs of paths. For a glob that may match no node
#: ``{'path': glob, 'optional': True}``
ByPath = bool | Iterable[str | Mapping[str, Any]]


class PathSwitch:
    """An option that is on for all nodes, for none, or for those whose path a glob matches.

    :param name: of the option
    :param given: what the caller has given
    :raises ValueError: for anything else
    """

    def __init__(self, name: str, given: Any) -> None:
        self._name = name
        self._all = given is True
        self._globs: dict[str, Callable[[str], object]] = {}
        self._found: dict[str, bool] = {}
        if isinstance(given, bool):
            return
        try:
            globs = group_list(None if isinstance(given, str) else given, name, key="path")
        except TypeError:
            globs = [""]
        if not all(globs) or not isinstance(given, (list, tuple, set, frozenset)):
            raise ValueError(
                f"{name} must be True, False or a list of globs of paths, not {given!r}"
            )
        self._globs = {glob: path_matcher([glob]) for glob in globs}

    def on(self, path: str) -> bool:
        """Tell whether it is on for a node."""
        if not self._globs:
            return self._all
        found = self._found.get(path)
        if found is None:
            found = self._found[path] = any(matches(path) for matches in self._globs.values())
        return found

    def selectors(self) -> Iterator[Selector]:
        """Yield what each glob selects."""
        for glob in self._globs:
            text = f"{self._name}: no node matches the path {glob!r}"
            yield Selector(text, Select(path=glob), isinstance(glob, OptionalName))


class PutLimits:
    """Holds what clients put to the limits of PVs.

    :param clamp: for which nodes a number outside the limits is set to the limit, else it is
        refused
    :param allow_nan: for which nodes with limits NaN is taken, else it is refused
    :raises ValueError: for an option that is none
    """

    def __init__(self, clamp: ByPath = False, allow_nan: ByPath = False) -> None:
        self._clamp = PathSwitch("clamp", clamp)
        self._allow_nan = PathSwitch("allow_nan", allow_nan)

    def selectors(self) -> list[Selector]:
        """Return what each glob selects."""
        return [*self._clamp.selectors(), *self._allow_nan.selectors()]

    def held(self, node: Any, spec: PvSpec, value: Any) -> Any:
        """Return what is to be written for a value, the very same where nothing is changed.

        :param node: the variable or command
        :param spec: of its PV
        :param value: as the client has put it, in the PV's terms; text of a number may be one
        :raises PutError: for NaN where there are limits
        """
        low, high = spec.control.limit_low, spec.control.limit_high
        if low is None and high is None:
            return value
        parse = parse_literal if spec.kind is NtKind.SCALAR_ARRAY else parse_number
        try:
            number = parse(value) if isinstance(value, str) else value
        except MisfitError:
            return value  # the converter tells why
        if spec.kind is NtKind.SCALAR_ARRAY and isinstance(number, (list, np.ndarray)):
            return self._elements(node, spec.scalar, number, low, high)
        if not isinstance(number, (int, float, np.number)):
            return value  # what is no number is refused with its own reason
        if number != number:
            self._refuse_nan(node, low, high)
        elif self._clamp.on(node.path):
            if low is not None and number < low:
                return _inward(spec.scalar, low, ceil)
            if high is not None and number > high:
                return _inward(spec.scalar, high, floor)
        return value

    def _elements(self, node: Any, scalar: ScalarType, value: Any, low: Any, high: Any) -> Any:
        array = exact_array(value)
        if array.dtype.kind not in "iuf":
            return value
        if np.isnan(array).any():
            self._refuse_nan(node, low, high)
        below = np.zeros(array.shape, bool) if low is None else array < low
        above = np.zeros(array.shape, bool) if high is None else array > high
        if not (below.any() or above.any()) or not self._clamp.on(node.path):
            return value
        # Not numpy.clip: a limit may have no place among the elements as they have come.
        items = array.tolist()
        for index in np.flatnonzero(below):
            items[index] = _inward(scalar, low, ceil)
        for index in np.flatnonzero(above):
            items[index] = _inward(scalar, high, floor)
        return items

    def _refuse_nan(self, node: Any, low: Any, high: Any) -> None:
        if has_limits_of_its_own(node) and not self._allow_nan.on(node.path):
            raise PutError(f"{node.path}: nan is outside {low} .. {high}")


def _inward(scalar: ScalarType, limit: Any, rounded: Callable[[Any], int]) -> Any:
    """Return a limit, of integers the nearest one within."""
    return rounded(limit) if scalar.is_integer else limit
