"""The mode policy: a read-only variable refuses puts, with a reason.

PyRogue's own ``set()`` does not look at the mode.
"""

from __future__ import annotations

from collections.abc import Sequence

from roguebridge.core.access import ALLOW, AccessPolicy, Credentials, Decision, Deny
from roguebridge.core.hookspecs import hookimpl
from roguebridge.core.mapping import PvEntry
from roguebridge.core.request import PutRequest, RpcRequest
from roguebridge.core.rules import PolicyRule, Select


class ReadOnly(AccessPolicy):
    """Denies puts."""

    quick = True

    def decide(self, request: PutRequest | RpcRequest) -> Decision:
        """Deny a put, allow a call."""
        return self.may(request.entry, request.credentials, request.operation)

    def may(self, entry: PvEntry, credentials: Credentials, operation: str) -> Decision:
        """Deny ``'put'``."""
        if operation == "put":
            return Deny(f"Put not permitted: {entry.pv_name} is read-only (mode {entry.mode})")
        return ALLOW


_READ_ONLY = ReadOnly()


@hookimpl
def policy_rules() -> Sequence[PolicyRule]:
    """Guard every variable whose mode is RO."""
    return [PolicyRule(lambda node: _READ_ONLY, Select(where=lambda node: node.mode == "RO"))]
