"""Plugins: their hooks, their rules, their sources and the checks before they are used."""

from .hookspecs import BackendFactory, hookimpl
from .rules import ConverterRule, NamingRule, PolicyRule, TimeSourceRule, converter_of
from .sources import PluginInfo

__all__ = [
    "BackendFactory",
    "ConverterRule",
    "NamingRule",
    "PluginInfo",
    "PolicyRule",
    "TimeSourceRule",
    "converter_of",
    "hookimpl",
]
