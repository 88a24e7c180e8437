"""The policy of the nodes of one access security group: what the rules of the moment grant."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Protocol

from roguebridge.core.mapping import PvEntry
from roguebridge.core.requests import (
    AccessPolicy,
    Allow,
    Credentials,
    Decision,
    Deny,
    PutRequest,
    RpcRequest,
)

from .rules import Asg, Right, World

_RIGHTS = {"put": Right.PUT, "rpc": Right.RPC}
_WORDS = {"put": "WRITE", "rpc": "WRITE or RPC"}


class Judge(World, Protocol):
    """Gives the groups of the file that is in force, and what their rules ask for."""

    def asg(self, name: str) -> Asg | None:
        """Return a group, None if there is none of that name."""

    def state(self, name: str) -> Hashable:
        """Return what is equal while the rules of a group grant the same."""


class AsgPolicy(AccessPolicy):
    """Judges by the rules of one group; asked anew for each request, so that a reload counts.

    :param in_force: gives the rules, hosts and inputs
    :param name: of the group
    :param level: of the nodes
    """

    alike = True
    asked_again = True  # the file may have been read again, an input have changed

    def __init__(self, in_force: Judge, name: str, level: int) -> None:
        self._in_force = in_force
        self._name = name
        self._level = level

    @property
    def quick(self) -> bool:  # type: ignore[override]
        """False if a rule wants to know the user's groups: that look-up may block."""
        asg = self._in_force.asg(self._name)
        return asg is None or not asg.asks_roles

    def state(self) -> Hashable:
        """Return the rules of the group, and what they know of hosts and inputs."""
        return self._in_force.state(self._name)

    def __repr__(self) -> str:
        return f"ASG({self._name}), level {self._level}"

    def decide(self, request: PutRequest | RpcRequest) -> Decision:
        """Judge a put, which needs WRITE or PUT, or a call, which needs WRITE or RPC."""
        return self.may(request.entry, request.credentials, request.operation)

    def may(self, entry: PvEntry, credentials: Credentials, operation: str) -> Decision:
        """Judge ``'put'`` or ``'rpc'``; anything else is denied."""
        asg = self._in_force.asg(self._name)
        pv_name = entry.pv_name
        if asg is None:
            return Deny(f"Put not permitted: {pv_name}: there is no ASG({self._name})")
        right = _RIGHTS.get(operation)
        if right is not None:
            rule = asg.granting(right, self._level, credentials, self._in_force)
            if rule is not None:
                return Allow(trap=rule.trap)
        who = f"{credentials.user!r} from {credentials.host}"
        words = _WORDS.get(operation, operation)
        return Deny(
            f"Put not permitted: {pv_name}: ASG({self._name}) does not grant {words} to {who}"
        )
