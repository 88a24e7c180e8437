"""A template of PV names: literal text and fields, worked out once per device."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter

from roguebridge.core.mapping import illegal_in

FIELDS = ("base", "root", "path", "device", "parent", "name")
_OF_NODES = ("path", "name")
_SEPARATORS = ":-_.;|/+="


class NameTemplate:
    """One template; see :class:`.TemplateNames` for its fields.

    :raises TypeError: if it is not a str
    :raises ValueError: naming the template and what is wrong with it
    """

    def __init__(self, text: object) -> None:
        if not isinstance(text, str):
            raise TypeError(f"names: a template must be a str, not {text!r}")
        what = f"names: template {text!r}"
        try:
            parts = list(Formatter().parse(text))
        except ValueError as exc:
            raise ValueError(f"{what} cannot be read: {exc}") from None
        self._parts: list[tuple[str, str]] = []
        self._tail = ""
        for literal, field, form, conversion in parts:
            if field is None:
                self._tail += literal
                continue
            if field not in FIELDS:
                known = ", ".join(FIELDS)
                raise ValueError(f"{what} has the unknown field {field!r}; there are {known}")
            if form or conversion:
                raise ValueError(f"{what}: the field {field!r} takes no format")
            self._parts.append((self._tail + literal, field))
            self._tail = ""
        if not any(field in _OF_NODES for _, field in self._parts):
            raise ValueError(f"{what} has neither 'name' nor 'path': nodes would share one name")
        bad = illegal_in("".join([literal for literal, _ in self._parts] + [self._tail]))
        if bad is not None:
            raise ValueError(f"{what} contains {bad!r}, which no PV name may")

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the name; with an empty field the separator after it, or before it, is left out.

        :param values: of all fields
        """
        name = ""
        empty = False
        for literal, field in self._parts:
            name += _after(name, literal) if empty else literal
            name += values[field]
            empty = not values[field]
        if not empty:
            return name + self._tail
        if self._tail:
            return name + _after(name, self._tail)
        last = name[-1:]
        return name.rstrip(last) if last in _SEPARATORS else name


def _after(name: str, literal: str) -> str:
    """Return the text after an empty field; without its separator if the name ends in one."""
    first = literal[:1]
    if first in _SEPARATORS and (not name or name[-1] in _SEPARATORS):
        return literal.lstrip(first)
    return literal
