"""The neutral engine of Roguebridge: mapping, holders, hooks; no protocol library, no pyrogue."""

from .backend import (
    AsyncioBackend,
    Backend,
    BackendOptions,
    CachedPv,
    ClientChannel,
    PvOwner,
    ServedPv,
)
from .concurrency import Clock, EventLoopThread, SystemClock
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
from .hooks import ConverterRule, NamingRule, PluginInfo, PolicyRule, TimeSourceRule, hookimpl
from .mapping import ExtraNode, Problem, PvEntry, PvMap, Select, Selector
from .pv import PvHolder
from .requests import (
    ALLOW,
    AccessPolicy,
    Allow,
    ArraySummary,
    Credentials,
    Deny,
    PutRequest,
    Reply,
    RequestRecord,
    RpcRequest,
    changes,
)
from .server import Explanation, PvServer, RuleUse, Survey, SurveyedPv
from .tree import ServerCommand, ServerVariable
from .values import (
    Alarm,
    Column,
    Control,
    ConversionError,
    Display,
    Flat,
    NtKind,
    PvSpec,
    Reading,
    ScalarType,
    Severity,
    Snapshot,
    Status,
    TypeConverter,
    ValueAlarm,
)
from .version import __version__

# Names of earlier versions.
Channel = ClientChannel
KeptPv = CachedPv
Loop = EventLoopThread
LoopBackend = AsyncioBackend
OwnCommand = ServerCommand
OwnVariable = ServerVariable

__all__ = [
    "ALLOW",
    "AccessPolicy",
    "Alarm",
    "Allow",
    "ArraySummary",
    "AsyncioBackend",
    "Backend",
    "BackendError",
    "BackendOptions",
    "CachedPv",
    "ClientChannel",
    "Clock",
    "Column",
    "ConfigError",
    "Control",
    "ConversionError",
    "ConverterRule",
    "Credentials",
    "Deny",
    "Display",
    "EventLoopThread",
    "Explanation",
    "ExtraNode",
    "Flat",
    "MappingError",
    "NamingRule",
    "NotRunningError",
    "NtKind",
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
    "Selector",
    "ServedPv",
    "ServerCommand",
    "ServerVariable",
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
