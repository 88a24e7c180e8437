"""The policy of the nodes of one access security group.

Rules are judged as epics-base does it (asComputePvt), and fail closed: a user, host or input that
is not known does not match.
"""

from __future__ import annotations

from collections.abc import Hashable

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

from .calc import Calc
from .in_force import InForce
from .rules import Asg, AsgRule

_WORDS = {"put": "WRITE", "rpc": "WRITE or RPC"}


class AsgPolicy(AccessPolicy):
    """Judges by the rules of one group. It asks for them at each request: a reload counts at once.

    :param in_force: the rules, hosts and inputs
    :param name: of the group
    :param level: of the nodes
    """

    alike = True
    asked_again = True  # a reload or an input may have changed the answer

    def __init__(self, in_force: InForce, name: str, level: int) -> None:
        self._in_force = in_force
        self._name = name
        self._level = level

    @property
    def quick(self) -> bool:  # type: ignore[override]
        """False if a rule needs the user's groups: their look-up may block."""
        asg = self._in_force.asg(self._name)
        return asg is None or not asg.asks_roles

    def state(self) -> Hashable:
        """Return the state of the group's rules, hosts and inputs."""
        return self._in_force.state(self._name)

    def __repr__(self) -> str:
        return f"ASG({self._name}), level {self._level}"

    def decide(self, request: PutRequest | RpcRequest) -> Decision:
        """Judge a put, which needs WRITE or PUT, or a call, which needs WRITE or RPC."""
        return self.may(request.entry, request.credentials, request.operation)

    def may(self, entry: PvEntry, credentials: Credentials, operation: str) -> Decision:
        """Judge ``'put'`` or ``'rpc'``; the first rule that matches grants it."""
        refusal = f"Put not permitted: {entry.pv_name}: "
        asg = self._in_force.asg(self._name)
        if asg is None:
            return Deny(f"{refusal}there is no ASG({self._name})")
        for rule in asg.rules:
            if operation in rule.operations and self._matches(rule, asg, credentials):
                return Allow(trap=rule.trap)
        words = _WORDS.get(operation, operation)
        who = f"{credentials.user!r} from {credentials.host}"
        return Deny(f"{refusal}ASG({self._name}) does not grant {words} to {who}")

    def _matches(self, rule: AsgRule, asg: Asg, credentials: Credentials) -> bool:
        # The user's groups come last: their look-up may take time.
        in_force = self._in_force
        return (
            self._level <= rule.level
            and (rule.hosts is None or in_force.hosts.is_one_of(credentials.host, rule.hosts))
            and (rule.calc is None or self._holds(rule.calc, asg))
            and (
                rule.users is None
                or credentials.is_user(rule.users)
                or (bool(rule.roles) and credentials.has_role(rule.roles))
            )
        )

    def _holds(self, calc: Calc, asg: Asg) -> bool:
        numbers: dict[str, float] = {}
        for letter in calc.inputs:
            number = self._in_force.inputs.number(asg.inputs[letter])
            if number is None:
                return False
            numbers[letter] = number
        return calc.holds(numbers)
