"""Plugins: their hooks, their rules, where they come from and what is wrong with them."""

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
