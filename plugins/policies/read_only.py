"""A switch that makes the whole server read-only: ``<base>:RB:ReadOnly``, a PV like any other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from roguebridge.core.hooks import PolicyRule, hookimpl
from roguebridge.core.mapping import ExtraNode
from roguebridge.core.requests import Credentials
from roguebridge.core.tree import ServerVariable

from .change_policy import ChangePolicy

PATH = "RB.ReadOnly"


class _Switched(ChangePolicy):
    """Refuses changes while the switch is on.

    :param switch: the variable
    """

    asked_again = True  # the switch may have been turned while a put waited

    def __init__(self, switch: ServerVariable) -> None:
        self._switch = switch

    def state(self) -> bool:
        """Return True while the switch is on."""
        return bool(self._switch.value())

    def __repr__(self) -> str:
        return "no puts while RB:ReadOnly is on"

    def refusal(self, credentials: Credentials) -> str | None:
        """Refuse everybody while the switch is on."""
        return ": the server is read-only (RB:ReadOnly)" if self._switch.value() else None


class ReadOnlySwitch:
    """Serves the switch; the other policies guard it as any PV.

    :param on: True to begin read-only; a restart of the server does not turn the switch
    """

    def __init__(self, on: bool = False) -> None:
        self._switch = ServerVariable(
            PATH, on, description="True: no put, and no call of a command, is permitted"
        )
        self._policy = _Switched(self._switch)

    @classmethod
    def from_option(cls, option: Any) -> ReadOnlySwitch:
        """Return the plugin for ``policies={'read_only': option}``.

        :raises TypeError: if it is no bool
        """
        if not isinstance(option, bool):
            raise TypeError(f"policies: read_only must be True or False, not {option!r}")
        return cls(option)

    @hookimpl
    def extra_nodes(self, base: str) -> Sequence[ExtraNode]:
        """Serve the switch."""
        return [ExtraNode(f"{base}:RB:ReadOnly", self._switch)]

    @hookimpl
    def policy_rules(self) -> Sequence[PolicyRule]:
        """Guard every node but the switch itself."""
        return [PolicyRule(self._policy.of, self._is_other)]

    def _is_other(self, node: Any) -> bool:
        return node is not self._switch
