"""Nodes in certain groups take no puts and no calls: ``NoWrite`` unless a site says otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from roguebridge.core.hooks import PolicyRule, hookimpl
from roguebridge.core.mapping import Groups, PvEntry, Select, group_list, is_optional
from roguebridge.core.requests import (
    ALLOW,
    AccessPolicy,
    Credentials,
    Decision,
    Deny,
    PutRequest,
    RpcRequest,
    changes,
)


class _InGroup(AccessPolicy):
    """Denies what would change a node.

    :param group: the reason
    """

    quick = True
    alike = True

    def __init__(self, group: str) -> None:
        self._group = group
        self._why = f"is in group {group}, which takes no puts"

    def __repr__(self) -> str:
        return f"no puts in group {self._group}"

    def of(self, node: Any) -> AccessPolicy:
        """Return this policy: it is the same for all nodes of the group."""
        return self

    def decide(self, request: PutRequest | RpcRequest) -> Decision:
        """Deny a put and the call of a command; a read is allowed."""
        return self._denied(request.entry) if changes(request) else ALLOW

    def may(self, entry: PvEntry, credentials: Credentials, operation: str) -> Decision:
        """Deny a put, and the call of a command."""
        return self._denied(entry) if operation == "put" or entry.is_command else ALLOW

    def _denied(self, entry: PvEntry) -> Deny:
        return Deny(f"Put not permitted: {entry.pv_name} {self._why}")


class NoWrite:
    """Closes the nodes of some groups to puts and calls; a group of a device is that of all in it.

    :param groups: a str, or a sequence or set of str; ``{'group': NAME, 'optional': True}`` for one
        that no node may be in
    :raises TypeError: for anything else
    :raises ValueError: for an empty name
    """

    def __init__(self, groups: Groups = "NoWrite") -> None:
        named = group_list(groups, "no_write")
        if not all(named):
            raise ValueError(f"no_write has an empty name: {groups!r}")
        self._policies = {group: _InGroup(group) for group in named}

    @classmethod
    def from_option(cls, option: Any) -> NoWrite:
        """Return the plugin for ``policies={'no_write': option}``."""
        return cls(option)

    @hookimpl
    def policy_rules(self) -> Sequence[PolicyRule]:
        """Guard the nodes of each group."""
        return [
            PolicyRule(policy.of, Select(group=group), is_optional(group))
            for group, policy in self._policies.items()
        ]
