"""Spares the tree the texts of arrays that no listener reads.

PyRogue makes a text of every value before it calls the listeners, on its only update thread; of a
million numbers that takes ten seconds. While a server listens to a variable whose values are arrays
or lists, the listeners get values whose text is made when it is asked for.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np

from ..protocols import Listener
from .lazy_value import ValueMaker, fields_for, maker_of
from .update_override import UpdateOverride, changing, override_of

_log = logging.getLogger("roguebridge.lazy_text")
_SHORT = frozenset((bool, int, float, str))
_LONG = (np.ndarray, list, type(None))  # None: of a link that had no value when the tree started
_NOTHING: dict[str, Any] = {}


class LazyTexts:
    """The listeners of one server; spares the tree the texts of arrays."""

    def __init__(self) -> None:
        self._overrides: dict[int, UpdateOverride] = {}  # by id of the node
        self._refused: dict[str, list[str]] = {}  # reason -> paths

    def listen(self, node: Any, listener: Listener) -> None:
        """Add a listener to a node.

        :param node: any node, of a tree or not; no value of it is read
        :param listener: of what it is called with, it stores nothing but the value
        """
        if not _may_be_long(node):
            node.addListener(listener)
            return
        with changing:
            node.addListener(listener)
            maker = _maker_for(node)
            if isinstance(maker, str):
                self._refuse(node, maker)
                return
            override = self._overrides[id(node)] = override_of(node)
            if override.deliver is None:
                override.deliver = LazyUpdate(node, maker)
            if listener not in override.deliver.hearers:
                override.deliver.hearers.append(listener)

    def unlisten(self, node: Any, listener: Listener) -> None:
        """Remove a listener; with the last one, nothing that was changed for them is left."""
        override = self._overrides.get(id(node))
        if override is None:  # which may be a node of nodes, that does this for each of them
            node.delListener(listener)
            return
        with changing:
            node.delListener(listener)
            hearers = [] if override.deliver is None else override.deliver.hearers
            if listener in hearers:
                hearers.remove(listener)
                if not hearers:
                    override.deliver = None
                    override.leave_if_unused()

    def problems(self) -> list[str]:
        """Return why variables are not spared their texts, one text for each reason."""
        return [_in_words(paths, reason) for reason, paths in self._refused.items()]

    def _refuse(self, node: Any, reason: str) -> None:
        paths = self._refused.setdefault(reason, [])
        paths.append(node.path)
        if len(paths) == 1:
            _log.warning("%s", _in_words(paths, reason))


def _in_words(paths: list[str], reason: str) -> str:
    others = f" and {len(paths) - 1} more" if paths[1:] else ""
    return f"{paths[0]}{others}: arrays are made text at each update, which is slow: {reason}"


def _may_be_long(node: Any) -> bool:
    # Asked of its own attributes: a remote node would go and ask its server.
    own = getattr(node, "__dict__", _NOTHING)
    native: Any = own.get("_nativeType")
    if native is None:
        return False
    checked = own.get("_typeCheck", True)
    if checked and native in _SHORT:
        return False
    return own.get("_disp") != "" and (not checked or issubclass(native, _LONG))


class LazyUpdate:
    """Delivers the updates of one variable as the tree does, but for the texts.

    :param variable: the variable
    :param maker: makes what the listeners are told
    """

    __slots__ = ("variable", "hearers", "_maker")

    def __init__(self, variable: Any, maker: ValueMaker) -> None:
        self.variable = variable
        self._maker = maker
        #: the listeners of the bridge, which do not ask for the text
        self.hearers: list[Listener] = []

    def _doUpdate(self) -> Any:  # the name by which an update is known that failed
        variable = self.variable
        listeners = variable._BaseVariable__functions  # noqa: SLF001
        told = self._tell(variable, variable.get(read=False, index=-1), listeners)
        for listener in listeners:
            listener(variable.path, told)
        return told

    __call__ = _doUpdate

    def _tell(self, variable: Any, value: Any, listeners: Iterable[Listener]) -> Any:
        is_array = isinstance(value, np.ndarray)
        if is_array or isinstance(value, list):
            hearers = self.hearers
            if not variable.root._varListeners and all(one in hearers for one in listeners):  # noqa: SLF001
                return self._maker.later(variable, value, value)
            # Another listener may ask for the text when the tree has changed the array.
            if is_array and not value.dtype.hasobject:
                return self._maker.later(variable, value, value.copy())
        return self._maker.now(variable, value)


_UNKNOWN = "this version of PyRogue delivers updates in a way that is not known"


def _maker_for(node: Any) -> ValueMaker | str:
    """Return the maker of the values that listeners of a node get, or why there is none."""
    present = vars(node).get("_doUpdate")
    if present is not None and getattr(present, "below", node) is not None:
        return "its _doUpdate has been replaced"
    if not isinstance(vars(node.root).get("_varListeners"), list):
        return _UNKNOWN
    cls: Any = type(node)
    return _maker_of(cls, cls._doUpdate)


@cache
def _maker_of(cls: type, update: Any) -> ValueMaker | str:
    owner = next(one for one in cls.__mro__ if "_doUpdate" in vars(one))
    if owner.__name__ != "BaseVariable":
        return f"its class {owner.__name__} has a _doUpdate of its own"
    kind = _told_by(update)
    return _UNKNOWN if kind is None else maker_of(kind)


def _told_by(update: Any) -> type | None:
    """Return the class of the values of a ``_doUpdate``, if it does no more than expected.

    :param update: the function; tried on something that only notes what is done to it
    """
    listeners: list[Listener] = []
    heard: list[Any] = []
    asked: list[str] = []
    value, text = object(), object()
    answers = {
        "get": lambda **how: value if how == {"read": False, "index": -1} else None,
        "genDisp": lambda given: text if given is value else None,
        "_alarmState": lambda given: (object, given),
        "disp": object(),
        "enum": object(),
        "path": "path",
        "_BaseVariable__functions": listeners,
    }

    class Variable:
        def __getattr__(self, name: str) -> Any:
            asked.append(name)
            return answers[name]

        def __setattr__(self, name: str, value: Any) -> None:
            asked.append(name)

    listeners.append(lambda path, told: heard.append((path, told)))
    try:
        told = update(Variable())
        fields = list(vars(told).items())
    except Exception:
        return None
    kind = type(told)
    as_expected = (
        sorted(asked) == sorted(answers)
        and fields == list(fields_for(Variable(), value, text).items())
        and kind.__mro__ == (kind, object)
        and heard == [("path", told)]
    )
    return kind if as_expected else None
