"""Variables that live in the Python process: a value, or a pair of callbacks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from roguebridge.simtree.call import bind, resolve_wait
from roguebridge.simtree.errors import VariableError
from roguebridge.simtree.log import logException, logInit
from roguebridge.simtree.variable import BaseVariable


class LocalBlock:
    """Keeps the value of one local variable and calls its callbacks.

    :param variable: the variable.
    :param localSet: called after a value was stored.
    :param localGet: called to get the value.
    :param minimum: lowest scalar accepted.
    :param maximum: highest scalar accepted.
    :param value: the first value.
    """

    bulkOpEn = True

    def __init__(
        self,
        *,
        variable: LocalVariable,
        localSet: Callable[..., Any] | None,
        localGet: Callable[..., Any] | None,
        minimum: Any,
        maximum: Any,
        value: Any,
    ) -> None:
        self.path = variable.path
        self.mode = variable.mode
        self.variables = [variable]
        self._variable = variable
        self._device = variable.parent  # None, as in PyRogue: not attached to a device yet
        self._lock = threading.RLock()
        self._enable = True
        self._value = value
        self._minimum, self._maximum = minimum, maximum
        self._localSet, self._localGet = localSet, localGet  # as given, as in PyRogue
        self._localSetCall = bind(localSet, ("dev", "var", "value", "changed"))
        self._localGetCall = bind(localGet, ("dev", "var"))
        self._log = logInit(cls=self, name=self.path)

    def setEnable(self, value: bool) -> None:
        """Follow the device's enable state.

        :param value: True if enabled.
        """
        with self._lock:
            self._enable = value

    def setTimeout(self, timeout: float) -> None:
        """Do nothing: there is no transaction to time out.

        :param timeout: ignored.
        """

    def set(self, value: Any, index: int = -1) -> None:
        """Store a value or an element, then call localSet.

        :param value: the value.
        :param index: element, or -1.
        """
        var = self._variable
        with self._lock:
            changed = self._changed(value, index)
            if index >= 0:
                self._value[index] = value
            else:
                wanted = var.nativeType
                if var.typeCheck and not (wanted is not None and isinstance(value, wanted)):
                    raise VariableError(
                        f"Type mismatch for {var.path}: expected {wanted}, got {type(value)}. "
                        "A variable meant to change its Python type needs typeCheck=False."
                    )
                self._value = value
            if self._enable and self._localSet is not None:
                self._localSetCall(dev=self._device, var=var, value=self._value, changed=changed)

    def _changed(self, value: Any, index: int) -> Any:
        if index >= 0:
            return self._value[index] != value
        if isinstance(value, list | dict):
            return True
        if isinstance(value, np.ndarray):  # PyRogue reports the opposite for arrays
            return np.array_equal(self._value, value)
        low, high = self._minimum, self._maximum
        if (low is not None and value < low) or (high is not None and value > high):
            raise VariableError(
                f"Value range error for {self.path}. Value={value}, Min={low}, Max={high}"
            )
        return self._value != value

    def get(self, index: int = -1) -> Any:
        """Give the value or an element, from localGet if there is one.

        :param index: element, or -1.
        """
        if self._enable and self._localGet is not None:
            with self._lock:
                self._value = self._localGetCall(dev=self._device, var=self._variable)
        return self._value[index] if index >= 0 else self._value

    def start(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: there is no transaction.

        :param args: ignored.
        :param kwargs: ignored.
        """

    def check(self) -> None:
        """Queue the update of the variable."""
        if self._enable and self._variable.updateNotify:
            self._variable._queueUpdate()  # noqa: SLF001


class LocalVariable(BaseVariable):
    """A variable kept in Python.

    :param value: the default; may only be left out with localGet.
    :param localSet: function of any of dev, var, value, changed.
    :param localGet: function of any of dev, var.
    """

    def __init__(
        self,
        *,
        name: str,
        value: Any = None,
        localSet: Callable[..., Any] | None = None,
        localGet: Callable[..., Any] | None = None,
        minimum: Any = None,
        maximum: Any = None,
        **kwargs: Any,
    ) -> None:
        if value is None and localGet is None:
            raise VariableError(f"LocalVariable {name} needs value= or localGet=")
        super().__init__(name=name, value=value, minimum=minimum, maximum=maximum, **kwargs)
        self._block = LocalBlock(
            variable=self,
            localSet=localSet,
            localGet=localGet,
            minimum=minimum,
            maximum=maximum,
            value=value,
        )

    def set(
        self,
        value: Any,
        *,
        index: int = -1,
        write: bool = True,
        verify: bool = True,
        wait: bool | None = None,
        check: bool | None = None,
    ) -> None:
        """Store a value in the caller's thread and queue an update.

        :param value: the value; it is not copied.
        :param index: element, or -1.
        :param write: False sends no update.
        :param verify: ignored.
        :param wait: ignored.
        :param check: deprecated spelling of wait.
        """
        try:
            resolve_wait(wait, check)
            self._block.set(value, index)
            if write:
                self._block.check()
        except Exception as e:
            logException(self._log, e)
            self._log.error("Cannot set %s of type %s to %r: %s", self.path, self.typeStr, value, e)
            raise

    def post(self, value: Any, *, index: int = -1) -> None:
        """Set.

        :param value: the value.
        :param index: element, or -1.
        """
        self.set(value, index=index)

    def get(
        self,
        *,
        index: int = -1,
        read: bool = True,
        wait: bool | None = None,
        check: bool | None = None,
    ) -> Any:
        """Give the value; with read an update is sent.

        :param index: element, or -1.
        :param read: True sends an update.
        :param wait: False sends no update.
        :param check: deprecated spelling of wait.
        """
        try:
            if resolve_wait(wait, check) and read:
                self._block.check()
            return self._block.get(index)
        except Exception as e:
            logException(self._log, e)
            self._log.error("Cannot read %s", self.path)
            raise
