"""The type of what has no type of its own: a link, or a LocalVariable with only a getter.

Its first value says little: a decoder gives an int or a float by what it has read, and what is off
gives 0. So what is declared counts, then how the value is to be written; a number is a float64.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

import numpy as np

from roguebridge.core.tree import getter_of, local_attribute, mirrored

from .metadata import attribute, format_of

_LONGEST = 100  # links in a row: they may mirror each other
_EXACT = 2**53  # up to here a float64 holds every integer
_FLOATS = "eEfFgG%"
_INTEGERS = "dxXobc"
_OPTIONAL = re.compile(r"(?:typing\.)?(?:Optional|Union)\[(.*)\]$")


def source_of(node: Any) -> Any:
    """Return the variable whose value a link passes on as it is, the node itself if it is none.

    :param node: a variable or command
    """
    for _ in range(_LONGEST):
        getter = local_attribute(node, "_linkedGet")
        if getattr(getter, "__name__", "") != "linkedGetFromVariable" or not node.dependencies:
            break
        node = node.dependencies[0]
    return node


def target_of(node: Any) -> Any:
    """Return the variable that a put to a link goes on to as it is, the node itself if to none.

    :param node: a variable or command
    """
    for _ in range(_LONGEST):
        found = mirrored(node)
        if found is None:
            break
        node = found
    return node


def annotated_type(node: Any) -> str:
    """Return the name of the type that a node's getter is annotated to return, or nothing.

    :param node: a variable
    """
    try:
        given = inspect.signature(getter_of(node)).return_annotation  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return ""
    if given is inspect.Signature.empty:
        return ""
    text = given.__name__ if isinstance(given, type) and "[" not in str(given) else str(given)
    return _one_of(text.replace(" ", "").strip("'\""))


def _one_of(text: str) -> str:
    # Of a union the one that holds all of its numbers.
    union = _OPTIONAL.match(text)
    parts = union.group(1).split(",") if union is not None else text.split("|")
    names = {part.rpartition(".")[2] for part in parts} - {"None", "NoneType"}
    if names == {"int", "float"}:
        return "float"
    return names.pop() if len(names) == 1 else ""


def formatted_type(node: Any) -> str:
    """Return ``float64`` or ``int64`` if a node's ``disp`` is a format of such numbers, or nothing.

    :param node: a variable
    """
    code = format_of(node)[-1:]
    if not code:
        return ""
    return "float64" if code in _FLOATS else "int64" if code in _INTEGERS else ""


def looks_numeric(node: Any) -> bool:
    """Tell whether units or alarm limits say that a node's value is a number.

    :param node: a variable
    """
    names = ("units", "lowAlarm", "lowWarning", "highWarning", "highAlarm")
    return any(attribute(node, name) not in (None, "") for name in names)


def is_container(native: Any) -> bool:
    """Tell whether values of a type are arrays, lists or mappings.

    :param native: the type, or None
    """
    return isinstance(native, type) and issubclass(native, (list, tuple, dict, set, np.ndarray))


def type_now(node: Any) -> type | None:
    """Return the type of a node's present value, None if it has none.

    :param node: a variable
    """
    value = _value_now(node)
    return None if value is None else type(value)


def shape_now(node: Any) -> list[int]:
    """Return the shape of a node's present value, which is an array.

    :param node: a variable
    """
    value = _value_now(node)
    return [0] if value is None else list(np.shape(value))


def beyond_floats(node: Any) -> int | None:
    """Return the present value if it is an int that a float64 may not hold, else None.

    :param node: a variable
    """
    value = _value_now(node)
    if not isinstance(value, (int, np.integer)) or abs(int(value)) <= _EXACT:
        return None
    return int(value)


def _value_now(node: Any) -> Any:
    try:
        return node.value()
    except Exception:  # the read that follows tells why
        return None
