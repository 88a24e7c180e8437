"""The rules in force, and the hosts and inputs that they need."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from .hosts import Hosts, Resolver
from .inputs import Inputs
from .rules import Asg, Rules


class InForce:
    """Rules, hosts and inputs that policies judge by.

    Policies read them on network threads and workers, without a lock: rules, addresses and inputs
    are each replaced as a whole, and to read them never blocks.

    :param resolve: gives the addresses of a host name
    :param resolve_every: seconds between two look-ups of the host names
    :param client_conf: settings of the client for inputs of other servers
    """

    def __init__(
        self, resolve: Resolver, resolve_every: float, client_conf: Mapping[str, str] | None
    ) -> None:
        self._rules = Rules({})
        self._changes = 0
        self.hosts = Hosts(resolve, resolve_every)
        self.inputs = Inputs(client_conf)

    def asg(self, name: str) -> Asg | None:
        """Return a group, None if there is none of that name."""
        return self._rules.asgs.get(name)

    def state(self, name: str) -> Hashable:
        """Return a value that stays equal while the rules of a group grant the same."""
        asg = self.asg(name)
        if asg is None:
            return self._changes
        addresses = tuple(self.hosts.addresses_of(host) for host in sorted(asg.hosts))
        # As text: a NaN is equal to nothing.
        numbers = tuple(str(self.inputs.number(pv_name)) for pv_name in sorted(asg.pv_names))
        return self._changes, addresses, numbers

    @property
    def silent(self) -> list[str]:
        """The inputs that have no value."""
        return sorted(name for name in self._rules.pv_names if self.inputs.number(name) is None)

    def change(self, rules: Rules) -> None:
        """Replace the rules; waits a moment for hosts and inputs that are new."""
        before = self._rules
        # Requests are judged by the old rules until the new ones have all they need.
        self.hosts.learn(before.hosts | rules.hosts)
        self.inputs.watch(before.pv_names | rules.pv_names)
        self._rules = rules
        self._changes += 1
        self.hosts.learn(rules.hosts)
        self.inputs.watch(rules.pv_names)

    def start(self, server: Any) -> None:
        """Begin to watch the inputs, and to look host names up from time to time.

        :param server: the :class:`.PvServer` that has started
        """
        self.hosts.start()
        self.inputs.start(server, self._rules.pv_names)

    def stop(self) -> None:
        """Stop both; no input has a value from now on."""
        self.hosts.stop()
        self.inputs.stop()
