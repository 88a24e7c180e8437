"""Variables computed from others by callbacks, or mirroring one other variable."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from roguebridge.simtree.call import bind, resolve_wait
from roguebridge.simtree.errors import VariableError
from roguebridge.simtree.log import logException
from roguebridge.simtree.variable import BaseVariable

MIRRORED = ("disp", "enum", "units", "minimum", "maximum")


class LinkVariable(BaseVariable):
    """A variable without a value of its own.

    Without linkedSet its mode is RO, without linkedGet WO; a mirror has both and stays RW.

    :param variable: a variable to mirror.
    :param dependencies: variables whose updates also update this one.
    :param linkedSet: function of any of dev, var, value, write, index, verify, wait, check.
    :param linkedGet: function of any of dev, var, read, index, wait, check.
    """

    def __init__(
        self,
        *,
        name: str,
        variable: BaseVariable | None = None,
        dependencies: Iterable[BaseVariable] | None = None,
        linkedSet: Callable[..., Any] | None = None,
        linkedGet: Callable[..., Any] | None = None,
        minimum: Any = None,
        maximum: Any = None,
        **kwargs: Any,
    ) -> None:
        if minimum is not None or maximum is not None:
            raise VariableError("Invalid use of min or max values with LinkVariable")
        if variable is not None:
            linkedGet = linkedGet or self._getter(variable)
            linkedSet = linkedSet or self._setter(variable)
            for attribute in MIRRORED:
                kwargs.setdefault(attribute, getattr(variable, attribute))
        if not linkedSet:
            kwargs["mode"] = "RO"
        if not linkedGet:
            kwargs["mode"] = "WO"
        self._linkedGet, self._linkedSet = linkedGet, linkedSet  # as given, as in PyRogue
        self._linkedGetCall = bind(linkedGet, ("dev", "var", "read", "index", "wait", "check"))
        self._linkedSetCall = bind(
            linkedSet, ("dev", "var", "value", "write", "index", "verify", "wait", "check")
        )
        super().__init__(name=name, **kwargs)
        self._depBlocks: list[Any] = []
        sources = [] if variable is None else [variable]
        for source in [*sources, *(dependencies or ())]:
            self.addDependency(source)

    @staticmethod
    def _getter(variable: Any) -> Callable[..., Any]:
        def linkedGetFromVariable(read: bool, index: int, wait: bool) -> Any:
            return variable.get(read=read, index=index, wait=wait)

        return linkedGetFromVariable

    @staticmethod
    def _setter(variable: Any) -> Callable[..., Any]:
        def linkedSetFromVariable(
            value: Any, write: bool, index: int, verify: bool, wait: bool
        ) -> None:
            variable.set(value, index=index, write=write, verify=verify, wait=wait)

        return linkedSetFromVariable

    def __getitem__(self, key: int) -> BaseVariable:
        return self.dependencies[key]

    @property
    def depBlocks(self) -> list[Any]:
        """The blocks beneath its dependencies; complete once the root has started."""
        return self._depBlocks

    def _finishInit(self) -> None:
        super()._finishInit()
        self._depBlocks = self._beneath()

    def _beneath(self) -> list[Any]:
        found: list[Any] = []
        for dep in self.dependencies:  # those that depend on each other end in a RecursionError
            if isinstance(dep, LinkVariable):
                found.extend(dep._beneath())  # noqa: SLF001
            elif dep.block is not None:
                found.append(dep.block)
        return found

    @property
    def pollInterval(self) -> float:
        """The shortest interval of the dependencies."""
        return min((d.pollInterval for d in self.dependencies if d.pollInterval > 0), default=0)

    def set(
        self,
        value: Any,
        *,
        write: bool = True,
        index: int = -1,
        verify: bool = True,
        wait: bool | None = None,
        check: bool | None = None,
    ) -> None:
        """Call linkedSet, if any.

        :param value: the value.
        :param write: False only stages the value.
        :param index: element, or -1.
        :param verify: read back and compare.
        :param wait: wait for the end of the transaction.
        :param check: deprecated spelling of wait.
        """
        try:
            waits = resolve_wait(wait, check)
            self._linkedSetCall(
                dev=self.parent,
                var=self,
                value=value,
                write=write,
                index=index,
                verify=verify,
                wait=waits,
                check=waits,
            )
        except Exception as e:
            logException(self._log, e)
            self._log.error("Cannot set link variable %s", self.path)
            raise

    def get(
        self,
        read: bool = True,
        index: int = -1,
        check: bool | None = None,
        *,
        wait: bool | None = None,
    ) -> Any:
        """Call linkedGet; None if there is none.

        :param read: passed on.
        :param index: element, or -1.
        :param check: deprecated spelling of wait.
        :param wait: passed on.
        """
        try:
            waits = resolve_wait(wait, check)
            return self._linkedGetCall(
                dev=self.parent, var=self, read=read, index=index, wait=waits, check=waits
            )
        except Exception as e:
            logException(self._log, e)
            self._log.error("Cannot read link variable %s", self.path)
            raise
