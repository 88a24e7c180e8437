"""The rules of an access security file, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .calc import Calc

DEFAULT = "DEFAULT"

#: right of a RULE -> operations that it grants; PUT, RPC and UNCACHED are those of p4p's gateway
RIGHTS: Mapping[str, frozenset[str]] = {
    "NONE": frozenset(),
    "READ": frozenset(),
    "WRITE": frozenset({"put", "rpc"}),
    "PUT": frozenset({"put"}),
    "RPC": frozenset({"rpc"}),
    "UNCACHED": frozenset(),
}


@dataclass(frozen=True, slots=True)
class AsgRule:
    """One RULE.

    :param level: nodes up to this level are concerned
    :param operations: ``'put'``, ``'rpc'``, both or neither: the rule grants these
    :param trap: True for TRAPWRITE
    :param users: names of users who are granted it, None for everybody
    :param roles: groups whose members are granted it
    :param hosts: hosts from where it is granted, None for everywhere
    :param calc: the condition, None for none
    """

    level: int
    operations: frozenset[str]
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
    inputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def asks_roles(self) -> bool:
        """True if a rule needs the user's groups, which may take time to look up."""
        return any(rule.roles for rule in self.rules)

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts of all rules."""
        return frozenset(host for rule in self.rules for host in rule.hosts or ())

    @property
    def pv_names(self) -> frozenset[str]:
        """The PV names of the inputs that rules use."""
        calcs = (rule.calc for rule in self.rules if rule.calc is not None)
        return frozenset(self.inputs[letter] for calc in calcs for letter in calc.inputs)


@dataclass(frozen=True, slots=True)
class Rules:
    """The content of a file.

    :param asgs: by name
    """

    asgs: Mapping[str, Asg]

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts of all groups."""
        return frozenset[str]().union(*(asg.hosts for asg in self.asgs.values()))

    @property
    def pv_names(self) -> frozenset[str]:
        """The PV names of the inputs that all groups use."""
        return frozenset[str]().union(*(asg.pv_names for asg in self.asgs.values()))
