"""The tree as the bridge sees it: its nodes, PyRogue's habits, polls and alarms."""

from .declared_types import declared_type, type_str, untyped
from .protocols import Listener, TreeNode
from .pyrogue import (
    enable_of,
    getter_of,
    is_register,
    local_attribute,
    mirrored,
    read_fault,
    read_now,
    with_sources,
)
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
