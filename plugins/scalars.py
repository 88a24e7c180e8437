"""Converters of numbers, text, enums and everything else that is one value."""

from __future__ import annotations

import ast
import json
import math
import re
from typing import Any

import numpy as np

from roguebridge.core.alarm import STATE
from roguebridge.core.converter import ConversionError, TypeConverter
from roguebridge.core.errors import PutError
from roguebridge.core.nt import NtKind, PvSpec, ScalarType
from roguebridge.core.result import text_of
from roguebridge.core.tree import TreeNode

from .declared import Declared
from .metadata import control_of, display_of, value_alarm_of

_STRING = re.compile(r"String\((\d+)\)$")


def _spec(node: TreeNode, scalar: ScalarType) -> PvSpec:
    return PvSpec(
        NtKind.SCALAR,
        scalar,
        display=display_of(node, scalar),
        control=control_of(node, scalar),
        value_alarm=value_alarm_of(node, scalar),
        writable=node.mode != "RO",
    )


def check_range(path: str, value: Any, low: Any, high: Any) -> None:
    """Refuse a number outside the declared range, so that the tree need not.

    :raises PutError: naming path, value and range
    """
    if (low is not None and value < low) or (high is not None and value > high):
        raise PutError(f"{path}: {value} is outside {low} .. {high}")


class Number(TypeConverter):
    """A Python int or float, or a numpy scalar."""

    def __init__(self, node: TreeNode, declared: Declared) -> None:
        self.spec = _spec(node, declared.scalar)
        self._path = node.path
        self._limits = self.spec.control.limit_low, self.spec.control.limit_high
        self._is_integer = declared.scalar.is_integer
        native = declared.native
        # A numpy-typed LocalVariable takes nothing but its own type.
        self._numpy = (
            native if isinstance(native, type) and issubclass(native, np.generic) else None
        )

    def to_pv(self, value: Any) -> int | float:
        """Return an int or float."""
        if self._is_integer:
            return _integer(value)
        return float(value)

    def to_tree(self, value: Any) -> Any:
        """Return an int or float of exactly the type that the node takes."""
        if isinstance(value, str):
            value = _parse_number(value, self._is_integer)
        number = _integer(value) if self._is_integer else float(value)
        check_range(self._path, number, *self._limits)
        return number if self._numpy is None else self._numpy(number)


def _integer(value: Any) -> int:
    if isinstance(value, (int, np.integer, np.bool_)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        if math.isfinite(value) and value == math.floor(value):
            return int(value)
        raise ValueError(f"{value} is not an integer")
    raise TypeError(f"{value!r} is not a number")


def _parse_number(text: str, integer: bool) -> int | float:
    try:
        return int(text, 0)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        kind = "an integer" if integer else "a number"
        raise ValueError(f"{text!r} is not {kind}") from None


class BigInteger(TypeConverter):
    """An integer of more than 64 bits, as hexadecimal text."""

    def __init__(self, node: TreeNode) -> None:
        self.spec = _spec(node, ScalarType.String)
        self._path = node.path
        self._range = node.minimum, node.maximum

    def to_pv(self, value: Any) -> str:
        """Return ``0x...``."""
        return f"{_integer(value):#x}"

    def to_tree(self, value: Any) -> int:
        """Return the int that the text, in any base that Python reads, stands for."""
        number = _integer(_parse_number(value, True) if isinstance(value, str) else value)
        check_range(self._path, number, *self._range)
        return number


def unicode_of(text: str) -> str:
    """Return ``text`` with lone surrogates, which no client could be sent, escaped."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


class Text(TypeConverter):
    """A str; one in a register must fit, with the zero byte that ends it."""

    def __init__(self, node: TreeNode) -> None:
        self.spec = _spec(node, ScalarType.String)
        self._path = node.path
        declared = _STRING.match(str(node.typeStr))
        self._most = None if declared is None else int(declared.group(1)) - 1

    def to_pv(self, value: Any) -> str:
        """Return the text; bytes that are no Unicode are shown escaped."""
        if not isinstance(value, str):
            raise TypeError(f"{value!r} is not a str")
        return unicode_of(value)

    def to_tree(self, value: Any) -> str:
        """Return the text."""
        if not isinstance(value, str):
            raise TypeError(f"{value!r} is not a str")
        # PyRogue would cut it without a word, and within a character leave a register that
        # raises at every read and with that ends the tree's only update thread.
        if self._most is not None and len(value.encode("utf-8")) > self._most:
            raise PutError(f"{self._path}: the text is longer than {self._most} bytes")
        if self._most is not None and "\0" in value:
            raise PutError(f"{self._path}: the text has a zero byte, which would end it")
        return value


class Other(TypeConverter):
    """A list or dict as JSON text; any other object as ``str()`` gives it."""

    def __init__(self, node: Any, declared: Declared) -> None:
        self.spec = _spec(node, ScalarType.String)
        self._node = node
        self._native = declared.native

    def to_pv(self, value: Any) -> str:
        """Return the text."""
        return unicode_of(text_of(value))

    def to_tree(self, value: Any) -> Any:
        """Return what the text stands for: JSON or a Python literal, of the node's type."""
        if not isinstance(value, str):
            return value
        native = self._native
        if native not in (list, dict, tuple, set):
            return self._node.parseDisp(value)
        found = _parse_literal(value)
        if native is tuple and isinstance(found, list):
            found = tuple(found)
        if not isinstance(found, native):
            raise TypeError(f"expected a {native.__name__}, got {value!r}")
        return found


def _parse_literal(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise ValueError(f"{text!r} is neither JSON nor a Python literal") from None


class Choice(TypeConverter):
    """A bool or enum: the index is the position in the node's ``enum`` dict."""

    def __init__(self, node: TreeNode) -> None:
        enum = node.enum or {False: "False", True: "True"}
        self._keys = tuple(enum)
        self._index = {key: index for index, key in reversed(list(enumerate(self._keys)))}
        labels = tuple(str(label) for label in enum.values())
        # They tell why a device is off: PyRogue sets them, nobody else can.
        flags = any(isinstance(key, bool) for key in self._keys)
        self._refused = {
            index for index, key in enumerate(self._keys) if flags and key in ("parent", "deps")
        }
        if getattr(node, "nativeType", None) is np.bool_:  # which takes no Python bool
            self._keys = tuple(np.bool_(key) for key in self._keys)
        self._path = node.path
        self.spec = PvSpec(
            NtKind.ENUM,
            ScalarType.Int32,
            choices=labels,
            display=display_of(node, ScalarType.String),
            writable=node.mode != "RO",
        )

    def to_pv(self, value: Any) -> int:
        """Return the index.

        :raises ConversionError: with a STATE alarm, for a value that is not in the enum
        """
        try:
            index: int = self._index[value]
            return index
        except (KeyError, TypeError):
            raise ConversionError(f"{self._path}: {value!r} is not in its enum", STATE) from None

    def to_tree(self, value: Any) -> Any:
        """Return the key at an index, or that of a label."""
        if isinstance(value, str):
            if value not in self.spec.choices:
                raise PutError(f"{self._path}: {value!r} is none of {list(self.spec.choices)}")
            index = self.spec.choices.index(value)
        else:
            index = _integer(value)
        if not 0 <= index < len(self._keys):
            raise PutError(
                f"{self._path}: index {index} is outside 0 .. {len(self._keys) - 1}, "
                f"the choices {list(self.spec.choices)}"
            )
        if index in self._refused:
            raise PutError(f"{self._path}: {self.spec.choices[index]} cannot be set")
        return self._keys[index]


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
