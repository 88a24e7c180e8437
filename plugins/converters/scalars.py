"""Converters of numbers, text and commands without argument."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from roguebridge.core.errors import PutError
from roguebridge.core.tree import TreeNode, local_attribute
from roguebridge.core.values import (
    NtKind,
    PvSpec,
    ScalarType,
    TypeConverter,
    integer,
    real,
    shared,
    unicode_of,
)

from .declared import Declared, Guessing
from .metadata import (
    attribute,
    control_of,
    display_of,
    limits_of,
    number_of,
    value_alarm_of,
)
from .refusals import check_range, refusing

_STRING = re.compile(r"String\((\d+)\)$")
# Formats without NaN: PyRogue refuses it for the first, and makes the largest value of it.
_NO_NAN = re.compile(r"U?Fixed_|Float[64](BE)?$")


def scalar_spec(node: TreeNode, scalar: ScalarType) -> PvSpec:
    """Return the description of an NTScalar with all that a node declares."""
    return shared(
        PvSpec(
            NtKind.SCALAR,
            scalar,
            display=display_of(node, scalar),
            control=control_of(node, scalar),
            value_alarm=value_alarm_of(node, scalar),
            writable=node.mode != "RO",
        )
    )


@cache
def _range_of(scalar: ScalarType) -> tuple[Any, Any, Any]:
    """Return the Python type of such numbers, and the smallest and largest."""
    if scalar.is_integer:
        integers = np.iinfo(scalar.dtype)
        return int, int(integers.min), int(integers.max)
    floats = np.finfo(scalar.dtype)
    return float, float(floats.min), float(floats.max)


def takes_nan(type_str: str) -> bool:
    """Tell whether a register of this type can hold NaN."""
    return _NO_NAN.match(type_str) is None


class Number(Guessing, TypeConverter):
    """A Python int or float, or a numpy scalar."""

    __slots__ = (
        "spec", "_node", "_path", "_is_integer", "_dtype", "_plain", "_low", "_high", "_takes_nan",
        "_native",
    )  # fmt: skip

    quick = True

    def __init__(self, node: TreeNode, declared: Declared) -> None:
        scalar = declared.scalar
        self.spec = scalar_spec(node, scalar)
        self._node = node
        self._path = node.path
        self._is_integer = scalar.is_integer
        self._dtype = scalar.dtype
        self._plain, self._low, self._high = _range_of(scalar)
        self._takes_nan = takes_nan(declared.source_type)
        # A LocalVariable takes nothing but the type of its default.
        native = declared.native
        self._native = native if isinstance(native, type) and not declared.is_register else None

    def to_pv(self, value: Any) -> int | float:
        """Return an int or float.

        :raises TypeError: for what is no number
        :raises ValueError: for a number that the PV's type has not
        """
        kind = type(value)
        if kind is self._plain and self._low <= value <= self._high:
            return value  # type: ignore[no-any-return]  # what the tree gives nearly always
        return self._fitting(value)

    def to_tree(self, value: Any) -> Any:
        """Return an int or float of exactly the type that the node takes."""
        with refusing(self._node):
            if isinstance(value, str):
                value = parse_number(value, self._is_integer)
            value = integer(value) if self._is_integer else real(value)
            limits = self.spec.control
            check_range(self._path, value, limits.limit_low, limits.limit_high)
            number = self._fitting(value)
            if number != number and not self._takes_nan:
                raise ValueError("nan has no place in this type")
            return self._as_native(number)

    def _fitting(self, value: Any) -> int | float:
        if not self._is_integer:
            return real(value, self._dtype)
        number = integer(value)
        if not self._low <= number <= self._high:
            raise ValueError(f"{number} is outside {self._low} .. {self._high}")
        return number

    def _as_native(self, number: int | float) -> Any:
        native = self._native
        if native is int and _is_whole(number):
            return int(number)
        if native is float:
            return real(number)
        if native is None or not issubclass(native, np.generic):
            return number
        if issubclass(native, (np.integer, np.bool_)) and not _is_whole(number):
            return number
        with np.errstate(over="ignore"):
            given = native(number)
        if np.isinf(given) and not math.isinf(number):
            raise ValueError(f"{number} is too large for {native.__name__}")
        return given


def _is_whole(number: int | float) -> bool:
    return math.isfinite(number) and number == int(number)


def parse_number(text: str, whole: bool) -> int | float:
    """Return the number that text in Python's notation stands for.

    :param whole: whether an integer is meant
    :raises ValueError: if it is none
    """
    try:
        return int(text, 0)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        kind = "an integer" if whole else "a number"
        raise ValueError(f"{text!r} is not {kind}") from None


def parse_bool(text: str) -> bool:
    """Return the bool that text stands for.

    :raises ValueError: if it is none
    """
    try:
        return {"true": True, "1": True, "false": False, "0": False}[text.strip().lower()]
    except KeyError:
        raise ValueError(f"{text!r} is neither True nor False") from None


class BigInteger(Guessing, TypeConverter):
    """An integer of more than 64 bits, as hexadecimal text."""

    def __init__(self, node: TreeNode) -> None:
        self.spec = scalar_spec(node, ScalarType.String)
        self._node = node
        self._path = node.path
        self._range = tuple(number_of(attribute(node, name)) for name in ("minimum", "maximum"))

    def to_pv(self, value: Any) -> str:
        """Return ``0x...``."""
        return f"{integer(value):#x}"

    def to_tree(self, value: Any) -> int:
        """Return the int that the text, in any base that Python reads, stands for."""
        with refusing(self._node):
            number = integer(parse_number(value, True) if isinstance(value, str) else value)
            check_range(self._path, number, *self._range)
            return number


class Text(Guessing, TypeConverter):
    """A str; one in a register must fit, with the zero byte that ends it."""

    quick = True

    def __init__(self, node: TreeNode, declared: Declared) -> None:
        self._node = node
        self._path = node.path
        register = _STRING.match(declared.source_type)
        self._most = None if register is None else int(register.group(1)) - 1
        spec = scalar_spec(node, ScalarType.String)
        self.spec = replace(spec, max_length=_room(node) if self._most is None else self._most)

    def to_pv(self, value: Any) -> str:
        """Return the text; bytes that are no Unicode are shown escaped."""
        if not isinstance(value, str):
            raise TypeError(f"{value!r} is not a str")
        return unicode_of(value)

    def to_tree(self, value: Any) -> str:
        """Return the text."""
        with refusing(self._node):
            if not isinstance(value, str):
                raise TypeError(f"{value!r} is not a str")
        # PyRogue would cut it without a word, and within a character leave a register that
        # raises at every read and with that ends the tree's only update thread.
        if self._most is not None and len(value.encode("utf-8")) > self._most:
            raise PutError(f"{self._path}: the text is longer than {self._most} bytes")
        if self._most is not None and "\0" in value:
            raise PutError(f"{self._path}: the text has a zero byte, which would end it")
        return str(value)


def _room(node: TreeNode) -> int | None:
    default = local_attribute(node, "_default")
    return len(unicode_of(default).encode()) if isinstance(default, str) else None


class NumberAsText(Text):
    """What is declared as text and not given as such, e.g. a number: PyRogue's own text of it.

    A put takes the text of a number where the node has numbers.
    """

    quick = False  # the format is the tree's

    def __init__(self, node: TreeNode, declared: Declared) -> None:
        super().__init__(node, declared)
        self._native = declared.native
        self._any_number = declared.is_untyped

    def to_pv(self, value: Any) -> str:
        """Return the text."""
        if isinstance(value, str):
            return super().to_pv(value)
        try:
            return unicode_of(str(self._node.genDisp(value)))
        except Exception:  # of a remote tree, or of a value that its format is not for
            return unicode_of(str(value))

    def to_tree(self, value: Any) -> Any:
        """Return the number that the text is, or the text where the node has texts."""
        text = super().to_tree(value)
        native = self._native
        if not issubclass(native, (int, float, np.number, np.bool_)):
            return text
        with refusing(self._node):
            if issubclass(native, (bool, np.bool_)):
                return native(parse_bool(text))
            is_whole = issubclass(native, (int, np.integer)) and not self._any_number
            number = parse_number(text, is_whole)
            check_range(self._path, number, *limits_of(self._node, ScalarType.Float64))
            if self._any_number:
                return number
            return native(integer(number) if is_whole else number)


class Trigger(TypeConverter):
    """A command without argument: 1 while it runs, else 0; a put of anything but 0 runs it."""

    def __init__(self, node: TreeNode) -> None:
        self.spec = PvSpec(
            NtKind.SCALAR, ScalarType.Int32, display=display_of(node, ScalarType.String)
        )

    def to_pv(self, value: Any) -> int:
        """Return 0: a command's tree value says nothing about its runs."""
        return 0

    def to_tree(self, value: Any) -> bool:
        """Tell whether to run."""
        return bool(value)
