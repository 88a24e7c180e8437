"""What the clients of all backends have in common."""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from roguebridge.backends.soft import Disconnected, RemoteError
from roguebridge.core.requests.request import RpcRequest
from roguebridge.core.values.alarm import Alarm
from roguebridge.core.values.reading import Reading
from support.clients.caclient import Failed, Lost

LIMIT = 30.0


class RemoteFailure(Exception):
    """The server has answered with an error; its text is the first argument."""


class Gone(Exception):
    """The connection ended, or the client was closed, before the answer came."""


class Watch:
    """What a monitor delivers, one by one."""

    def __init__(self) -> None:
        self._readings: queue.SimpleQueue[Reading] = queue.SimpleQueue()
        self.close: Callable[[], None] = lambda: None

    def push(self, reading: Reading) -> None:
        self._readings.put(reading)

    def next(self, timeout: float = LIMIT) -> Reading:
        return self._readings.get(timeout=timeout)

    def until(self, wanted: Callable[[Any], bool]) -> Reading:
        """The first reading whose value ``wanted`` holds for."""
        while True:
            reading = self.next()
            if wanted(reading.value):
                return reading

    def none_waiting(self) -> bool:
        return self._readings.empty()


class Carrier:
    """What becomes of the neutral terms on the way between a client and the engine: nothing.

    A client of a protocol that has no place for some of them says here what it has instead.
    """

    #: True if a command is called; else it is run by a put, which waits until the PV is open
    has_calls = True

    #: True if a put may be of something else than the value; else it makes no sense
    has_other_fields = True

    def arguments(self, request: Any) -> dict[str, Any]:
        """The arguments of a call that has reached the engine."""
        assert isinstance(request, RpcRequest)
        return dict(request.arguments)

    def returned(self, result: Any) -> Any:
        """What a call gives its client that returned ``result``."""
        return result

    def alarm(self, alarm: Alarm) -> Alarm:
        """The alarm that clients are shown."""
        return alarm

    def image(self, value: Any) -> Any:
        """What reaches the engine of an image that is put."""
        return value


def in_thread(call: Callable[[], Any]) -> "Future[Any]":
    """Make a blocking call on a thread of its own."""
    future: Future[Any] = Future()

    def run() -> None:
        try:
            result = call()
        except BaseException as exc:
            future.set_exception(exc)
        else:
            future.set_result(result)

    threading.Thread(target=run, daemon=True).start()
    return future


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
