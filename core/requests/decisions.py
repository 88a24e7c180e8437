"""Asks policies; whatever one does that is no permission denies, with words for the client."""

from __future__ import annotations

import logging
from typing import Any

from ..concurrency.network_log import NetworkLog
from ..errors import words_of
from .policy import AccessPolicy, Allow, Decision, Deny
from .request import Request

_log = NetworkLog(logging.getLogger("roguebridge.execution"))

NOT_PERMITTED = "Put not permitted"


def decision_of(policy: AccessPolicy, request: Request) -> Decision:
    """Return what a policy decides; a defect of the policy is logged and denies."""
    pv_name = request.entry.pv_name
    try:
        decision: Any = policy.decide(request)  # type: ignore[arg-type]
    except BaseException as exc:
        _log.exception("%s: policy %r failed", pv_name, policy)
        return Deny(f"{NOT_PERMITTED}: {pv_name}: access policy failed: {words_of(exc)}")
    if isinstance(decision, Allow) or (
        isinstance(decision, Deny) and isinstance(decision.reason, str) and decision.reason
    ):
        return decision
    _log.error("%s: policy %r is broken: it returned %r", pv_name, policy, decision)
    return Deny(NOT_PERMITTED)


def is_quick(policy: AccessPolicy) -> bool:
    """Tell whether a policy may be asked on a network thread: only if it says so, and nothing else.

    Not if that cannot be found out.
    """
    try:
        return policy.quick is True
    except BaseException:
        _log.exception("policy %r does not tell whether it is quick", policy)
        return False


def denied_now(policies: tuple[AccessPolicy, ...], request: Request) -> str | None:
    """Return why a request that has waited is denied by now, None if it still may go on."""
    for policy in policies:
        if policy.asked_again:
            decision = decision_of(policy, request)
            if isinstance(decision, Deny):
                return decision.reason
    return None
