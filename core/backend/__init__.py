"""The contract between the engine and a protocol, and the common parts of backends."""

from .asyncio_backend import AsyncioBackend
from .client_channel import CachedPv, ClientChannel
from .contract import Backend, BackendOptions, PvOwner, ServedPv

__all__ = [
    "AsyncioBackend",
    "Backend",
    "BackendOptions",
    "CachedPv",
    "ClientChannel",
    "PvOwner",
    "ServedPv",
]
