"""Access rights as protocols publish them: the policies' decision on a possible request."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from ..concurrency.jobs import FunctionJob
from ..concurrency.workers import WorkerPool
from ..mapping.pv_map import PvEntry
from .credentials import Credentials
from .decisions import all_quick, is_quick, may_change
from .plugin_faults import PluginFaults
from .policy import AccessPolicy, Allow
from .user_groups import UserGroups


def tell_rights(
    policies: tuple[AccessPolicy, ...],
    entry: PvEntry,
    credentials: Credentials,
    operation: str,
    judges: WorkerPool,
    tell: Callable[[bool], None],
    faults: PluginFaults,
) -> None:
    """Tell whether all policies would allow an operation: at once, or from a worker.

    :param judges: asks policies that may block; without a place there the answer is no
    :param faults: names the plugin of a policy that fails
    """

    def ask() -> None:
        tell(all(_allows(one, entry, credentials, operation, faults) for one in policies))

    if all_quick(policies, faults):
        ask()
        return
    credentials.asker = policies
    lane = f"rights {entry.path}"  # no lane of puts: they never wait for this job
    if judges.submit(FunctionJob(lane, ask, give_up=lambda: tell(False))) is not None:
        tell(False)


def is_alike(policy: AccessPolicy, faults: PluginFaults) -> bool:
    """Return True if a policy says that it tells the same of all nodes it guards."""
    try:
        return policy.alike is True
    except BaseException as exc:
        faults.policy_unreadable(policy, "alike", exc)
        return False


def rights_state(
    policies: tuple[AccessPolicy, ...],
    credentials: Credentials,
    groups: UserGroups | None,
    faults: PluginFaults,
) -> Hashable:
    """Return what is equal while the policies would tell a client the same; None if unknown."""
    found: list[Hashable] = []
    for policy in policies:
        if may_change(policy, faults):
            since = faults.clock.monotonic()
            try:
                state = policy.state()
                hash(state)
            except BaseException as exc:
                faults.policy_unreadable(policy, "state", exc)
                state = None
            faults.policy_took(policy, "state", "", since)
            if state is None:
                return None
            found.append(state)
    if groups is not None and not all_quick(policies, faults):
        found.append(groups.version(credentials, policies))
    return tuple(found)


def _allows(
    policy: AccessPolicy,
    entry: PvEntry,
    credentials: Credentials,
    operation: str,
    faults: PluginFaults,
) -> bool:
    since = faults.clock.monotonic()
    try:
        allows = issubclass(type(policy.may(entry, credentials, operation)), Allow)
        allows = allows and not credentials.in_doubt
    except BaseException as exc:
        faults.policy_failed(policy, "may", entry.path, exc)
        return False
    if is_quick(policy, faults):
        faults.policy_took(policy, "may", entry.path, since)
    return allows
