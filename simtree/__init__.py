"""A stand-in, not a second PyRogue: the slice of a tree that a protocol bridge touches.

A tree file works with `import pyrogue as pr` or with `import roguebridge.simtree as pr`. The
failures are PyRogue's own: a raising variable listener or getter ends the update worker, a failed
set leaves its value in the cache, set() does not enforce the mode. Where PyRogue crashes the
interpreter there is an exception. YAML and files, streams, clients and hardware are absent.

docs/explanation/simtree.md lists every deviation, and the tests that prove the rest.
"""

from roguebridge.simtree import interfaces
from roguebridge.simtree.arrays import ArrayDevice
from roguebridge.simtree.command import BaseCommand, Command, LocalCommand, RemoteCommand
from roguebridge.simtree.config import LoadConfigProcess, SaveConfigProcess
from roguebridge.simtree.device import Device
from roguebridge.simtree.enable import EnableVariable
from roguebridge.simtree.errors import (
    CommandError,
    DeviceError,
    GeneralError,
    MemoryError,
    NodeError,
    VariableError,
)
from roguebridge.simtree.link import LinkVariable
from roguebridge.simtree.local import LocalVariable
from roguebridge.simtree.log import logException, logInit, logName, setLogLevel
from roguebridge.simtree.models import (
    BFloat16,
    BFloat16BE,
    Bool,
    Double,
    DoubleBE,
    Fixed,
    Float,
    Float4,
    Float4BE,
    Float6,
    Float6BE,
    Float8,
    Float8BE,
    Float16,
    Float16BE,
    FloatBE,
    Int,
    IntBE,
    Model,
    ModelMeta,
    String,
    TensorFloat32,
    TensorFloat32BE,
    UFixed,
    UInt,
    UIntBE,
    UIntReversed,
    byteCount,
    reverseBits,
    twosComplement,
    wordCount,
)
from roguebridge.simtree.node import Node, expose
from roguebridge.simtree.poll import PollQueue
from roguebridge.simtree.process import Process
from roguebridge.simtree.receiver import DataReceiver
from roguebridge.simtree.remote import RemoteVariable
from roguebridge.simtree.root import Root
from roguebridge.simtree.runcontrol import RunControl
from roguebridge.simtree.script import addLibraryPath, waitCntrlC
from roguebridge.simtree.value import VariableValue, VariableWait, VariableWaitClass
from roguebridge.simtree.variable import BaseVariable

__all__ = [
    "ArrayDevice",
    "BFloat16",
    "BFloat16BE",
    "BaseCommand",
    "BaseVariable",
    "Bool",
    "Command",
    "CommandError",
    "DataReceiver",
    "Device",
    "DeviceError",
    "Double",
    "DoubleBE",
    "EnableVariable",
    "Fixed",
    "Float",
    "Float16",
    "Float16BE",
    "Float4",
    "Float4BE",
    "Float6",
    "Float6BE",
    "Float8",
    "Float8BE",
    "FloatBE",
    "GeneralError",
    "Int",
    "IntBE",
    "LinkVariable",
    "LoadConfigProcess",
    "LocalCommand",
    "LocalVariable",
    "MemoryError",
    "Model",
    "ModelMeta",
    "Node",
    "NodeError",
    "PollQueue",
    "Process",
    "RemoteCommand",
    "RemoteVariable",
    "Root",
    "RunControl",
    "SaveConfigProcess",
    "String",
    "TensorFloat32",
    "TensorFloat32BE",
    "UFixed",
    "UInt",
    "UIntBE",
    "UIntReversed",
    "VariableError",
    "VariableValue",
    "VariableWait",
    "VariableWaitClass",
    "addLibraryPath",
    "byteCount",
    "expose",
    "interfaces",
    "logException",
    "logInit",
    "logName",
    "reverseBits",
    "setLogLevel",
    "twosComplement",
    "waitCntrlC",
    "wordCount",
]
