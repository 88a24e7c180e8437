"""Converters of bools and enums, as NTEnum."""

from __future__ import annotations

from contextlib import suppress
from enum import Enum
from typing import Any

import numpy as np

from roguebridge.core.errors import PutError
from roguebridge.core.tree import TreeNode
from roguebridge.core.values import (
    STATE,
    ConversionError,
    MisfitError,
    NtKind,
    PvSpec,
    ScalarType,
    integer,
    parse_bool,
    shown,
)

from .declared import Declared, Family
from .metadata import attribute, described, label_of
from .node_converter import NodeConverter
from .refusals import index_of, refusing
from .scalars import Number

_BOOLS = (bool, np.bool_)
_FLOATS = (float, np.floating)
_REASONS = ("parent", "deps")  # why a device is off: PyRogue sets them, no client can


def enum_spec(node: TreeNode, labels: tuple[str, ...]) -> PvSpec:
    """Return the description of a PV that is an enum."""
    return described(node, NtKind.ENUM, ScalarType.Int32, choices=labels)


class Choice(NodeConverter):
    """A bool or enum: the index is the position in the node's ``enum`` dict.

    The choices are those the dict has when the PV is first opened.
    """

    quick = True

    def __init__(self, node: TreeNode, declared: Declared) -> None:
        enum = dict(attribute(node, "enum") or {False: "False", True: "True"})
        self._keys = tuple(enum)
        self._index: dict[Any, int] = {key: index for index, key in enumerate(self._keys)}
        labels = tuple(label_of(label, label_of(key, "?")) for key, label in enum.items())
        super().__init__(node, enum_spec(node, labels))
        self._flags = [key for key in self._keys if isinstance(key, _BOOLS)]
        self._words = {label_of(key, "?"): index for index, key in enumerate(self._keys)}
        self._words |= {label: index for index, label in reversed(list(enumerate(labels)))}
        self._is_free = getattr(node, "_typeCheck", True) is False or bool(node.isCommand)
        self._is_register, self._native = declared.is_register, declared.native
        is_number = declared.family in (Family.INTEGER, Family.FLOAT)
        self._number = Number(node, declared) if is_number and self._is_register else None

    @property
    def is_guessed(self) -> bool:
        """True for a bool that only a first value tells of."""
        return attribute(self._node, "enum") is None and super().is_guessed

    def to_pv(self, value: Any) -> int:
        """Return the index.

        :raises ConversionError: with a STATE alarm, for a value that is not in the enum
        """
        try:
            return self._index[value]
        except Exception:
            raise _not_in_enum(self._node, value) from None

    @refusing
    def to_tree(self, value: Any) -> Any:
        """Return the key at an index, that of a label, or the key that is given itself."""
        index = self._index_of(value)
        key = self._keys[index]
        if self._flags and key in _REASONS:
            raise PutError(f"{self._node.path}: {self.spec.choices[index]} cannot be set")
        return self._register_value(key) if self._is_register else self._taken(key)

    def _index_of(self, value: Any) -> int:
        if isinstance(value, str):
            if value not in self._words and self._flags:
                with suppress(MisfitError):
                    value = str(parse_bool(value))
            if value in self._words:
                return self._words[value]
        elif isinstance(value, _BOOLS) and bool(value) in self._flags:
            return self._index[bool(value)]
        elif isinstance(value, _FLOATS) and self._is_float_key(value):
            return self._index[value]
        else:
            value = integer(value)
            if not 0 <= value < len(self._keys):
                value = self._index.get(value, value)  # the key of a sparse enum
        return index_of(self._node, self.spec.choices, value)

    def _is_float_key(self, value: Any) -> bool:
        return value in self._index and isinstance(self._keys[self._index[value]], _FLOATS)

    def _register_value(self, key: Any) -> Any:
        if self._number is None or isinstance(key, _BOOLS):
            return key
        if not isinstance(key, (int, float, np.number)):
            raise PutError(f"{self._node.path}: {key!r} cannot be written to this register")
        return self._number.to_tree(key)

    def _taken(self, key: Any) -> Any:
        """Return a key in the type that ``set()`` of the node takes."""
        native = self._native
        if not isinstance(native, type) or self._is_free or isinstance(key, native):
            return key
        if native is float or issubclass(native, np.generic):
            made = native(key)
            if made == key:
                return made
        if native in (str, bool, int, float) and not hasattr(self._node, "_linkedSet"):
            raise PutError(
                f"{self._node.path}: {key!r} cannot be set, it takes a {native.__name__} only"
            )
        return key


class Member(NodeConverter):
    """A member of a class derived from Python's Enum; the index is its position in the class."""

    def __init__(self, node: TreeNode, declared: Declared) -> None:
        self._members: tuple[Enum, ...] = tuple(declared.native)
        labels = tuple(label_of(member.name, "?") for member in self._members)
        super().__init__(node, enum_spec(node, labels))

    def to_pv(self, value: Any) -> int:
        """Return the index.

        :raises ConversionError: with a STATE alarm, for anything but a member
        """
        if isinstance(value, type(self._members[0])) and value in self._members:
            return self._members.index(value)
        raise _not_in_enum(self._node, value)

    @refusing
    def to_tree(self, value: Any) -> Enum:
        """Return the member at an index, or that of a name."""
        if isinstance(value, type(self._members[0])):
            return value
        return self._members[index_of(self._node, self.spec.choices, value)]


def _not_in_enum(node: TreeNode, value: Any) -> ConversionError:
    return ConversionError(f"{node.path}: {shown(value)} is not in its enum", STATE)
