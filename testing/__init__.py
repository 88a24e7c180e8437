"""Tests for those who extend Roguebridge: the contract of backends, for pytest."""

from __future__ import annotations

try:
    import pytest
except ImportError as exc:
    raise ImportError(
        "roguebridge.testing needs pytest: python -m pip install 'roguebridge[testing]'"
    ) from exc

# Before they are imported: a failing case shows what it has compared.
pytest.register_assert_rewrite(
    *(f"{__name__}.{name}" for name in ("client", "owner", "bench")),
    *(f"{__name__}.{part}_contract" for part in ("values", "requests", "lifecycle")),
)

from .backend_contract import BackendContract  # noqa: E402
from .bench import BackendBench  # noqa: E402
from .client import (  # noqa: E402
    LIMIT,
    BackendClient,
    Gone,
    RemoteFailure,
    Watch,
    in_thread,
    result_of,
)
from .owner import ScriptedOwner  # noqa: E402
from .samples import DOUBLE, ENUM, IMAGE, INT8, SHORTS, TEXT, VALUES, at, same  # noqa: E402

__all__ = [
    "BackendBench",
    "BackendClient",
    "BackendContract",
    "DOUBLE",
    "ENUM",
    "Gone",
    "IMAGE",
    "INT8",
    "LIMIT",
    "RemoteFailure",
    "SHORTS",
    "ScriptedOwner",
    "TEXT",
    "VALUES",
    "Watch",
    "at",
    "in_thread",
    "result_of",
    "same",
]
