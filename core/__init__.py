"""The neutral engine of Roguebridge: mapping, holders, hooks; no protocol library, no pyrogue."""

from .access import ALLOW, AccessPolicy, Allow, Credentials, Deny, changes
from .alarm import Alarm, Severity, Status
from .backend import Backend, BackendOptions, PvOwner, Reading, ServedPv, Snapshot
from .clock import Clock, SystemClock
from .converter import ConversionError, TypeConverter
from .elements import Flat
from .errors import (
    BackendError,
    ConfigError,
    MappingError,
    NotRunningError,
    PluginError,
    PutError,
    RoguebridgeError,
    RogueVersionError,
)
from .explain import Explanation, RuleUse
from .extra import ExtraNode
from .holder import PvHolder
from .hookspecs import hookimpl
from .mapping import Problem, PvEntry, PvMap
from .nt import Column, Control, Display, NtKind, PvSpec, ScalarType, ValueAlarm
from .own import OwnCommand, OwnVariable
from .plugin_sources import PluginInfo
from .request import PutRequest, Reply, RequestRecord, RpcRequest
from .rules import ConverterRule, NamingRule, PolicyRule, Select, TimeSourceRule
from .server import PvServer
from .summary import ArraySummary
from .survey import Survey, SurveyedPv
from .version import __version__

__all__ = [
    "ALLOW",
    "AccessPolicy",
    "Alarm",
    "Allow",
    "ArraySummary",
    "Backend",
    "BackendError",
    "BackendOptions",
    "Clock",
    "Column",
    "ConfigError",
    "Control",
    "ConversionError",
    "ConverterRule",
    "Credentials",
    "Deny",
    "Display",
    "Explanation",
    "ExtraNode",
    "Flat",
    "MappingError",
    "NamingRule",
    "NotRunningError",
    "NtKind",
    "OwnCommand",
    "OwnVariable",
    "PluginError",
    "PluginInfo",
    "PolicyRule",
    "Problem",
    "PutError",
    "PutRequest",
    "PvEntry",
    "PvHolder",
    "PvMap",
    "PvOwner",
    "PvServer",
    "PvSpec",
    "Reading",
    "Reply",
    "RequestRecord",
    "RogueVersionError",
    "RoguebridgeError",
    "RpcRequest",
    "RuleUse",
    "ScalarType",
    "Select",
    "ServedPv",
    "Severity",
    "Snapshot",
    "Status",
    "Survey",
    "SurveyedPv",
    "SystemClock",
    "TimeSourceRule",
    "TypeConverter",
    "ValueAlarm",
    "__version__",
    "changes",
    "hookimpl",
]
