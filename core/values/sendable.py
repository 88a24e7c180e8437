"""Texts in a form that every protocol can send, also if a tree or converter gives others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .arrays import unicode_of
from .spec import NtKind, PvSpec, ScalarType


def has_text(spec: PvSpec) -> bool:
    """Tell whether the values of a PV are texts, or have texts in them.

    :param spec: type of the PV
    """
    return spec.scalar is ScalarType.String and spec.kind is not NtKind.ENUM


def sendable(value: Any) -> Any:
    """Return a PV-shaped value with its texts as they can be sent, see :func:`.unicode_of`.

    :param value: of a PV that :func:`has_text`
    """
    if isinstance(value, str):
        return unicode_of(value)
    if isinstance(value, list):
        return [unicode_of(item) if isinstance(item, str) else item for item in value]
    if isinstance(value, dict):
        return {name: sendable(column) for name, column in value.items()}
    return value


def sendable_spec(spec: PvSpec) -> PvSpec:
    """Return a type with its texts as they can be sent; the same object if all are.

    :param spec: as a converter has it
    """
    display = spec.display
    columns = tuple(replace(one, label=unicode_of(one.label)) for one in spec.columns)
    fit = replace(
        spec,
        choices=tuple(map(unicode_of, spec.choices)),
        columns=columns,
        display=replace(
            display,
            description=unicode_of(display.description),
            units=unicode_of(display.units),
        ),
    )
    return spec if fit == spec else fit
