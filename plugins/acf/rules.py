"""The rules of an access security file, and who is granted what by them.

They are judged as epics-base does it (asComputePvt), and fail closed: what is not known does not
match.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Flag
from typing import Protocol

from roguebridge.core.requests import Credentials

from .calc import Calc

DEFAULT = "DEFAULT"


class Right(Flag):
    """The permission of a rule; reading is not guarded."""

    NOTHING = 0
    PUT = 1
    RPC = 2
    WRITE = 3


#: the words of the file; PUT, RPC and UNCACHED are those of p4p's gateway
RIGHTS = {
    "NONE": Right.NOTHING,
    "READ": Right.NOTHING,
    "WRITE": Right.WRITE,
    "PUT": Right.PUT,
    "RPC": Right.RPC,
    "UNCACHED": Right.NOTHING,
}


class World(Protocol):
    """The values that rules need at the moment of a request; none of them blocks."""

    def is_one_of(self, address: str, hosts: frozenset[str]) -> bool:
        """Tell whether a numeric address is that of one of the hosts."""

    def number(self, pv_name: str) -> float | None:
        """Return the value of an input, None if it is not connected or INVALID."""


@dataclass(frozen=True, slots=True)
class AsgRule:
    """One RULE.

    :param level: nodes up to this level are concerned
    :param right: what it grants
    :param trap: True for TRAPWRITE
    :param users: who is granted it by name, None for everybody
    :param roles: groups whose members are granted it
    :param hosts: from where, None for everywhere
    :param calc: under which condition, None for any
    """

    level: int
    right: Right
    trap: bool
    users: frozenset[str] | None = None
    roles: frozenset[str] = frozenset()
    hosts: frozenset[str] | None = None
    calc: Calc | None = None


@dataclass(frozen=True, slots=True)
class Asg:
    """One access security group.

    :param rules: in the order of the file
    :param inputs: letter -> PV name
    """

    name: str
    rules: tuple[AsgRule, ...] = ()
    inputs: Mapping[str, str] | None = None

    @property
    def asks_roles(self) -> bool:
        """True if a rule wants to know the user's groups, which may take time to look up."""
        return any(rule.roles for rule in self.rules)

    def granting(
        self, right: Right, level: int, credentials: Credentials, world: World
    ) -> AsgRule | None:
        """Return the first rule that grants ``right``, None if none does.

        :param level: of the node
        :param credentials: whose roles are only asked for if all else of a rule matches
        """
        for rule in self.rules:
            if (
                right in rule.right
                and level <= rule.level
                and (rule.hosts is None or world.is_one_of(credentials.host, rule.hosts))
                and (rule.calc is None or self._holds(rule.calc, world))
                and _is_user(rule, credentials)
            ):
                return rule
        return None

    def _holds(self, calc: Calc, world: World) -> bool:
        numbers: dict[str, float] = {}
        for letter in calc.inputs:
            number = world.number((self.inputs or {})[letter])
            if number is None:
                return False
            numbers[letter] = number
        return calc.holds(numbers)


def _is_user(rule: AsgRule, credentials: Credentials) -> bool:
    if rule.users is None or credentials.is_user(rule.users):
        return True
    return bool(rule.roles) and not rule.roles.isdisjoint(credentials.roles)


@dataclass(frozen=True, slots=True)
class Rules:
    """All that a file says.

    :param asgs: by name
    """

    asgs: Mapping[str, Asg]

    def asg(self, name: str) -> Asg | None:
        """Return a group, None if there is none of that name."""
        return self.asgs.get(name)

    @property
    def hosts(self) -> frozenset[str]:
        """All hosts that rules ask about."""
        rules = [rule for asg in self.asgs.values() for rule in asg.rules]
        return frozenset(host for rule in rules for host in rule.hosts or ())

    @property
    def inputs(self) -> frozenset[str]:
        """The PV names of all inputs that rules ask for."""
        return frozenset(
            (asg.inputs or {})[letter]
            for asg in self.asgs.values()
            for rule in asg.rules
            if rule.calc is not None
            for letter in rule.calc.inputs
        )
