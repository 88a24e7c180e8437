"""Roguebridge with the plugin of a site: ten rules, of every kind and way to select."""

from __future__ import annotations

from typing import Any

from roguebridge.core import (
    ALLOW,
    AccessPolicy,
    ConverterRule,
    NamingRule,
    PolicyRule,
    Select,
    TimeSourceRule,
    hookimpl,
)
from roguebridge.core.mapping.pv_names import standard_name
from roguebridge.plugins.converters import make_converter

from . import ours


class Open(AccessPolicy):
    """Allows."""

    quick = True

    def decide(self, request: Any) -> Any:
        """Allow."""
        return ALLOW


class Site:
    """Ten rules; each is asked of each node."""

    def __init__(self) -> None:
        self._open = Open()

    @hookimpl
    def naming_rules(self, base: str) -> list[NamingRule]:
        """Three."""
        selects = (Select(path="*.Rare"), Select(group="Rare"), Select(units="furlong"))
        return [
            NamingRule(lambda node: standard_name(base, node.path), select) for select in selects
        ]

    @hookimpl
    def converter_rules(self) -> list[ConverterRule]:
        """Three."""
        selects = (Select(units="counts"), Select(type="Odd*"), Select(path="Top.Dev[[]7].*"))
        return [ConverterRule(make_converter, select) for select in selects]

    @hookimpl
    def policy_rules(self) -> list[PolicyRule]:
        """Three."""
        selects = (Select(path="Top.Dev[[]3].*"), Select(group="Expert"), Select(path="*.V7?"))
        return [PolicyRule(lambda node: self._open, select) for select in selects]

    @hookimpl
    def time_source_rules(self) -> list[TimeSourceRule]:
        """One."""
        return [TimeSourceRule(lambda node: lambda value: None, Select(path="*.Frame"))]


class Server(ours.Server):
    """A tree with an ``EpicsPvServer`` that has the plugin."""

    def plugins(self) -> list[Any]:
        """Return it."""
        return [Site()]
