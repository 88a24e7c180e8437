"""The in-memory backend: the whole engine without a network, for tests and embedding."""

from .backend import SoftBackend
from .client import Disconnected, RemoteError, SoftClient, SoftSubscription

__all__ = ["Disconnected", "RemoteError", "SoftBackend", "SoftClient", "SoftSubscription"]
