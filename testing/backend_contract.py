"""The contract of backends as a class of tests: one subclass for each backend."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from roguebridge.core.backend import Backend, BackendOptions

from .bench import BackendBench
from .client import BackendClient
from .lifecycle_contract import LifecycleContract
from .requests_contract import RequestsContract
from .values_contract import ValuesContract


class BackendContract(ValuesContract, RequestsContract, LifecycleContract):
    """What every backend keeps. A subclass says which backend, and how to talk to it.

    pytest collects the subclass if its name begins with ``Test``; a failure names the subclass and
    the case. Each case has a backend of its own.

    (It is no abstract class: pytest leaves those out without a word.)
    """

    def make_backend(self, options: BackendOptions) -> Backend:
        """Return the backend, not started."""
        raise NotImplementedError(f"{type(self).__name__} needs make_backend(options)")

    def make_client(self, backend: Any) -> BackendClient:
        """Return a new client of the backend, which runs."""
        raise NotImplementedError(f"{type(self).__name__} needs make_client(backend)")

    @pytest.fixture
    def bench(self) -> Iterator[BackendBench]:
        """Return the backend, not started, with what the cases need."""
        made = BackendBench(self.make_backend, self.make_client)
        yield made
        made.close()
