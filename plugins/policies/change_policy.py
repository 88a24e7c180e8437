"""Policies that refuse changes: puts that write, and puts and calls of commands. Reads go on."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from roguebridge.core.mapping import PvEntry
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


class ChangePolicy(AccessPolicy):
    """Common part: finds out whether a request changes something."""

    quick = True
    alike = True

    @abstractmethod
    def refusal(self, credentials: Credentials) -> str | None:
        """Return why a change is refused, the text after the PV name; None if it is allowed."""

    def decide(self, request: PutRequest | RpcRequest) -> Decision:
        """Judge a request; one that changes nothing is allowed."""
        return self._judge(request.entry, request.credentials) if changes(request) else ALLOW

    def may(self, entry: PvEntry, credentials: Credentials, operation: str) -> Decision:
        """Judge a put, and the call of a command."""
        if operation == "put" or entry.is_command:
            return self._judge(entry, credentials)
        return ALLOW

    def _judge(self, entry: PvEntry, credentials: Credentials) -> Decision:
        why = self.refusal(credentials)
        return ALLOW if why is None else Deny(f"Put not permitted: {entry.pv_name}{why}")

    def of(self, node: Any) -> AccessPolicy:
        """Return this policy, for every node of a rule."""
        return self


class Closed(ChangePolicy):
    """Refuses every change.

    :param name: of the policy, for reports
    :param why: the text after the PV name in a refusal
    """

    def __init__(self, name: str, why: str) -> None:
        self._name = name
        self._why = why

    def __repr__(self) -> str:
        return self._name

    def refusal(self, credentials: Credentials) -> str:
        """Return the text of the constructor."""
        return self._why
