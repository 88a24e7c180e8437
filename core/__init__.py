"""The neutral engine of Roguebridge: mapping, holders, hooks; no protocol library, no pyrogue."""

from .access import ALLOW, AccessPolicy, Allow, Credentials, Deny
from .alarm import Alarm, Severity, Status
from .backend import Backend, BackendOptions, PvOwner, Reading, ServedPv
from .clock import Clock
from .converter import ConversionError, TypeConverter
from .errors import (
    BackendError,
    MappingError,
    NotRunningError,
    PluginError,
    PutError,
    RoguebridgeError,
)
from .holder import PvHolder
from .hookspecs import hookimpl
from .mapping import Problem, PvEntry, PvMap
from .nt import Control, Display, NtKind, PvSpec, ScalarType, ValueAlarm
from .request import PutRequest, Reply, RequestRecord, RpcRequest
from .rules import ConverterRule, NamingRule, PolicyRule, Select, TimeSourceRule
from .server import PvServer
from .survey import Survey, SurveyedPv
from .version import __version__

__all__ = [
    "ALLOW",
    "AccessPolicy",
    "Alarm",
    "Allow",
    "Backend",
    "BackendError",
    "BackendOptions",
    "Clock",
    "Control",
    "ConversionError",
    "ConverterRule",
    "Credentials",
    "Deny",
    "Display",
    "MappingError",
    "NamingRule",
    "NotRunningError",
    "NtKind",
    "PluginError",
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
    "RoguebridgeError",
    "RpcRequest",
    "ScalarType",
    "Select",
    "ServedPv",
    "Severity",
    "Status",
    "Survey",
    "SurveyedPv",
    "TimeSourceRule",
    "TypeConverter",
    "ValueAlarm",
    "__version__",
    "hookimpl",
]
