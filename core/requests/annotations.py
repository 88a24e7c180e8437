"""The types that a function declares for its parameters, by annotations and defaults."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from functools import partial
from inspect import Parameter
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import numpy as np

UNIONS = (Union, UnionType)
# What a name may mean in an annotation that cannot be resolved where it stands.
_NAMES = {**vars(typing), "np": np, "numpy": np}


def types_of(function: Any, parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    """Return the type that each parameter declares; :data:`typing.Any` for one that declares none.

    :param function: of the command; None if it is not known
    :param parameters: those of its parameters that a client can give
    """
    try:
        resolved = get_type_hints(_plain(function))
    except Exception:  # a name is missing, or it has no annotations at all
        resolved = {}
    found = {}
    for name, parameter in parameters.items():
        if parameter.annotation is not parameter.empty:
            found[name] = resolved.get(name, _resolved(parameter.annotation))
        else:
            found[name] = type_of_default(parameter.default)
    return found


def type_of_default(default: Any) -> Any:
    """Return the type that a default declares; :data:`typing.Any` if that is none."""
    nothing = default is None or default is Parameter.empty
    return Any if nothing else type(default)


def name_of(kind: Any) -> str:
    """Return the name of a type, e.g. ``int`` also for ``int | None``."""
    kind = base_of(kind)
    if isinstance(kind, type) and not get_args(kind):
        return kind.__name__
    return str(kind).replace("typing.", "").replace("collections.abc.", "")


def base_of(kind: Any) -> Any:
    """Return the type that another one stands for: ``int`` of ``int | None`` or of a NewType."""
    if hasattr(kind, "__supertype__"):
        return base_of(kind.__supertype__)
    if get_origin(kind) is Annotated:
        return base_of(get_args(kind)[0])
    members = [member for member in get_args(kind) if member is not NoneType]
    return base_of(members[0]) if get_origin(kind) in UNIONS and len(members) == 1 else kind


def _plain(function: Any) -> Any:
    """Return the function that has the annotations of a callable."""
    while isinstance(function, partial):
        function = function.func
    is_object = not hasattr(function, "__annotations__") and callable(function)
    return type(function).__call__ if is_object else function


def _resolved(annotation: Any) -> Any:
    """Return what an annotation means on its own; Any if that cannot be told."""
    if not isinstance(annotation, str):
        return annotation

    def one() -> None: ...

    one.__annotations__ = {"it": annotation}
    try:
        return get_type_hints(one, globalns=_NAMES)["it"]
    except Exception:
        return Any
