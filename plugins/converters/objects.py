"""The converter of every other Python object, as text."""

from __future__ import annotations

from typing import Any

import numpy as np

from roguebridge.core.values import MisfitError, parse_literal, shown, text_of, unicode_of

from .declared import Declared
from .node_converter import NodeConverter
from .refusals import refusing
from .scalars import text_spec
from .texts import form_of

_NUMERIC = {"complex", "Decimal", "Fraction"}


class Other(NodeConverter):
    """A list or dict as JSON text; any other object as text that it can be read from again."""

    def __init__(self, node: Any, declared: Declared) -> None:
        super().__init__(node, text_spec(node))
        self._native = declared.native
        self._name = declared.native.__name__ if self._native else declared.type_str
        self._form = form_of(declared.native, declared.type_str)
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

    @refusing
    def to_tree(self, value: Any) -> Any:
        """Return what the text stands for, of the node's type."""
        if value is None:
            raise MisfitError("the value is empty")
        found = self._read(value) if isinstance(value, str) else self._given(value)
        native = self._native
        if self._free or not isinstance(native, type) or isinstance(found, native):
            return found
        raise MisfitError(f"expected a {native.__name__}, got {shown(value)}")

    def _given(self, value: Any) -> Any:
        if isinstance(value, (np.ndarray, np.generic)) and self._native is not np.ndarray:
            value = value.tolist()
        if self._name in _NUMERIC and isinstance(value, (int, float)) and self._native:
            return self._native(value)
        return tuple(value) if self._native is tuple and isinstance(value, list) else value

    def _read(self, text: str) -> Any:
        if self._form is None and not self._free:
            raise MisfitError(f"text cannot be made into a {self._name}")
        try:
            return parse_literal(text) if self._form is None else self._form.read(text)
        except MisfitError:
            if self._form is None:
                return text
            raise
        except Exception:
            raise MisfitError(f"{shown(text)} is no {self._name}") from None
