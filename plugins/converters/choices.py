"""Converters of bools and enums, as NTEnum."""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np

from roguebridge.core.errors import PutError
from roguebridge.core.tree import TreeNode
from roguebridge.core.values import (
    STATE,
    ConversionError,
    NtKind,
    PvSpec,
    ScalarType,
    TypeConverter,
    integer,
)

from .declared import Declared, Family, Guessing
from .metadata import attribute, display_of, label_of
from .refusals import refusing
from .scalars import Number

_BOOLS = (bool, np.bool_)
_WORDS = {"true": True, "1": True, "false": False, "0": False}


def _enum_spec(node: TreeNode, labels: list[str]) -> PvSpec:
    return PvSpec(
        NtKind.ENUM,
        ScalarType.Int32,
        choices=tuple(labels),
        display=display_of(node, ScalarType.String),
        writable=node.mode != "RO",
    )


class Choice(Guessing, TypeConverter):
    """A bool or enum: the index is the position in the node's ``enum`` dict.

    The choices are those the dict has when the PV is first opened.
    """

    quick = True

    def __init__(self, node: TreeNode, declared: Declared) -> None:
        enum = dict(attribute(node, "enum") or {False: "False", True: "True"})
        self._keys = tuple(enum)
        self._index: dict[Any, int] = {key: index for index, key in enumerate(self._keys)}
        labels = [label_of(label, label_of(key, "?")) for key, label in enum.items()]
        # They tell why a device is off: PyRogue sets them, nobody else can.
        self._flags = [key for key in self._keys if isinstance(key, _BOOLS)]
        self._refused = {
            index
            for index, key in enumerate(self._keys)
            if self._flags and key in ("parent", "deps")
        }
        self._words = {label_of(key, "?"): index for index, key in enumerate(self._keys)}
        self._words |= {label: index for index, label in reversed(list(enumerate(labels)))}
        self._node = node
        self._path = node.path
        self._free = getattr(node, "_typeCheck", True) is False or bool(node.isCommand)
        self._declared = declared
        is_number = declared.family in (Family.INTEGER, Family.FLOAT)
        self._number = Number(node, declared) if is_number else None
        self.spec = _enum_spec(node, labels)

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
            raise ConversionError(f"{self._path}: {value!r} is not in its enum", STATE) from None

    def to_tree(self, value: Any) -> Any:
        """Return the key at an index, that of a label, or the key that is given itself."""
        index = self._index_of(value)
        if index in self._refused:
            raise PutError(f"{self._path}: {self.spec.choices[index]} cannot be set")
        return self._taken(self._keys[index])

    def _index_of(self, value: Any) -> int:
        if isinstance(value, str):
            if value.lower() in _WORDS and value not in self._words and self._flags:
                value = str(_WORDS[value.lower()])
            if value not in self._words:
                raise PutError(f"{self._path}: {value!r} is none of {list(self.spec.choices)}")
            return self._words[value]
        if isinstance(value, _BOOLS) and bool(value) in self._flags:
            return self._index[bool(value)]
        if isinstance(value, (float, np.floating)) and value in self._index:
            key = self._keys[self._index[value]]
            if isinstance(key, (float, np.floating)):
                return self._index[value]
        with refusing(self._node):
            index = integer(value)
        if 0 <= index < len(self._keys):
            return index
        if index in self._index:  # the key of a sparse enum
            return self._index[index]
        raise PutError(
            f"{self._path}: index {index} is outside 0 .. {len(self._keys) - 1}, "
            f"the choices {list(self.spec.choices)}"
        )

    def _taken(self, key: Any) -> Any:
        """Return a key in the type that the node's ``set()`` takes."""
        native = self._declared.native
        if self._declared.is_register:
            if self._number is None or isinstance(key, _BOOLS):
                return key
            if not isinstance(key, (int, float, np.number)):
                raise PutError(f"{self._path}: {key!r} cannot be written to this register")
            return self._number.to_tree(key)
        if not isinstance(native, type) or self._free or isinstance(key, native):
            return key
        if native is float or issubclass(native, np.generic):
            with refusing(self._node):
                made = native(key)
                if made == key:
                    return made
        if native in (str, bool, int, float) and not hasattr(self._node, "_linkedSet"):
            raise PutError(
                f"{self._path}: {key!r} cannot be set, it takes a {native.__name__} only"
            )
        return key


class Member(Guessing, TypeConverter):
    """A member of a class derived from Python's Enum; the index is its position in the class."""

    def __init__(self, node: TreeNode, native: type[Enum]) -> None:
        self._members = tuple(native)
        self._index = {member.name: index for index, member in enumerate(self._members)}
        self._native = native
        self._node = node
        self._path = node.path
        self.spec = _enum_spec(node, [label_of(member.name, "?") for member in self._members])

    def to_pv(self, value: Any) -> int:
        """Return the index.

        :raises ConversionError: with a STATE alarm, for anything but a member
        """
        if isinstance(value, self._native) and value in self._members:
            return self._members.index(value)
        raise ConversionError(f"{self._path}: {value!r} is not in its enum", STATE)

    def to_tree(self, value: Any) -> Enum:
        """Return the member at an index, or that of a name."""
        if isinstance(value, self._native):
            return value
        if isinstance(value, str):
            if value not in self._index:
                raise PutError(f"{self._path}: {value!r} is none of {list(self.spec.choices)}")
            return self._members[self._index[value]]
        with refusing(self._node):
            index = integer(value)
        if not 0 <= index < len(self._members):
            raise PutError(
                f"{self._path}: index {index} is outside 0 .. {len(self._members) - 1}, "
                f"the choices {list(self.spec.choices)}"
            )
        return self._members[index]
