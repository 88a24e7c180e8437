"""Values of any type as JSON text."""

from __future__ import annotations

import json
from typing import Any

from roguebridge.core.hooks import ConverterRule
from roguebridge.core.values import MisfitError, TypeConverter, shown, unicode_of

from ..converters import plain_converter
from ..converters.declared import Declared, Family
from ..converters.refusals import refusing_all
from ..converters.scalars import text_spec
from ..converters.texts import form_of
from .rule import Selector, rule_for


def json_text(select: Selector) -> ConverterRule:
    """Serve values of any type as JSON text, numbers and arrays too.

    A put takes JSON, of which the node must be able to take the value: a list for an array.
    What JSON has not (NaN, keys that are no text, a time) makes the PV INVALID.

    :param select: the nodes
    """
    return rule_for("json_text", select, JsonText)


class JsonText(TypeConverter):
    """A value as JSON text."""

    def __init__(self, node: Any) -> None:
        self._node = node
        self._inner = plain_converter(node)
        declared = Declared(node)
        form = form_of(declared.native, declared.type_str)
        self._is_free = declared.family is Family.OTHER and form is None
        self.spec = text_spec(node)

    def to_pv(self, value: Any) -> str:
        """Return the JSON text.

        :raises TypeError: for what JSON has not, e.g. bytes, or keys that are no text
        :raises ValueError: for NaN and the infinities, which JSON has not, and for cycles
        """
        checked = _checked(value)
        return unicode_of(json.dumps(checked, ensure_ascii=False, allow_nan=False, default=_plain))

    @refusing_all
    def to_tree(self, value: Any) -> Any:
        """Return what the node takes for the value that the text stands for."""
        if not isinstance(value, str):
            raise MisfitError(f"{shown(value)} is not text")
        try:
            found = json.loads(value, parse_constant=_refuse)
        except json.JSONDecodeError as exc:
            raise MisfitError(f"no JSON: column {exc.colno} of {shown(value)}") from None
        except RecursionError:
            raise MisfitError("no JSON: it has too many lists within lists") from None
        # Of a node of any type, text would be read once more.
        again = self._is_free and isinstance(found, str)
        return self._inner.to_tree(json.dumps(found) if again else found)


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):  # of numpy
        return value.tolist()
    raise MisfitError(f"a {type(value).__name__} is not JSON")


def _refuse(name: str) -> Any:
    raise MisfitError(f"no JSON: {name} is not in it")


def _checked(value: Any) -> Any:
    # json would make text of other keys, which a client that puts it back would change.
    inner = value if isinstance(value, (list, tuple)) else ()
    if isinstance(value, dict):
        inner = list(value.values())
        for key in value:
            if not isinstance(key, str):
                raise MisfitError(f"the key {shown(key)} is no text, which JSON needs")
    for item in inner:
        _checked(item)
    return value
