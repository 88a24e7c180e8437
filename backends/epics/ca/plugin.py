"""Registers the Channel Access backend as ``ca``; caproto is imported when a server asks for it."""

from __future__ import annotations

from collections.abc import Mapping

from roguebridge.core.backend import Backend, BackendOptions
from roguebridge.core.errors import BackendError
from roguebridge.core.hooks import BackendFactory, hookimpl


def make_ca(options: BackendOptions) -> Backend:
    """Return a Channel Access backend.

    :raises BackendError: if caproto is not installed
    """
    try:
        from .backend import CaBackend
    except ImportError as exc:
        raise BackendError(
            f"the ca backend needs caproto ({exc}): python -m pip install 'roguebridge[ca]'"
        ) from exc
    return CaBackend(options)


@hookimpl
def register_backends() -> Mapping[str, BackendFactory]:
    """Offer ``ca``."""
    return {"ca": make_ca}
