"""Nodes of the server: served like the nodes of a tree, but part of no tree.

They satisfy :class:`.TreeNode`. Their puts and calls run on the workers, under the same policies as
those of a tree's nodes.
"""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ..concurrency.network_log import NetworkLog
from ..values.alarm import Alarm
from .protocols import Listener

_log = NetworkLog(logging.getLogger("roguebridge.own"))


class ServerValue(NamedTuple):
    """The value object for the listeners of a server node, as PyRogue's ``VariableValue``."""

    value: Any
    status: str = "None"
    severity: str = "None"


class ServerNode:
    """Common part of the variables and commands of a server.

    :param path: path of the node, e.g. ``RB.ReadOnly``; no tree has it
    :param value: first value; its type is that of the node for good
    """

    units = ""
    disp = "{}"
    minimum = maximum = None
    lowAlarm: float | None = None
    lowWarning: float | None = None
    highWarning: float | None = None
    highAlarm: float | None = None
    alarm: Alarm | None = None  # if no limits tell it
    isCommand = False
    parent = None  # no device, and so no ``enable``

    def __init__(
        self, path: str, value: Any, mode: str, description: str, groups: Sequence[str]
    ) -> None:
        self.path = path
        self.name = path.rpartition(".")[2]
        self.mode = mode
        self.description = description
        self.groups = list(groups)
        self.nativeType: Any = type(value)
        self.typeStr: str | None = type(value).__name__
        labels = {False: "False", True: "True"}
        self.enum: Mapping[Any, Any] | None = labels if isinstance(value, bool) else None
        self._value = value
        self._listeners: dict[Listener, None] = {}
        self._telling = threading.RLock()  # listeners get the updates in order

    def value(self) -> Any:
        """Return the present value."""
        return self._value

    get = value

    def alarm_of(self, value: Any, pv_value: Any) -> Alarm | None:
        """Return the alarm that came with the present value; None for what the limits tell."""
        return self.alarm

    def genDisp(self, value: Any) -> str:
        """Return the text of a value."""
        return str(value)

    def addListener(self, listener: Listener) -> None:
        """Call ``listener(path, value)`` at each update; adding it twice changes nothing."""
        self._listeners.setdefault(listener)

    def delListener(self, listener: Listener) -> None:
        """Remove a listener."""
        self._listeners.pop(listener, None)

    def update(self, value: Any, alarm: Alarm | None = None) -> None:
        """Set the value and call the listeners; the exception of a listener is logged.

        :param alarm: of the value; None for what the limits tell
        """
        with self._telling:
            self._value, self.alarm = value, alarm
            told = ServerValue(value)
            for listener in tuple(self._listeners):
                try:
                    listener(self.path, told)
                except Exception:
                    _log.exception("%s: a listener failed", self.path)


class Answers(ABC):
    """A variable of the server that answers calls with arguments."""

    @abstractmethod
    def answer(self, request: Any) -> Any:
        """Return the answer to an :class:`.RpcRequest`; on a worker.

        :raises PutError: if there is none
        """


class ServerVariable(ServerNode):
    """A variable of the server.

    :param on_set: called with a new value before it is taken; what it raises refuses the put
    """

    def __init__(
        self,
        path: str,
        value: Any,
        *,
        mode: str = "RW",
        description: str = "",
        groups: Sequence[str] = (),
        on_set: Callable[[Any], None] | None = None,
    ) -> None:
        super().__init__(path, value, mode, description, groups)
        self._on_set = on_set

    def set(self, value: Any, write: bool = True) -> None:
        """Set a new value, at a put.

        :param write: makes no difference: there is no register that a value could wait for
        """
        if self._on_set is not None:
            self._on_set(value)
        self.update(value)


class ServerCommand(ServerNode):
    """A command of the server.

    :param function: runs on a worker; if it has a parameter named ``arg``, the command takes one
    """

    isCommand = True

    def __init__(
        self,
        path: str,
        function: Callable[..., Any],
        *,
        description: str = "",
        groups: Sequence[str] = (),
    ) -> None:
        super().__init__(path, 0, "WO", description, groups)
        self._function = function
        code = getattr(getattr(function, "__func__", function), "__code__", None)
        self.arg = code is not None and "arg" in code.co_varnames[: code.co_argcount]

    def __call__(self, arg: Any = None) -> Any:
        """Run it and return what it returns."""
        return self._function(arg) if self.arg else self._function()
