"""The contract between the engine and a protocol, and what backends share."""

from .asyncio_backend import LoopBackend
from .client_channel import Channel, KeptPv
from .contract import Backend, BackendOptions, PvOwner, ServedPv

__all__ = [
    "Backend",
    "BackendOptions",
    "Channel",
    "KeptPv",
    "LoopBackend",
    "PvOwner",
    "ServedPv",
]
