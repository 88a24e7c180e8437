"""PV names: the standard ones, and :class:`TemplateNames`, a plugin for all others."""

from __future__ import annotations

from collections.abc import Sequence

from roguebridge.core.hooks import NamingRule, hookimpl
from roguebridge.core.mapping import standard_name

from .template_names import TemplateNames

__all__ = ["TemplateNames", "naming_rules"]


@hookimpl
def naming_rules(base: str) -> Sequence[NamingRule]:
    """Name every node ``<base>:<path with ':' for '.'>``."""
    return [NamingRule(lambda node: standard_name(base, node.path))]
