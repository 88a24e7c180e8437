"""PyRogue's dangerous built-ins, for named users only.

Every root brings commands that reset hardware or load, write and save configurations. They are
served as PyRogue users expect, and none is in the group ``NoServe``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from roguebridge.core.hooks import PolicyRule, hookimpl
from roguebridge.core.mapping import Groups, Select, group_list, is_optional
from roguebridge.core.requests import Credentials

from .change_policy import ChangePolicy

#: of the root: they reset, load or write the hardware, write files, or change how others do
OF_ROOT = frozenset(
    {
        "ClearLog", "CountReset", "ForceWrite", "HardReset", "InitAfterConfig", "Initialize",
        "LoadConfig", "PollEn", "RemoteConfigDump", "RemoteVariableDump", "SaveConfig", "SaveState",
        "SetYamlConfig", "WriteAll",
    }
)  # fmt: skip
#: devices of the root that do the same
PROCESSES = frozenset({"LoadConfigProcess", "SaveConfigProcess"})
#: of every device
OF_DEVICE = frozenset({"WriteDevice"})
_ROLE = "role/"


def is_dangerous(node: Any) -> bool:
    """Tell whether a node is one of PyRogue's dangerous built-ins, or a node of the server."""
    fields = node.path.split(".")
    return (
        (fields[0] == "RB" and getattr(node, "parent", None) is None)
        or (len(fields) == 2 and fields[1] in OF_ROOT)
        or (len(fields) > 2 and fields[1] in PROCESSES)
        or (fields[-1] in OF_DEVICE and bool(node.isCommand))
    )


class _Named(ChangePolicy):
    """Allows changes by named users only.

    :param users: user names, and groups as ``role/GROUP``
    """

    def __init__(self, users: Sequence[str]) -> None:
        self._users = frozenset(u for u in users if not u.startswith(_ROLE))
        self._roles = frozenset(u.removeprefix(_ROLE) for u in users if u.startswith(_ROLE))
        self._text = ", ".join(users)
        self.quick = not self._roles  # the look-up of a user's groups may block

    def __repr__(self) -> str:
        return f"puts by {self._text} only"

    def refusal(self, credentials: Credentials) -> str | None:
        """Refuse all other users."""
        if credentials.is_user(self._users) or (self._roles and credentials.has_role(self._roles)):
            return None
        return f" is for operators ({self._text}), not for {credentials.user!r}"


class Operators:
    """Closes PyRogue's dangerous built-ins, and the PVs of the server, to all but named users.

    The user name is what the client claims.

    :param users: user names, and groups as ``role/GROUP``; if empty, nobody may put
    :param paths: globs of further nodes to close, e.g. ``'Top.Magnet.*'``;
        ``{'path': GLOB, 'optional': True}`` for a glob that may match none
    """

    def __init__(self, users: Groups, paths: Groups = ()) -> None:
        named = group_list(users, "operators")
        if any(user == _ROLE or not user for user in named):
            raise ValueError(f"operators has an empty name: {users!r}")
        self._policy = _Named(named)
        self._paths = group_list(paths, "paths of operators", key="path")

    @classmethod
    def from_option(cls, option: Any) -> Operators:
        """Return the plugin for ``policies={'operators': option}``, users or a dict of arguments.

        :raises TypeError: for anything else
        """
        if not isinstance(option, Mapping):
            return cls(option)
        unknown = sorted(set(map(str, option)) - {"users", "paths"})
        if unknown or "users" not in option:
            raise TypeError(f"policies: operators takes users and paths, not {dict(option)!r}")
        return cls(**option)

    @hookimpl
    def policy_rules(self) -> Sequence[PolicyRule]:
        """Guard the dangerous nodes."""
        guard = self._policy.of
        return [
            PolicyRule(guard, Select(where=is_dangerous)),
            *(PolicyRule(guard, Select(path=path), is_optional(path)) for path in self._paths),
        ]
