"""The mode policy: a read-only variable refuses puts, with a reason.

PyRogue's own ``set()`` does not look at the mode.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from roguebridge.core.hooks import PolicyRule, hookimpl
from roguebridge.core.mapping import PvEntry, Select
from roguebridge.core.requests import (
    ALLOW,
    AccessPolicy,
    Credentials,
    Decision,
    Deny,
    PutRequest,
    RpcRequest,
)
from roguebridge.core.tree import mirrored, with_sources


class ReadOnly(AccessPolicy):
    """Denies puts.

    :param why: what the client is told after the PV name
    """

    quick = True
    alike = True

    def __init__(self, why: str) -> None:
        self._why = why

    def __repr__(self) -> str:
        return f"no puts: it {self._why}"

    def decide(self, request: PutRequest | RpcRequest) -> Decision:
        """Deny a put that writes, allow all else."""
        if isinstance(request, PutRequest) and not request.marked:
            return ALLOW
        return self.may(request.entry, request.credentials, request.operation)

    def may(self, entry: PvEntry, credentials: Credentials, operation: str) -> Decision:
        """Deny ``'put'``."""
        if operation == "put":
            return Deny(f"Put not permitted: {entry.pv_name} {self._why}")
        return ALLOW


_READ_ONLY = ReadOnly("is read-only (mode RO)")


def _source(node: Any) -> Any:
    """Return the read-only variable at the end of a chain of mirrors, or None."""
    if mirrored(node) is None:
        return None
    return next((one for one in with_sources(node)[1:] if one.mode == "RO"), None)


def _guarded(node: Any) -> bool:
    return node.mode == "RO" or _source(node) is not None


def _policy(node: Any) -> ReadOnly:
    if node.mode == "RO":
        return _READ_ONLY
    return ReadOnly(f"mirrors {_source(node).path}, which is read-only (mode RO)")


@hookimpl
def policy_rules() -> Sequence[PolicyRule]:
    """Guard every variable whose mode is RO, and every mirror of one."""
    return [PolicyRule(_policy, Select(where=_guarded))]
