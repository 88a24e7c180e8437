"""What our clients of backends have in common."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from roguebridge.backends.soft import Disconnected, RemoteError
from roguebridge.testing import LIMIT, Gone, RemoteFailure
from support.clients.caclient import Failed, Lost


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what nothing announces."""
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def translated(
    source: "Future[Any]", convert: Callable[[Any], Any] = lambda result: result
) -> "Future[Any]":
    """The same, with the exceptions that all clients raise."""
    future: Future[Any] = Future()

    def done(ended: "Future[Any]") -> None:
        exc = ended.exception()
        if isinstance(exc, (RemoteError, Failed)):
            future.set_exception(RemoteFailure(*exc.args))
        elif isinstance(exc, (Disconnected, Lost)):
            future.set_exception(Gone())
        elif exc is not None:
            future.set_exception(exc)
        else:
            future.set_result(convert(ended.result()))

    source.add_done_callback(done)
    return future
