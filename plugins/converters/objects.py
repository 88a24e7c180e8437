"""The converter of every other Python object, as text."""

from __future__ import annotations

from typing import Any

import numpy as np

from roguebridge.core.values import ScalarType, TypeConverter, text_of, unicode_of

from .declared import Declared, Guessing
from .refusals import refusing
from .scalars import scalar_spec
from .texts import TextForm, form_of, parse_literal

_NUMERIC = {"complex", "Decimal", "Fraction"}


class Other(Guessing, TypeConverter):
    """A list or dict as JSON text; any other object as text that it can be read from again."""

    def __init__(self, node: Any, declared: Declared) -> None:
        self.spec = scalar_spec(node, ScalarType.String)
        self._node = node
        self._native = declared.native
        self._name = declared.native.__name__ if self._native else declared.type_str
        self._form: TextForm | None = form_of(declared.native, declared.type_str)
        # Neither a link nor a variable that may change its type says what it takes.
        self._free = (
            getattr(node, "_typeCheck", True) is False
            or hasattr(node, "_linkedSet")
            or declared.native is None
            or bool(node.isCommand)
        )

    def to_pv(self, value: Any) -> str:
        """Return the text."""
        form = self._form
        if form is not None and (self._native is None or isinstance(value, self._native)):
            return unicode_of(form.write(value))
        return unicode_of(text_of(value))

    def to_tree(self, value: Any) -> Any:
        """Return what the text stands for, of the node's type."""
        with refusing(self._node):
            if value is None:
                raise TypeError("the value is empty")
            found = self._read(value) if isinstance(value, str) else self._given(value)
            native = self._native
            if self._free or not isinstance(native, type) or isinstance(found, native):
                return found
            raise TypeError(f"expected a {native.__name__}, got {value!r}")

    def _given(self, value: Any) -> Any:
        if isinstance(value, (np.ndarray, np.generic)) and self._native is not np.ndarray:
            value = value.tolist()
        if self._name in _NUMERIC and isinstance(value, (int, float)) and self._native:
            return self._native(value)
        return tuple(value) if self._native is tuple and isinstance(value, list) else value

    def _read(self, text: str) -> Any:
        form = self._form
        if form is None:
            if not self._free:
                raise TypeError(f"text cannot be made into a {self._name}")
            try:
                return parse_literal(text)
            except ValueError:
                return text
        try:
            return form.read(text)
        except (TypeError, ValueError) as exc:
            if str(exc).startswith(("expected a", "'")):
                raise
            raise ValueError(f"{text!r} is no {self._name}") from None
        except Exception:
            raise ValueError(f"{text!r} is no {self._name}") from None
