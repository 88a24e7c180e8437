"""Membership of nodes in named groups, and filters on it."""

from __future__ import annotations

from typing import Any


class Grouped:
    """The group half of a node; a group reaches down to the children."""

    _groups: list[str]
    _nodes: dict[str, Any]

    @property
    def groups(self) -> list[str]:
        """The group names; those of the ancestors are added when the root starts."""
        return self._groups

    def inGroup(self, group: Any) -> bool:
        """Tell whether the node is in a group, or for a list in any of its groups.

        :param group: a name or a list of names; a tuple or set never matches.
        """
        if isinstance(group, list):
            return any(g in self._groups for g in group)
        return group in self._groups

    def filterByGroup(self, incGroups: Any, excGroups: Any) -> bool:
        """Apply an include and an exclude filter; exclusion wins, an empty filter passes.

        :param incGroups: None, a name or a list of names.
        :param excGroups: None, a name or a list of names.
        """
        included = incGroups is None or len(incGroups) == 0 or self.inGroup(incGroups)
        excluded = excGroups is not None and len(excGroups) != 0 and self.inGroup(excGroups)
        return included and not excluded

    def addToGroup(self, group: str) -> None:
        """Add the node and everything below it to a group.

        :param group: the group's name.
        """
        if group not in self._groups:
            self._groups.append(group)
        for node in self._nodes.values():
            node.addToGroup(group)

    def removeFromGroup(self, group: str) -> None:
        """Take the node (not its children) out of a group.

        :param group: the group's name.
        """
        if group in self._groups:
            self._groups.remove(group)

    @property
    def hidden(self) -> bool:
        """True if in the group 'Hidden'."""
        return self.inGroup("Hidden")

    @hidden.setter
    def hidden(self, value: bool) -> None:
        change = self.addToGroup if value is True else self.removeFromGroup
        change("Hidden")
