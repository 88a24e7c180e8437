"""Facts about real PyRogue; works on the objects of a tree and never imports PyRogue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..errors import words_of
from ..values.alarm import CALC, COMM, READ, TIMEOUT, Alarm
from ..values.spec import NO_VALUE_ALARM, ValueAlarm

# Texts of rogue's GeneralError for values that it refuses before any transaction.
_REFUSALS = ("Failed to extract", "range error", "Overflow error for passed", "Invalid number of")
_REFUSING = {"VariableError", "OverflowError", "TypeError", "ValueError", "AttributeError"}


def refused_by_tree(exc: BaseException, hardware: bool) -> bool:
    """Tell whether ``set()`` raised because of the value, with nothing changed in the tree.

    :param hardware: True for a node whose value lives in a register
    """
    kind = type(exc).__name__
    if kind == "GeneralError":
        return any(text in words_of(exc) for text in _REFUSALS)
    # A LocalVariable has stored the value before its localSet raises.
    return kind == "VariableError" or (hardware and kind in _REFUSING)


def read_now(node: Any) -> Any:
    """Return the value of a variable, read in hardware if it lives there.

    After a write that has timed out, or whose verification has, PyRogue raises at the next good
    read that the write was not verified. That is known by then, and the read after it is good.

    :param node: a variable
    :raises Exception: what the tree raises
    """
    try:
        return node.get()
    except Exception as exc:
        if "Verify error" not in words_of(exc):
            raise
        return node.get()


def read_fault(exc: BaseException, hardware: bool) -> Alarm:
    """Return the alarm of a node whose value could not be read.

    PyRogue tells failed transactions apart by text only; a remote tree sends nothing but text.

    :param exc: what the tree raised
    :param hardware: True for a node whose value lives in a register
    """
    text = words_of(exc)
    if isinstance(exc, ConnectionError) or text.startswith("ZMQ Interface Exception"):
        return COMM
    if "Timeout waiting for register" in text:
        return TIMEOUT
    # A link reads registers too, and what fails then is no fault of its getter.
    return READ if hardware or "Transaction error for block" in text else CALC


def local_attribute(node: Any, name: str) -> Any:
    """Return an attribute that only some classes of nodes have, and no remote one; else None.

    PyRogue formats an error for each that it is asked for in vain, which costs more than to look.

    :param node: a variable or command
    """
    if hasattr(type(node), name) or name in getattr(node, "__dict__", ()):
        return getattr(node, name, None)
    return None


def is_register(node: Any) -> bool:
    """Tell whether a node's value lives in a register (PyRogue: RemoteVariable).

    :param node: a variable or command
    """
    return local_attribute(node, "numValues") is not None


def is_read(node: Any) -> bool:
    """Tell whether a node's value is read somewhere: in a register, or by a ``localGet``.

    :param node: a variable or command
    """
    local = getattr(local_attribute(node, "_block"), "_localGet", None)
    return local is not None or is_register(node)


def getter_of(node: Any) -> Callable[..., Any] | None:
    """Return the function of the tree that gives a node's value, None if there is none.

    :param node: a variable or command
    """
    linked = local_attribute(node, "_linkedGet")
    return linked or getattr(local_attribute(node, "_block"), "_localGet", None)


def only_stores(node: Any) -> bool:
    """Tell whether ``set()`` and ``value()`` of a node do no more than to store and to return.

    That is so for a LocalVariable of PyRogue's own class without functions of the tree, unless
    registers decide whether a device above it is enabled.

    :param node: a variable or command
    """
    kind, block = type(node), local_attribute(node, "_block")
    return (
        (kind.__name__, type(block).__name__) == ("LocalVariable", "LocalBlock")
        and _package(kind) == _package(type(block))
        and getattr(block, "_localSet", node) is None
        and getattr(block, "_localGet", node) is None
        and not {"set", "value"} & vars(node).keys()
        and not any(local_attribute(enable, "_deps") for enable in _enables_above(node))
    )


def _enables_above(node: Any) -> Iterator[Any]:
    device, seen = getattr(node, "parent", None), None
    while device is not None and device is not seen:
        yield getattr(device, "enable", None)
        device, seen = getattr(device, "parent", None), device


def _package(kind: type) -> str:
    return kind.__module__.partition(".")[0]


# What they set is themselves.
_SETTING = {"BaseVariable", "LocalVariable", "RemoteVariable", "StatusVariable"}


def changes_others(node: Any) -> bool:
    """Tell whether a put, call or read of a node may change more than its own value.

    :param node: a variable or command
    """
    kind = type(node)
    setter = next((one.__name__ for one in kind.__mro__ if "set" in vars(one)), "")
    return (
        node.isCommand
        or setter not in _SETTING
        or "set" in vars(node)
        or bool(local_attribute(node, "_listeners"))
        or getattr(local_attribute(node, "_block"), "_localSet", None) is not None
        or bool(local_attribute(node, "overlapEn"))
    )


def protocols_of(root: Any) -> list[Any]:
    """Return what has been handed to ``addProtocol`` and ``addInterface`` of a root's devices.

    :param root: a root, started or not
    """
    return [
        protocol
        for device in (root, *root.deviceList)
        for protocol in getattr(device, "_ifAndProto", ())
    ]


def limits_of(node: Any) -> ValueAlarm:
    """Return the alarm limits of a node; none if it has none, or none that can be read.

    :param node: a variable
    """
    try:
        limits = ValueAlarm(node.lowAlarm, node.lowWarning, node.highWarning, node.highAlarm)
    except Exception:
        return NO_VALUE_ALARM
    return limits if limits.active else NO_VALUE_ALARM
