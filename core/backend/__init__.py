"""The contract between the engine and a protocol, and the common parts of backends."""

from ..tree.declared_types import Declaration
from .asyncio_backend import AsyncioBackend
from .client_channel import CachedPv, ClientChannel
from .contract import Backend, BackendOptions, PvOwner, ServedPv
from .shared_rights import RightsGroup, SharedRights

__all__ = [
    "AsyncioBackend",
    "Backend",
    "BackendOptions",
    "CachedPv",
    "ClientChannel",
    "Declaration",
    "PvOwner",
    "RightsGroup",
    "ServedPv",
    "SharedRights",
]
