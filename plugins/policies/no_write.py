"""Nodes in certain groups take no puts and no calls: ``NoWrite`` unless a site says otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from roguebridge.core.hooks import PolicyRule, hookimpl
from roguebridge.core.mapping import Groups, Select, group_list, is_optional

from .change_policy import Closed


class NoWrite:
    """Closes the nodes of some groups to puts and calls; a device's group holds for all in it.

    :param groups: a str, or a sequence or set of str; ``{'group': NAME, 'optional': True}`` for a
        group that may have no node
    :raises TypeError: for anything else
    :raises ValueError: for an empty name
    """

    def __init__(self, groups: Groups = "NoWrite") -> None:
        self._groups = group_list(groups, "no_write")
        if not all(self._groups):
            raise ValueError(f"no_write has an empty name: {groups!r}")

    @classmethod
    def from_option(cls, option: Groups) -> NoWrite:
        """Return the plugin for ``policies={'no_write': option}``."""
        return cls(option)

    @hookimpl
    def policy_rules(self) -> Sequence[PolicyRule]:
        """Guard the nodes of each group."""
        return [
            PolicyRule(
                Closed(
                    f"no puts in group {group}", f" is in group {group}, which takes no puts"
                ).of,
                Select(group=group),
                is_optional(group),
            )
            for group in self._groups
        ]
