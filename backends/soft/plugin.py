"""Registers the in-memory backend as ``soft``."""

from __future__ import annotations

from collections.abc import Mapping

from roguebridge.core.hooks import BackendFactory, hookimpl

from .backend import SoftBackend


@hookimpl
def register_backends() -> Mapping[str, BackendFactory]:
    """Offer ``soft``."""
    return {"soft": SoftBackend}
