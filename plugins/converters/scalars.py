"""Converters of numbers, text and commands without argument."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from roguebridge.core.errors import PutError
from roguebridge.core.tree import TreeNode, local_attribute
from roguebridge.core.values import (
    Control,
    MisfitError,
    NtKind,
    PvSpec,
    ScalarType,
    TypeConverter,
    integer,
    parse_bool,
    parse_number,
    real,
    shown,
    unicode_of,
)

from .declared import Declared
from .metadata import described, limits_of
from .node_converter import NodeConverter
from .refusals import check_range, refusing

_STRING = re.compile(r"String\((\d+)\)$")
_INTEGERS = (int, np.integer, np.bool_)  # of numpy's bools too there are no fractions


def text_spec(node: TreeNode, room: int | None = None) -> PvSpec:
    """Return the description of a PV that is text.

    :param room: bytes that there is room for
    """
    return described(node, NtKind.SCALAR, ScalarType.String, max_length=room)


@cache
def _range_of(scalar: ScalarType) -> tuple[Any, Any, Any]:
    """Return the Python type of such numbers, and the smallest and largest."""
    if scalar.is_integer:
        integers = np.iinfo(scalar.dtype)
        return int, int(integers.min), int(integers.max)
    floats = np.finfo(scalar.dtype)
    return float, float(floats.min), float(floats.max)


class Number(NodeConverter):
    """A Python int or float, or a numpy scalar."""

    __slots__ = ("_plain", "_low", "_high", "_takes_nan", "_native")

    quick = True

    def __init__(self, node: TreeNode, declared: Declared) -> None:
        super().__init__(node, described(node, NtKind.SCALAR, declared.scalar))
        self._plain, self._low, self._high = _range_of(declared.scalar)
        self._takes_nan = declared.takes_nan
        # A LocalVariable takes nothing but the type of its default.
        native = declared.native
        is_scalar = isinstance(native, type) and issubclass(native, (int, float, np.generic))
        is_number = is_scalar and native is not bool and not declared.is_register
        self._native = native if is_number else None

    def to_pv(self, value: Any) -> int | float:
        """Return an int or float.

        :raises MisfitError: for what is no number, or none of the PV's type
        """
        kind = type(value)
        if kind is self._plain and self._low <= value <= self._high:
            return value  # type: ignore[no-any-return]  # what the tree gives nearly always
        return self._fitting(value)

    @refusing
    def to_tree(self, value: Any) -> Any:
        """Return an int or float of exactly the type that the node takes."""
        is_whole = self._plain is int
        if isinstance(value, str):
            value = parse_number(value, is_whole)
        value = integer(value) if is_whole else real(value)
        limits = self.spec.control
        check_range(self._node, value, limits.limit_low, limits.limit_high)
        number = self._fitting(value)
        if number != number and not self._takes_nan:
            raise MisfitError("nan has no place in this type")
        return self._as_native(number)

    def _fitting(self, value: Any) -> int | float:
        if self._plain is float:
            return real(value, self.spec.scalar.dtype)
        number = integer(value)
        if not self._low <= number <= self._high:
            raise MisfitError(f"{shown(number)} is outside {self._low} .. {self._high}")
        return number

    def _as_native(self, number: int | float) -> Any:
        native = self._native
        has_fraction = isinstance(number, float) and not number.is_integer()
        if native in (None, type(number)) or (has_fraction and issubclass(native, _INTEGERS)):
            return number
        with np.errstate(over="ignore"):
            made = real(number) if native is float else native(number)
        if np.isinf(made) and not np.isinf(number):
            raise MisfitError(f"{number} is too large for {native.__name__}")
        return made


class BigInteger(NodeConverter):
    """An integer of more than 64 bits, as hexadecimal text."""

    def __init__(self, node: TreeNode, declared: Declared) -> None:
        limits = Control(*limits_of(node, "minimum", "maximum"))
        super().__init__(node, replace(text_spec(node), control=limits))

    def to_pv(self, value: Any) -> str:
        """Return ``0x...``."""
        return f"{integer(value):#x}"

    @refusing
    def to_tree(self, value: Any) -> int:
        """Return the int that the text, in any base that Python reads, stands for."""
        number = integer(parse_number(value, True) if isinstance(value, str) else value)
        limits = self.spec.control
        check_range(self._node, number, limits.limit_low, limits.limit_high)
        return number


class Text(NodeConverter):
    """A str; one in a register must fit, with the zero byte that ends it."""

    quick = True

    def __init__(self, node: TreeNode, declared: Declared) -> None:
        register = _STRING.match(declared.source_type)
        self._most = None if register is None else int(register.group(1)) - 1
        super().__init__(node, text_spec(node, _room(node) if self._most is None else self._most))

    def to_pv(self, value: Any) -> str:
        """Return the text; bytes that are no Unicode are shown escaped."""
        if not isinstance(value, str):
            raise MisfitError(f"{shown(value)} is not a str")
        return unicode_of(value)

    @refusing
    def to_tree(self, value: Any) -> Any:
        """Return the text."""
        if not isinstance(value, str):
            raise MisfitError(f"{shown(value)} is not a str")
        if self._most is None:
            return str(value)
        # PyRogue would cut it without a word, and within a character leave a register that
        # raises at every read and with that ends the tree's only update thread.
        if len(value.encode("utf-8")) > self._most:
            raise PutError(f"{self._node.path}: the text is longer than {self._most} bytes")
        if "\0" in value:
            raise PutError(f"{self._node.path}: the text has a zero byte, which would end it")
        return str(value)


def _room(node: TreeNode) -> int | None:
    default = local_attribute(node, "_default")
    return len(unicode_of(default).encode()) if isinstance(default, str) else None


class NumberAsText(Text):
    """A value that is declared as text and is none, e.g. a number: PyRogue's own text of it.

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
            return unicode_of(value)
        try:
            return unicode_of(str(self._node.genDisp(value)))
        except Exception:  # of a remote tree, or of a value that its format is not for
            return unicode_of(str(value))

    @refusing
    def to_tree(self, value: Any) -> Any:
        """Return the number that the text is, or the text where the node has texts."""
        text = super().to_tree(value)
        native = self._native
        if issubclass(native, (bool, np.bool_)):
            return native(parse_bool(text))
        if not issubclass(native, (int, float, np.number)):
            return text
        is_whole = issubclass(native, (int, np.integer)) and not self._any_number
        number = parse_number(text, is_whole)
        check_range(self._node, number, *limits_of(self._node, "minimum", "maximum"))
        if self._any_number:
            return number
        return native(integer(number) if is_whole else number)


class Trigger(TypeConverter):
    """A command without argument: 1 while it runs, else 0; a put of anything but 0 runs it."""

    def __init__(self, node: TreeNode) -> None:
        self.spec = PvSpec(NtKind.SCALAR, ScalarType.Int32, display=text_spec(node).display)

    def to_pv(self, value: Any) -> int:
        """Return 0: a command's tree value says nothing about its runs."""
        return 0

    def to_tree(self, value: Any) -> bool:
        """Tell whether to run."""
        return bool(value)
