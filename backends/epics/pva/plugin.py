"""Registers the PVAccess backend as ``pva``; p4p is imported when a server asks for it."""

from __future__ import annotations

from collections.abc import Mapping

from roguebridge.core.backend import Backend, BackendOptions
from roguebridge.core.errors import BackendError
from roguebridge.core.hooks import BackendFactory, hookimpl


def make_pva(options: BackendOptions) -> Backend:
    """Return a PVAccess backend.

    :raises BackendError: if p4p is not installed
    """
    try:
        from .backend import PvaBackend
    except ImportError as exc:
        raise BackendError(
            f"the pva backend needs p4p ({exc}): python -m pip install 'roguebridge[pva]'"
        ) from exc
    return PvaBackend(options)


@hookimpl
def register_backends() -> Mapping[str, BackendFactory]:
    """Offer ``pva``."""
    return {"pva": make_pva}
