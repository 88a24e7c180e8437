"""PyRogue's standard PV names."""

from __future__ import annotations

from collections.abc import Sequence

from roguebridge.core.hookspecs import hookimpl
from roguebridge.core.naming import standard_name
from roguebridge.core.rules import NamingRule


@hookimpl
def naming_rules(base: str) -> Sequence[NamingRule]:
    """Name every node ``<base>:<path with ':' for '.'>``."""
    return [NamingRule(lambda node: standard_name(base, node.path))]
