"""The rules in force, and all that they ask for: hosts and inputs."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from .hosts import Hosts, Resolver
from .inputs import Inputs
from .rules import Asg, Rules


class InForce:
    """Answers the policies; what it says changes as a whole. Its questions never block.

    :param resolve: gives the addresses of a host name
    :param resolve_every: seconds between two look-ups of the host names
    :param client_conf: settings of the client for inputs of other servers
    """

    def __init__(
        self, resolve: Resolver, resolve_every: float, client_conf: Mapping[str, str] | None
    ) -> None:
        self._rules = Rules({})
        self._changes = 0
        self._hosts = Hosts(resolve, resolve_every)
        self._inputs = Inputs(client_conf)

    # Asked by policies and rules ----------------------------------------------------------------

    def asg(self, name: str) -> Asg | None:
        """Return a group, None if there is none of that name."""
        return self._rules.asg(name)

    def is_one_of(self, address: str, hosts: frozenset[str]) -> bool:
        """Tell whether a numeric address is that of one of the hosts."""
        return self._hosts.is_one_of(address, hosts)

    def number(self, pv_name: str) -> float | None:
        """Return the value of an input, None if it has none to rely on."""
        return self._inputs.number(pv_name)

    def state(self, name: str) -> Hashable:
        """Return what is equal while the rules of a group grant the same."""
        asg = self._rules.asg(name)
        if asg is None:
            return self._changes
        hosts = [host for rule in asg.rules for host in rule.hosts or ()]
        inputs = sorted((asg.inputs or {}).values()) if asg.rules else []
        known = tuple(self._hosts.addresses_of(host) for host in hosts)
        # As text: a NaN is equal to nothing.
        return self._changes, known, tuple(str(self.number(name)) for name in inputs)

    @property
    def silent(self) -> list[str]:
        """The inputs that have no value to rely on."""
        return sorted(name for name in self._rules.inputs if self.number(name) is None)

    # Changed ----------------------------------------------------------------------------------

    def change(self, rules: Rules) -> None:
        """Have other rules from now on; waits a moment for hosts and inputs that are new."""
        before = self._rules
        # The old rules can be asked until the new ones have all they need.
        self._hosts.learn(before.hosts | rules.hosts)
        self._inputs.watch(before.inputs | rules.inputs)
        self._rules = rules
        self._changes += 1
        self._hosts.learn(rules.hosts)
        self._inputs.watch(rules.inputs)

    def resolve(self) -> None:
        """Look up the host names now; blocks."""
        self._hosts.refresh()

    def start(self, server: Any) -> None:
        """Begin to hear the inputs, and to look host names up from time to time.

        :param server: the :class:`.PvServer` that has started
        """
        self._hosts.start()
        self._inputs.start(server, self._rules.inputs)

    def stop(self) -> None:
        """Hear no more; no input has a value from now on."""
        self._hosts.stop()
        self._inputs.stop()
