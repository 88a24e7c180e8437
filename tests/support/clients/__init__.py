"""One way to talk to a backend, whichever it is: a thin skin over each protocol's client."""

from roguebridge.backends.epics.ca.backend import CaBackend
from roguebridge.backends.soft import SoftBackend
from roguebridge.backends.web.backend import WebBackend
from roguebridge.core.backend.contract import Backend
from roguebridge.testing import LIMIT, BackendClient, Gone, RemoteFailure, Watch, in_thread
from support.clients.ca_adapter import CaAdapter
from support.clients.carrier import wait_until
from support.clients.pva_adapter import PvaAdapter
from support.clients.soft_adapter import SoftAdapter
from support.clients.web_adapter import WebAdapter

__all__ = [
    "LIMIT",
    "Gone",
    "PvaAdapter",
    "RemoteFailure",
    "Watch",
    "client_of",
    "in_thread",
    "wait_until",
]


def client_of(backend: Backend) -> BackendClient:
    """A new client of a running backend."""
    if isinstance(backend, SoftBackend):
        return SoftAdapter(backend)
    if isinstance(backend, CaBackend):
        return CaAdapter(backend.client_conf())
    if isinstance(backend, WebBackend):
        return WebAdapter(backend.client_conf())
    return PvaAdapter(backend.client_conf())
