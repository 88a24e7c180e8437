"""The mode policy: a read-only variable refuses puts, with a reason.

PyRogue's own ``set()`` does not look at the mode.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from roguebridge.core.hooks import PolicyRule, hookimpl
from roguebridge.core.mapping import Select
from roguebridge.core.tree import with_sources

from .change_policy import Closed


def _closed(why: str) -> Closed:
    return Closed(f"no puts: it {why}", f" {why}")


_READ_ONLY = _closed("is read-only (mode RO)")


def _read_only(node: Any) -> Any:
    """Return the first read-only variable of a node and what it mirrors, or None."""
    return next((one for one in with_sources(node) if one.mode == "RO"), None)


def _guarded(node: Any) -> bool:
    return _read_only(node) is not None


def _policy(node: Any) -> Closed:
    if node.mode == "RO":
        return _READ_ONLY
    return _closed(f"mirrors {_read_only(node).path}, which is read-only (mode RO)")


@hookimpl
def policy_rules() -> Sequence[PolicyRule]:
    """Guard every variable whose mode is RO, and every mirror of one."""
    return [PolicyRule(_policy, Select(where=_guarded))]
