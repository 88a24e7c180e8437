"""A client as the contract of backends knows it, whatever protocol it speaks."""

from __future__ import annotations

import queue
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from roguebridge.core.requests import Request, RpcRequest
from roguebridge.core.values import Alarm, Reading

Result = TypeVar("Result")

#: seconds that each answer may take
LIMIT = 30.0


class RemoteFailure(Exception):
    """The server has answered with an error; its text is the first argument."""


class Gone(Exception):
    """The connection ended, or the client was closed, before the answer came."""


class Watch:
    """What a monitor delivers, one by one.

    :param close: ends the monitor
    """

    def __init__(self, close: Callable[[], object] = lambda: None) -> None:
        self.close = close
        self._readings: queue.SimpleQueue[Reading] = queue.SimpleQueue()

    def push(self, reading: Reading) -> None:
        """Deliver a reading, on any thread."""
        self._readings.put(reading)

    def next(self, timeout: float = LIMIT) -> Reading:
        """Return the next reading.

        :raises AssertionError: if none comes in time
        """
        try:
            return self._readings.get(timeout=timeout)
        except queue.Empty:
            raise AssertionError(f"the monitor got no reading within {timeout:g} s") from None

    def until(self, wanted: Callable[[Any], bool]) -> Reading:
        """Return the first reading whose value ``wanted`` holds for."""
        while True:
            reading = self.next()
            if wanted(reading.value):
                return reading

    def none_waiting(self) -> bool:
        """Return True if all readings were taken."""
        return self._readings.empty()


class BackendClient(ABC):
    """One client of a running backend. Values are as the engine has them, a choice is an index.

    What a protocol has no place for, its client says: by :attr:`has_calls`,
    :attr:`has_other_fields`, and the methods that give back what becomes of a value on its way.
    """

    #: the ``protocol`` of its credentials
    protocol: str
    #: the ``user`` of its credentials; None for that of the process
    user: str | None = None
    #: True if a command is called; else it is run by a put, which waits until the PV is open
    has_calls = True
    #: True if a put may be of something else than the value; else it fails
    has_other_fields = True

    @abstractmethod
    def start_get(self, pv_name: str) -> Future[Reading]:
        """Begin to read a PV. A future fails with :class:`RemoteFailure` or :class:`Gone`."""

    @abstractmethod
    def start_put(
        self, pv_name: str, value: Any, block: bool = True, marked: bool = True
    ) -> Future[None]:
        """Begin a put.

        :param block: ask for an answer after the write
        :param marked: False for a put of something else than the value
        """

    @abstractmethod
    def start_rpc(self, pv_name: str, **arguments: Any) -> Future[Any]:
        """Begin to call a command."""

    @abstractmethod
    def monitor(self, pv_name: str) -> Watch:
        """Watch a PV: its present reading, then each later one, or the newest of a burst."""

    @abstractmethod
    def close(self) -> None:
        """Leave at once; what was not answered fails with :class:`Gone`. Harmless if it has."""

    def get(self, pv_name: str, timeout: float = LIMIT) -> Reading:
        """Read a PV."""
        return result_of(self.start_get(pv_name), timeout)

    def put(self, pv_name: str, value: Any, block: bool = True) -> None:
        """Put and wait for the answer."""
        result_of(self.start_put(pv_name, value, block=block))

    def rpc(self, pv_name: str, **arguments: Any) -> Any:
        """Call a command and return its result."""
        return result_of(self.start_rpc(pv_name, **arguments))

    # What becomes of values on their way: by default nothing

    def arguments(self, request: Request) -> dict[str, Any]:
        """Return the arguments of a call that has reached the engine."""
        assert isinstance(request, RpcRequest)
        return dict(request.arguments)

    def returned(self, result: Any) -> Any:
        """Return what its client gets of a call that returned ``result``."""
        return result

    def alarm(self, alarm: Alarm) -> Alarm:
        """Return what clients are shown of an alarm."""
        return alarm

    def image(self, value: Any) -> Any:
        """Return what reaches the engine of an image that is put."""
        return value


def result_of(pending: Future[Result], timeout: float = LIMIT) -> Result:
    """Return the result of an operation, or raise its error.

    :raises AssertionError: if it is not answered in time
    """
    try:
        return pending.result(timeout)
    except TimeoutError:
        if pending.done():
            raise
        raise AssertionError(f"no answer came within {timeout:g} s") from None


def in_thread(call: Callable[[], Any]) -> Future[Any]:
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
