"""The type of what has no type of its own: a link, or a LocalVariable with only a getter.

Its first value says little: a decoder gives an int or a float by what it has read, and what is off
gives 0. So what is declared counts, then how the value is to be written; a number is a float64.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

from roguebridge.core.tree import getter_of, local_attribute

from .metadata import ALARM_LIMITS, attribute, format_of

_LONGEST = 100  # links in a row: they may mirror each other
_FORMATS = (("eEfFgG%", "float64"), ("dxXobc", "int64"))
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
    return next((name for codes, name in _FORMATS if code and code in codes), "")


def looks_numeric(node: Any) -> bool:
    """Tell whether units or alarm limits say that a node's value is a number.

    :param node: a variable
    """
    return any(attribute(node, name) not in (None, "") for name in ("units", *ALARM_LIMITS))


def value_now(node: Any) -> Any:
    """Return a node's present value, None if it has none.

    :param node: a variable
    """
    try:
        return node.value()
    except Exception:  # the read that follows tells why
        return None
