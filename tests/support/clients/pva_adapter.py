"""The p4p client as one of a backend whichever it is."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

import numpy as np
from p4p import Type, Value
from p4p.client.raw import Context as RawContext

from roguebridge.core.values.alarm import Alarm
from roguebridge.core.values.reading import Reading
from roguebridge.testing import LIMIT, BackendClient, Gone, RemoteFailure, Watch


class PvaAdapter(BackendClient):
    """A p4p client; it leaves at once when closed."""

    protocol = "pva"

    def __init__(self, conf: Mapping[str, str]) -> None:
        self._context = RawContext("pva", conf=dict(conf), useenv=False, nt=False)
        self._lock = threading.Lock()
        self._started: list[tuple[Future[Any], Any]] = []
        self._watches: list[Any] = []

    def start_get(self, pv_name: str) -> "Future[Reading]":
        return self._begin(lambda done: self._context.get(pv_name, done), reading_of)

    def raw_get(self, pv_name: str) -> Value:
        return self._begin(lambda done: self._context.get(pv_name, done), lambda v: v).result(LIMIT)

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
