"""One way to talk to a backend, whichever it is: a thin skin over the soft and the p4p client."""

import queue
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

import numpy as np
from p4p import Type, Value
from p4p.client.raw import Context as RawContext

from roguebridge.backends.epics.ca.alarms import STATUSES
from roguebridge.backends.epics.ca.backend import CaBackend
from roguebridge.backends.soft import Disconnected, RemoteError, SoftBackend
from roguebridge.core.alarm import NO_ALARM, Alarm, Status
from roguebridge.core.backend import Backend, Reading
from roguebridge.core.elements import Flat
from roguebridge.core.request import PutRequest, RpcRequest
from support import caimages
from support.caclient import CaClient, Failed, Lost

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


class SoftAdapter(Carrier):
    """A client of the in-memory backend."""

    user, host, protocol = "ops", "127.0.0.1", "soft"

    def __init__(self, backend: SoftBackend) -> None:
        self._client = backend.client(user=self.user)

    def get(self, pv_name: str, timeout: float = LIMIT) -> Reading:
        return self.start_get(pv_name).result(timeout)

    def start_get(self, pv_name: str) -> "Future[Reading]":
        return in_thread(lambda: self._client.get(pv_name, LIMIT))

    def put(self, pv_name: str, value: Any, block: bool = True) -> None:
        self.start_put(pv_name, value, block=block).result(LIMIT)

    def start_put(
        self, pv_name: str, value: Any, block: bool = True, marked: bool = True
    ) -> "Future[None]":
        return _translated(self._client.start_put(pv_name, value, block=block, marked=marked))

    def rpc(self, pv_name: str, **arguments: Any) -> Any:
        return self.start_rpc(pv_name, **arguments).result(LIMIT)

    def start_rpc(self, pv_name: str, **arguments: Any) -> "Future[Any]":
        return _translated(self._client.start_rpc(pv_name, **arguments))

    def monitor(self, pv_name: str) -> Watch:
        watch = Watch()
        watch.close = self._client.monitor(pv_name, watch.push).close
        return watch

    def close(self) -> None:
        self._client.close()


class PvaAdapter(Carrier):
    """A p4p client; it leaves at once when closed."""

    protocol = "pva"

    def __init__(self, conf: Mapping[str, str]) -> None:
        self._context = RawContext("pva", conf=dict(conf), useenv=False, nt=False)
        self._lock = threading.Lock()
        self._started: list[tuple[Future[Any], Any]] = []
        self._watches: list[Any] = []

    def get(self, pv_name: str, timeout: float = LIMIT) -> Reading:
        return self.start_get(pv_name).result(timeout)

    def start_get(self, pv_name: str) -> "Future[Reading]":
        return self._begin(lambda done: self._context.get(pv_name, done), reading_of)

    def raw_get(self, pv_name: str) -> Value:
        return self._begin(lambda done: self._context.get(pv_name, done), lambda v: v).result(LIMIT)

    def put(self, pv_name: str, value: Any, block: bool = True) -> None:
        self.start_put(pv_name, value, block=block).result(LIMIT)

    def start_put(
        self, pv_name: str, value: Any, block: bool = True, marked: bool = True
    ) -> "Future[None]":
        def build(target: Value) -> None:
            if marked:
                fill(target, value)
            else:
                target["alarm.severity"] = 1

        return self.start_raw_put(pv_name, build, block)

    def start_raw_put(
        self, pv_name: str, build: Callable[[Value], None], block: bool = True
    ) -> "Future[None]":
        """Begin a put of what ``build`` writes into an empty Value of the PV's type."""
        request = RawContext.makeRequest(f"record[block={'true' if block else 'false'}]")
        return self._begin(
            lambda done: self._context.put(pv_name, done, build, request=request, get=False),
            lambda _: None,
        )

    def rpc(self, pv_name: str, **arguments: Any) -> Any:
        return self.start_rpc(pv_name, **arguments).result(LIMIT)

    def start_rpc(self, pv_name: str, **arguments: Any) -> "Future[Any]":
        return self._begin(
            lambda done: self._context.rpc(pv_name, done, uri(pv_name, arguments)), result_of
        )

    def monitor(self, pv_name: str) -> Watch:
        watch = Watch()
        subscription: list[Any] = []
        ready = threading.Event()

        def event() -> None:
            ready.wait(LIMIT)
            while subscription:
                value = subscription[0].pop()
                if value is None:
                    return
                if isinstance(value, Value):  # else disconnected, or finished
                    watch.push(reading_of(value))

        def close() -> None:
            while subscription:
                subscription.pop().close()

        subscription.append(self._context.monitor(pv_name, event))
        ready.set()
        watch.close = close
        with self._lock:
            self._watches.append(close)
        return watch

    def close(self) -> None:
        with self._lock:
            watches, self._watches = self._watches, []
            started, self._started = self._started, []
        for close in watches:
            close()
        for future, operation in started:
            operation.close()
            if not future.done():
                future.set_exception(Gone())
        self._context.close()

    def _begin(self, start: Callable[[Any], Any], convert: Callable[[Any], Any]) -> "Future[Any]":
        future: Future[Any] = Future()

        def done(result: Any) -> None:
            if future.done():
                return
            try:
                if isinstance(result, Exception):
                    future.set_exception(RemoteFailure(str(result)))
                else:
                    future.set_result(convert(result))
            except BaseException as exc:
                future.set_exception(exc)

        operation = start(done)
        with self._lock:
            # An operation is let go on the caller's thread: on its own it would wait for itself.
            self._started = [entry for entry in self._started if not entry[0].done()]
            self._started.append((future, operation))
        return future


class CaAdapter(Carrier):
    """A Channel Access client; an image is joined from its elements and its shape.

    A command is run by a put, and what it returns stays where it is. Alarms have a table of words.
    A put that is not one of the value is one of ``.PROC``.
    """

    user, host, protocol = "ops", "127.0.0.1", "ca"
    has_calls = False

    def arguments(self, request: Any) -> dict[str, Any]:
        assert isinstance(request, PutRequest)
        if request.marked:
            return {"arg": request.value}
        assert request.process is True
        return {}

    def returned(self, result: Any) -> None:
        return None

    def alarm(self, alarm: Alarm) -> Alarm:
        known = alarm.message in STATUSES or alarm == NO_ALARM
        return alarm if known else Alarm(alarm.severity, Status.UNDEFINED, "SOFT")

    def image(self, value: Any) -> Any:
        return value.reshape(-1).view(Flat)  # in the shape that there is

    def __init__(self, conf: Mapping[str, str]) -> None:
        self._client = CaClient(conf, self.user)

    def get(self, pv_name: str, timeout: float = LIMIT) -> Reading:
        return self.start_get(pv_name).result(timeout)

    def start_get(self, pv_name: str) -> "Future[Reading]":
        return _translated(caimages.read(self._client, pv_name))

    def put(self, pv_name: str, value: Any, block: bool = True) -> None:
        self.start_put(pv_name, value, block=block).result(LIMIT)

    def start_put(
        self, pv_name: str, value: Any, block: bool = True, marked: bool = True
    ) -> "Future[None]":
        if not marked:
            return _translated(self._client.write(f"{pv_name}.PROC", 1, notify=block))
        return _translated(self._client.write(pv_name, value, notify=block))

    def rpc(self, pv_name: str, **arguments: Any) -> Any:
        return self.start_rpc(pv_name, **arguments).result(LIMIT)

    def start_rpc(self, pv_name: str, **arguments: Any) -> "Future[Any]":
        if not arguments:  # run, or read
            return _translated(self._client.write(f"{pv_name}.PROC", 1))
        (value,) = arguments.values()
        return _translated(self._client.write(pv_name, value))

    def monitor(self, pv_name: str) -> Watch:
        watch = Watch()
        watch.close = caimages.Monitor(self._client, pv_name, watch.push).close
        return watch

    def close(self) -> None:
        self._client.close()


def reading_of(value: Value) -> Reading:
    """A PV's Value in the neutral terms."""
    if value.getID().startswith("epics:nt/NTEnum"):
        content = value["value.index"]
    elif value.getID().startswith("epics:nt/NTNDArray"):
        shape = [d["size"] for d in value["dimension"]][::-1]
        content = np.array(value["value"]).reshape(shape)
    elif value.getID().startswith("epics:nt/NTTable"):
        content = {
            name: np.array(column) if isinstance(column, np.ndarray) else column
            for name, column in value["value"].items()
        }
    else:
        content = value["value"]
        if isinstance(content, np.ndarray):
            content = np.array(content)
    alarm = Alarm(value["alarm.severity"], value["alarm.status"], value["alarm.message"])
    stamp = value["timeStamp"]
    time_ns = stamp["secondsPastEpoch"] * 1_000_000_000 + stamp["nanoseconds"]
    return Reading(content, alarm, time_ns)


def result_of(value: Value) -> Any:
    return value["value"] if "value" in value.keys() else value  # noqa: SIM118 - no mapping


def fill(target: Value, value: Any) -> None:
    """Write a value in the neutral terms into an empty Value."""
    if target.getID().startswith("epics:nt/NTEnum"):
        target["value.index"] = value
    elif target.getID().startswith("epics:nt/NTNDArray"):
        member = {"uint8": "ubyteValue", "uint16": "ushortValue", "float64": "doubleValue"}
        target["value"] = (member[value.dtype.name], np.ascontiguousarray(value).reshape(-1))
        target["dimension"] = [
            {"size": size, "offset": 0, "fullSize": size, "binning": 1, "reverse": False}
            for size in reversed(value.shape)
        ]
    elif target.getID().startswith("epics:nt/NTTable"):
        for name, column in value.items():
            target[f"value.{name}"] = column
    else:
        target["value"] = value


def uri(pv_name: str, arguments: Mapping[str, Any]) -> Value:
    """The NTURI that calls a PV."""
    codes = {bool: "?", int: "l", float: "d", str: "s"}
    query = [(name, codes[type(argument)]) for name, argument in arguments.items()]
    fields = [("scheme", "s"), ("path", "s"), ("query", ("S", None, query))]
    content = {"scheme": "pva", "path": pv_name, "query": dict(arguments)}
    return Value(Type(fields, id="epics:nt/NTURI:1.0"), content)


def client_of(backend: Backend) -> Any:
    """A new client of a running backend."""
    if isinstance(backend, SoftBackend):
        return SoftAdapter(backend)
    if isinstance(backend, CaBackend):
        return CaAdapter(backend.client_conf())
    return PvaAdapter(backend.client_conf())


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


def _translated(
    source: "Future[Any]", convert: Callable[[Any], Any] = lambda result: result
) -> "Future[Any]":
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
