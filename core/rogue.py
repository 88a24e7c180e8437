"""What is peculiar to real PyRogue; uses the objects it is handed and imports nothing."""

from __future__ import annotations

from typing import Any

# Texts of rogue's GeneralError for values that it refuses before any transaction.
_REFUSALS = ("Failed to extract", "range error", "Overflow error for passed", "Invalid number of")
_REFUSING = {"VariableError", "OverflowError", "TypeError", "ValueError", "AttributeError"}


def refused_by_tree(exc: BaseException, hardware: bool) -> bool:
    """Tell whether ``set()`` raised because of the value, with nothing changed in the tree.

    :param hardware: True for a node whose value lives in a register
    """
    kind = type(exc).__name__
    if kind == "GeneralError":
        return any(text in str(exc) for text in _REFUSALS)
    # A LocalVariable has stored the value when its localSet raises, whatever that raises.
    return kind == "VariableError" or (hardware and kind in _REFUSING)


def mirrored(node: Any) -> Any:
    """Return the variable that a link only passes values on to, or None.

    PyRogue calls such a link RW whatever its source is, and names the setter it makes for it.

    :param node: a variable or command
    """
    setter = getattr(node, "_linkedSet", None)
    if getattr(setter, "__name__", "") != "linkedSetFromVariable":
        return None
    sources = node.dependencies
    return sources[0] if sources else None


def disabled(node: Any) -> str | None:
    """Return why a put or call would come to nothing: PyRogue drops it without a word.

    :param node: a variable or command; a device's own ``enable`` is never disabled
    :returns: None if its device is enabled
    """
    device = getattr(node, "parent", None)
    enable = getattr(device, "enable", None)
    if enable is None or enable is node:
        return None
    state = enable.value()
    if state is True:
        return None
    return (
        f"{node.path}: its device {getattr(device, 'path', '?')} is disabled (enable is {state!r})"
    )


def protocols_of(root: Any) -> list[Any]:
    """Return what has been handed to ``addProtocol`` and ``addInterface`` of a root's devices.

    PyRogue has no public list of them.

    :param root: a root, started or not
    """
    return [
        protocol
        for device in (root, *root.deviceList)
        for protocol in getattr(device, "_ifAndProto", ())
    ]
