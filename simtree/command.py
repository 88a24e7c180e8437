"""Commands: functions in the tree, local or acting on a register."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

from roguebridge.simtree.call import bind, has_positional
from roguebridge.simtree.errors import CommandError
from roguebridge.simtree.log import logException
from roguebridge.simtree.memory import READ, WRITE
from roguebridge.simtree.remote import RemoteVariable
from roguebridge.simtree.variable import BaseVariable

OFFERED = ("root", "dev", "cmd", "arg")


class BaseCommand(BaseVariable):
    """A function that can be called with or without one argument.

    :param value: the default argument.
    :param retValue: an example of what it returns, for retTypeStr.
    :param function: function of any of root, dev, cmd, arg.
    """

    _logFamily = "Command"

    def __init__(
        self,
        *,
        name: str,
        value: Any = 0,
        retValue: Any = None,
        function: Callable[..., Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, value=value, bulkOpEn=False, mode="WO", **kwargs)
        self.replaceFunction(function)
        self._arg = has_positional(function, "arg")
        self._retTypeStr: str | None = None
        if isinstance(retValue, list):
            self._retTypeStr = f"List[{type(retValue[0]).__name__}]"
        elif retValue is not None:
            self._retTypeStr = type(retValue).__name__

    @property
    def isCommand(self) -> bool:
        """True."""
        return True

    @property
    def arg(self) -> bool:
        """True if the function has a positional parameter named arg."""
        return self._arg

    @property
    def retTypeStr(self) -> str | None:
        """Name of the declared type of the result."""
        return self._retTypeStr

    def replaceFunction(self, function: Callable[..., Any] | None) -> None:
        """Call another function from now on.

        :param function: the function.
        """
        self._function = function
        self._functionWrap = bind(function, OFFERED)

    def __call__(self, arg: Any = None) -> Any:
        """Run, see call."""
        return self._doFunc(arg)

    def call(self, arg: Any = None) -> Any:
        """Run the function in the caller's thread; None if the device is disabled.

        :param arg: argument, text is parsed; None repeats the last one.
        """
        return self(arg)

    def callDisp(self, arg: Any = None) -> Any:
        """Run the function and give its result as text.

        :param arg: as in call.
        """
        return self.genDisp(self(arg), useDisp="{}")

    def _doFunc(self, arg: Any) -> Any:
        if self.parent.enable.value() is not True:
            return None
        try:
            arg = self._default if arg is None else self.parseDisp(arg)
            result = self._functionWrap(
                function=self._function, root=self.root, dev=self.parent, cmd=self, arg=arg
            )
            if self._arg:
                self._remember(arg)
            return result
        except Exception as e:
            logException(self._log, e)
            raise

    def _remember(self, arg: Any) -> None:
        self._default = arg
        self._queueUpdate()

    def get(self, read: bool = True, index: int = -1) -> Any:  # type: ignore[override]
        """Give the last argument.

        :param read: ignored.
        :param index: ignored.
        """
        return self._default

    @staticmethod
    def nothing() -> None:
        """Do nothing."""

    @staticmethod
    def read(cmd: Any) -> None:
        """Read the register.

        :param cmd: the command.
        """
        cmd.get(read=True)

    @staticmethod
    def setArg(cmd: Any, arg: Any) -> None:
        """Write the argument.

        :param cmd: the command.
        :param arg: the argument.
        """
        cmd.set(arg)

    @staticmethod
    def setAndVerifyArg(cmd: Any, arg: Any) -> None:
        """Write the argument and compare; CommandError if it differs.

        :param cmd: the command.
        :param arg: the argument.
        """
        cmd.set(arg)
        if (found := cmd.get()) != arg:
            raise CommandError(f"Verification failed for {cmd.path}: set {arg}, read {found}")

    @staticmethod
    def createToggle(sets: Iterable[Any]) -> Callable[[Any], None]:
        """Give a function that writes several values.

        :param sets: the values.
        """
        values = list(sets)

        def toggle(cmd: Any) -> None:
            for value in values:
                cmd.set(value)

        return toggle

    @staticmethod
    def toggle(cmd: Any) -> None:
        """Write 1, then 0.

        :param cmd: the command.
        """
        cmd.set(1)
        cmd.set(0)

    @staticmethod
    def createTouch(value: Any) -> Callable[[Any], None]:
        """Give a function that writes one value.

        :param value: the value.
        """

        def touch(cmd: Any) -> None:
            cmd.set(value)

        return touch

    @staticmethod
    def touch(cmd: Any, arg: Any) -> None:
        """Write the argument, 1 without one.

        :param cmd: the command.
        :param arg: the argument.
        """
        cmd.set(1 if arg is None else arg)

    @staticmethod
    def touchZero(cmd: Any) -> None:
        """Write 0.

        :param cmd: the command.
        """
        cmd.set(0)

    @staticmethod
    def touchOne(cmd: Any) -> None:
        """Write 1.

        :param cmd: the command.
        """
        cmd.set(1)

    @staticmethod
    def createPostedTouch(value: Any) -> Callable[[Any], None]:
        """Give a function that posts one value.

        :param value: the value.
        """

        def postedTouch(cmd: Any) -> None:
            cmd.post(value)

        return postedTouch

    @staticmethod
    def postedTouch(cmd: Any, arg: Any) -> None:
        """Post the argument.

        :param cmd: the command.
        :param arg: the argument.
        """
        cmd.post(arg)

    @staticmethod
    def postedTouchOne(cmd: Any) -> None:
        """Post 1.

        :param cmd: the command.
        """
        cmd.post(1)

    @staticmethod
    def postedTouchZero(cmd: Any) -> None:
        """Post 0.

        :param cmd: the command.
        """
        cmd.post(0)


LocalCommand = BaseCommand
Command = BaseCommand


class RemoteCommand(BaseCommand, RemoteVariable):
    """A command whose function writes a register, often one of the static ones above."""

    def __init__(self, *, name: str, value: Any = None, **kwargs: Any) -> None:
        super().__init__(name=name, value=value, verify=False, **kwargs)

    def _remember(self, arg: Any) -> None:
        pass

    def set(self, value: Any, *, index: int = -1, write: bool = True) -> None:  # type: ignore[override]
        """Write the register.

        :param value: the value.
        :param index: element, or -1.
        :param write: False only stages the value.
        """
        try:
            place = operator.index(index)
            self._set(value, place)
            if write:
                self._block.start(WRITE, force=True, wait=True, var=self, index=place)
        except Exception as e:
            logException(self._log, e)
            raise

    def get(self, *, index: int = -1, read: bool = True) -> Any:  # type: ignore[override]
        """Give the register's value.

        :param index: element, or -1.
        :param read: False gives the cache.
        """
        try:
            place = operator.index(index)
            if read:
                self.attached().start(READ, wait=True, var=self, index=place)
            return self._get(place)
        except Exception as e:
            logException(self._log, e)
            raise
