"""A client of the web as one of a backend whichever it is: REST, and a socket for monitors."""

import atexit
import base64
import json
import os
import tempfile
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any
from urllib.parse import quote

import numpy as np

from roguebridge.core.values.alarm import Alarm, Severity, Status
from roguebridge.core.values.reading import Reading
from roguebridge.testing import BackendClient, Gone, RemoteFailure, Watch
from support.clients.webclient import LIMIT, Answer, Socket, WebClient

TOKEN = "the-token-of-the-operators"  # noqa: S105
WIRE = {
    "b64dbl": "<f8", "b64flt": "<f4", "b64srt": "<i2", "b64int": "<i4", "b64byt": "i1",
}  # fmt: skip


#: what the suite serves with: clients of one user, who see each value of a slow test
WEB = {"frame_rate": 1000.0, "tokens": "", "max_clients": 10_000, "max_clients_per_host": 10_000}


def _tokens() -> str:
    handle, name = tempfile.mkstemp(prefix="tokens-", text=True)
    os.write(handle, f"# who may write\nops {TOKEN}\n".encode())
    os.close(handle)
    atexit.register(os.unlink, name)
    return name


WEB["tokens"] = _tokens()


def plain(value: Any) -> Any:
    """A value for JSON."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, dict):
        return {name: plain(column) for name, column in value.items()}
    return value


class WebAdapter(BackendClient):
    """Calls and later gets by REST, puts by a socket: they run in the order in which they come."""

    user, host, protocol = "ops", "127.0.0.1", "web"
    has_other_fields = False

    def __init__(self, conf: Mapping[str, str]) -> None:
        self._client = WebClient(conf["ROGUEBRIDGE_WEB_URL"], TOKEN)
        self._pending: list[Future[Any]] = []
        self._readers: dict[str, Reader] = {}

    def start_get(self, pv_name: str) -> "Future[Reading]":
        reader = self._stay(pv_name)
        if not reader.first.done():
            return reader.first
        return self._noted(self._client.start("GET", f"/pv/{quote(pv_name)}"), read)

    def _stay(self, pv_name: str) -> "Reader":
        """Keep the PV open, as clients with connections do."""
        reader = self._readers.get(pv_name)
        if reader is None:
            reader = self._readers[pv_name] = Reader(self._client, pv_name)
            self._pending.append(reader.first)
            reader.begin()
        return reader

    def start_put(
        self, pv_name: str, value: Any, block: bool = True, marked: bool = True
    ) -> "Future[None]":
        if marked:
            return self._stay(pv_name).write(plain(value), block)
        asked = self._client.start("PUT", f"/pv/{quote(pv_name)}", json={"block": block})
        return self._noted(asked, lambda content: None)

    def start_rpc(self, pv_name: str, **arguments: Any) -> "Future[Any]":
        asked = self._client.start("POST", f"/pv/{quote(pv_name)}", json=arguments)
        return self._noted(asked, lambda content: content["value"])

    def monitor(self, pv_name: str) -> Watch:
        watch = Watch()
        reader = Reader(self._client, pv_name)
        reader.push = watch.push
        reader.begin()
        watch.close = reader.close
        return watch

    def close(self) -> None:
        self._client.close()
        for future in self._pending:
            if not future.done():
                future.set_exception(Gone())

    def _noted(self, asked: "Future[Answer]", convert: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        self._pending.append(future)

        def done(ended: "Future[Answer]") -> None:
            if future.done():
                return
            if ended.cancelled() or ended.exception() is not None:
                future.set_exception(Gone())
                return
            answer = ended.result()
            if answer.status == 503:
                future.set_exception(Gone(answer.error))
            elif answer.status != 200:
                future.set_exception(RemoteFailure(answer.error))
            else:
                try:
                    future.set_result(convert(answer.json))
                except Exception as exc:
                    future.set_exception(exc)

        asked.add_done_callback(done)
        return future


class Reader:
    """A socket with one subscription; updates have only what has changed."""

    def __init__(self, client: WebClient, pv_name: str) -> None:
        self._known: dict[str, Any] = {}
        self._pv_name = pv_name
        self._begun = threading.Event()
        #: ends with the first reading
        self.first: Future[Reading] = Future()
        self.push: Any = lambda reading: None
        self._writes: list[Future[None]] = []
        self._ended = False
        self.socket: Socket = client.socket()
        self.socket.on_end = self._end

    def begin(self) -> None:
        """Subscribe, and return when the server has got it."""
        self.socket.sink = self._update
        self.socket.send(type="subscribe", pvs=[self._pv_name])
        self.socket.send(type="echo")
        assert self._begun.wait(LIMIT)

    def write(self, value: Any, block: bool) -> "Future[None]":
        future: Future[None] = Future()
        number = len(self._writes)
        self._writes.append(future)
        if self._ended:
            future.set_exception(Gone())
        else:
            self.socket.post(type="write", pv=self._pv_name, value=value, block=block, id=number)
        return future

    def _end(self) -> None:
        self._ended = True
        self._begun.set()
        for future in (self.first, *self._writes):
            if not future.done():
                future.set_exception(Gone())

    def _update(self, content: dict[str, Any]) -> None:
        if "id" in content:
            future = self._writes[content["id"]]
            if content["type"] == "error":
                future.set_exception(RemoteFailure(content["message"]))
            else:
                future.set_result(None)
            return
        if content["type"] == "echo":
            self._begun.set()
            return
        assert content["type"] == "update", content
        if "seconds" not in content:
            return  # of rights
        self._known |= content
        reading = reading_of(self._known, content)
        self.push(reading)
        if not self.first.done():
            self.first.set_result(reading)

    def close(self) -> None:
        self.socket.close()


def reading_of(known: Mapping[str, Any], content: Mapping[str, Any]) -> Reading:
    """The reading of an update."""
    alarm = Alarm(Severity[known["severity"]], Status(known["status"]), known["alarm"])
    time_ns = content["seconds"] * 10**9 + content["nanos"]
    return Reading(value_of(known, content), alarm, time_ns)


def value_of(known: Mapping[str, Any], content: Mapping[str, Any]) -> Any:
    for key, wire in WIRE.items():
        if key in content:
            array = np.frombuffer(base64.b64decode(content[key]), wire)
            if "text" in content:
                array = np.array(json.loads(content["text"]))
            if "shape" in content:
                unsigned = content["dtype"].startswith("u") and wire != "<f8"
                array = array.view(f"u{array.itemsize}") if unsigned else array
                array = array.reshape(content["shape"])
            return array
    value = content.get("value", content.get("text"))
    if isinstance(value, dict):
        return {name: column(given) for name, column, given in (
            (name, np.array if not any(isinstance(x, str) for x in given) else list, given)
            for name, given in value.items()
        )}  # fmt: skip
    if isinstance(value, int) and "text" in content and known["vtype"] in ("VLong", "VULong"):
        return int(content["text"])
    if value == "NaN":
        return float(content.get("text", "nan"))
    return value


def read(content: dict[str, Any]) -> Reading:
    """The reading of an answer to a get."""
    told = content["alarm"]
    alarm = Alarm(Severity[told["severity"]], Status(told["status"]), told["message"])
    value = content["value"]
    if isinstance(value, dict):
        value = {
            name: given if any(isinstance(x, str) for x in given) else np.array(given)
            for name, given in value.items()
        }
    elif isinstance(value, list) and not any(isinstance(x, str) for x in value):
        value = np.array(value)
    return Reading(value, alarm, content["seconds"] * 10**9 + content["nanos"])
