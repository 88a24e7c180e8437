"""The tree as the bridge sees it: its nodes, PyRogue's habits, polls and alarms."""

from .declared_types import declared_type, type_str, untyped
from .device_enable import enable_of
from .links import mirrored, with_sources
from .protocols import Listener, TreeNode
from .pyrogue import getter_of, is_register, local_attribute, read_fault, read_now
from .server_nodes import ServerCommand, ServerNode, ServerVariable

__all__ = [
    "Listener",
    "ServerCommand",
    "ServerNode",
    "ServerVariable",
    "TreeNode",
    "declared_type",
    "enable_of",
    "getter_of",
    "is_register",
    "local_attribute",
    "mirrored",
    "read_fault",
    "read_now",
    "type_str",
    "untyped",
    "with_sources",
]
