"""What the author of a tree has declared of a node's type, and what PyRogue has found out.

A link, or a LocalVariable with a getter and no default, has no type of its own. PyRogue takes that
of its first value, and writes its name over a ``typeStr`` that was not declared as soon as anybody
asks for it. What was declared is therefore noted before that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

import numpy as np

from .pyrogue import getter_of, local_attribute

_UNKNOWN = "Unknown"
_seen: WeakSet[Any] = WeakSet()  # roots
# Nodes whose declared typeStr reads as if PyRogue had found it out.
_declared: WeakSet[Any] = WeakSet()


def note_declared(root: Any, nodes: Iterable[Any]) -> None:
    """Note which types are declared; only the first call for a root counts.

    :param root: the root
    :param nodes: its variables and commands
    """
    if root in _seen:
        return
    _seen.add(root)
    _declared.update(node for node in nodes if untyped(node) and _reads_found_out(node))


def untyped(node: Any) -> bool:
    """Tell whether PyRogue takes a node's type from the first value that its getter gives.

    :param node: a variable or command; of a remote tree that is not known
    """
    return getter_of(node) is not None and local_attribute(node, "_default") is None


def declared_type(node: Any) -> str:
    """Return the ``typeStr`` of an :func:`untyped` node, empty if none was declared.

    :param node: a variable
    """
    text = local_attribute(node, "_typeStr")
    if text == _UNKNOWN or (_reads_found_out(node) and node not in _declared):
        return ""
    return str(text)


def type_str(node: Any) -> str:
    """Return a node's ``typeStr``; asking does not make PyRogue write over it.

    :param node: a variable or command
    :raises Exception: if the type can only be told by a value, and that cannot be read
    """
    if local_attribute(node, "_typeStr") == _UNKNOWN:
        native = node.nativeType
        if native is np.ndarray:
            value = node.value()
            return f"{value.dtype}{value.shape}"
        if native is not None:
            return str(native.__name__)
    return str(node.typeStr)


@dataclass(frozen=True, slots=True)
class Declaration:
    """What the author of a tree has declared of a node, for people who look for it.

    :param type: its ``typeStr``; empty where only a value can tell it
    """

    description: str
    units: str
    type: str
    groups: tuple[str, ...]


def declaration_of(node: Any) -> Declaration:
    """Return what is declared of a node; its value is not read.

    :param node: a variable or command
    """
    kind = local_attribute(node, "_typeStr")
    return Declaration(
        description=str(node.description or ""),
        units=str(node.units or ""),
        type="" if kind in (None, _UNKNOWN) else str(kind),
        groups=tuple(map(str, node.groups)),
    )


def _reads_found_out(node: Any) -> bool:
    native = node.nativeType
    text = local_attribute(node, "_typeStr")
    return text == getattr(native, "__name__", None) or (native is np.ndarray and "(" in str(text))
