"""A stand-in, not a second PyRogue: the slice of a tree that a protocol bridge touches.

One user file works with `import pyrogue as pr` or with `import roguebridge.simtree as pr`. What the
bridge does not touch stays out: YAML files, processes, streams, virtual clients, and the models
beyond UInt, Int, Bool, String, Float and Double. The failures are PyRogue's own: a raising
variable listener or getter ends the update worker, a failed set leaves its value in the cache,
set() does not enforce the mode. The update thread is not a daemon.

Deviations from PyRogue, on purpose:

- where PyRogue crashes the interpreter there is an exception: VariableError for a register's
  value before its root starts, GeneralError for None set on a String register;
- a LocalVariable without value and localGet raises VariableError, not RecursionError;
- stop() does not wait for the heartbeat's next second;
- the log handler is removed at stop, and only added at start;
- memory is zero until written; memories are Python objects with `_doTransaction`, and blocks
  larger than a memory's largest access are refused, not split;
- the first poll is at once; poll times are not rounded to full seconds;
- some error and log texts are worded differently; the beginning of those that clients see is kept;
- RogueVersion is 'simtree'; built-ins beyond those of `Root` are absent;
- deprecated method names, in-place operators on local variables, `find` and `nodeMatch` are absent;
- only the names below exist.
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
from roguebridge.simtree.models import Bool, Double, Float, Int, Model, String, UInt
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
    "BaseCommand",
    "BaseVariable",
    "Bool",
    "Command",
    "CommandError",
    "DataReceiver",
    "Device",
    "DeviceError",
    "Double",
    "EnableVariable",
    "Float",
    "GeneralError",
    "Int",
    "LinkVariable",
    "LoadConfigProcess",
    "LocalCommand",
    "LocalVariable",
    "MemoryError",
    "Model",
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
    "UInt",
    "VariableError",
    "VariableValue",
    "VariableWait",
    "VariableWaitClass",
    "addLibraryPath",
    "expose",
    "interfaces",
    "logException",
    "logInit",
    "logName",
    "setLogLevel",
    "waitCntrlC",
]
