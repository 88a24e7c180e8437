"""Decisions of policies: all that is no permission denies, with a text for the client."""

from __future__ import annotations

from typing import Any, TypeGuard

from ..errors import words_of
from .plugin_faults import PluginFaults
from .policy import AccessPolicy, Allow, Decision, Deny
from .request import Request

NOT_PERMITTED = "Put not permitted"


def decision_of(policy: AccessPolicy, request: Request, faults: PluginFaults) -> Decision:
    """Return what a policy decides; a defect of the policy is logged and denies.

    :param faults: names the plugin that has made the policy
    """
    pv_name, path = request.entry.pv_name, request.entry.path
    since = faults.clock.monotonic()
    try:
        decision: Any = policy.decide(request)  # type: ignore[arg-type]
    except BaseException as exc:
        faults.policy_failed(policy, "decide", path, exc)
        return Deny(f"{NOT_PERMITTED}: {pv_name}: access policy failed: {words_of(exc)}")
    if is_quick(policy, faults):
        faults.policy_took(policy, "decide", path, since)
    # By its type: isinstance() would run code of an object of any class.
    try:
        if _is_decision(decision):
            who = request.credentials
            if who.in_doubt and not isinstance(decision, Deny):
                return Deny(f"{NOT_PERMITTED}: {pv_name}: the groups of {who.user} are not known")
            return decision
    except BaseException as exc:  # of its reason
        faults.policy_failed(policy, "decide", path, exc)
        return Deny(NOT_PERMITTED)
    faults.policy_returned(policy, path, decision)
    return Deny(NOT_PERMITTED)


def _is_decision(given: Any) -> TypeGuard[Decision]:
    if issubclass(type(given), Allow):
        return True
    return (
        issubclass(type(given), Deny) and issubclass(type(given.reason), str) and bool(given.reason)
    )


def is_quick(policy: AccessPolicy, faults: PluginFaults) -> bool:
    """Return True if a policy may be asked on a network thread; False if that cannot be read."""
    try:
        return policy.quick is True
    except BaseException as exc:
        faults.policy_unreadable(policy, "quick", exc)
        return False


def all_quick(policies: tuple[AccessPolicy, ...], faults: PluginFaults) -> bool:
    """Return True if all policies may be asked on a network thread."""
    return all(is_quick(policy, faults) for policy in policies)


def may_change(policy: AccessPolicy, faults: PluginFaults | None = None) -> bool:
    """Return True if a policy may decide otherwise a moment later, or if that cannot be read."""
    try:
        return bool(policy.asked_again)
    except BaseException as exc:
        if faults is not None:
            faults.policy_unreadable(policy, "asked_again", exc)
        return True


def denied_now(
    policies: tuple[AccessPolicy, ...], request: Request, faults: PluginFaults
) -> str | None:
    """Return why a request that has waited is denied by now, None if it still may go on."""
    for policy in policies:
        if may_change(policy, faults):
            decision = decision_of(policy, request, faults)
            if isinstance(decision, Deny):
                return decision.reason
    return None
