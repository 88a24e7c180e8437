"""The backend of the page on backends, and a client of it."""

import contextlib
import json
import socket
import threading
from concurrent.futures import Future
from types import ModuleType

from roguebridge.core.values.alarm import Alarm, Severity, Status
from roguebridge.core.values.reading import Reading
from support.clients import LIMIT, Carrier, Gone, RemoteFailure, Watch
from support.docs.pages import ROOT, blocks_of

PAGE = "docs/extend/write-a-backend.md"


def source():
    """The text of the plugin that the page shows."""
    blocks = blocks_of((ROOT / PAGE).read_text(encoding="utf-8"), PAGE)
    (found,) = [block for block in blocks if block.ask == "file"]
    return found.text


def backend(options):
    """The backend that the page shows, as its plugin registers it."""
    module = ModuleType("jsonlines")
    exec(compile(source(), PAGE, "exec"), module.__dict__)  # noqa: S102
    (make,) = module.register_backends().values()
    return make(options)


class Connection:
    """One connection to one PV."""

    def __init__(self, port, pv_name, user):
        self._socket = socket.create_connection(("127.0.0.1", port), LIMIT)
        self._socket.settimeout(None)
        self._lock = threading.Lock()
        self._asked = {}
        self._watches = []
        #: ends with the first reading
        self.first = Future()
        self._last = []
        self._ended = False
        self.send(pv=pv_name, user=user)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def send(self, **words):
        text = json.dumps(words, default=lambda array: array.tolist())
        self._socket.sendall(text.encode() + b"\n")

    def ask(self, **words):
        """Begin to ask; the future ends with the result."""
        future = Future()
        with self._lock:
            number = len(self._asked)
            self._asked[number] = future
            if self._ended:
                future.set_exception(Gone())
                return future
        self.send(**words, number=number)
        return future

    def watch(self, push):
        with self._lock:
            self._watches.append(push)
            for reading in self._last:
                push(reading)

    def close(self):
        with contextlib.suppress(OSError):  # the server has been faster
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join(LIMIT)
        self._socket.close()

    def _read(self):
        with contextlib.suppress(OSError), self._socket.makefile("rb") as lines:
            for line in lines:
                self._told(json.loads(line))
        with self._lock:
            self._ended = True
            asked = [self.first, *self._asked.values()]
        for future in asked:
            if not future.done():
                future.set_exception(Gone())

    def _told(self, told):
        if "number" not in told and "error" in told:  # and is disconnected
            for future in self._asked.values():
                future.set_exception(RemoteFailure(told["error"]))
        elif "number" not in told:
            severity, status, message = told["alarm"]
            alarm = Alarm(Severity(severity), Status(status), message)
            with self._lock:
                reading = Reading(told["value"], alarm, told["time"])
                self._last = [reading]
                for push in self._watches:
                    push(reading)
            if not self.first.done():
                self.first.set_result(reading)
        elif "error" in told:
            self._asked[told["number"]].set_exception(RemoteFailure(told["error"]))
        else:
            self._asked[told["number"]].set_result(told["result"])


class LineAdapter(Carrier):
    """A client that makes a connection for whatever it does, and keeps all of them."""

    user, protocol = "ops", "lines"
    has_other_fields = False

    def __init__(self, backend):
        self._port = int(backend.client_conf()["port"])
        self._connections = []

    def _connect(self, pv_name):
        self._connections.append(Connection(self._port, pv_name, self.user))
        return self._connections[-1]

    def get(self, pv_name):
        return self.start_get(pv_name).result(LIMIT)

    def start_get(self, pv_name):
        return self._connect(pv_name).first

    def put(self, pv_name, value, block=True):
        self.start_put(pv_name, value, block).result(LIMIT)

    def start_put(self, pv_name, value, block=True, marked=True):
        words = {"put": value} if marked else {}
        return self._connect(pv_name).ask(**words, block=block)

    def start_rpc(self, pv_name, **arguments):
        return self._connect(pv_name).ask(call=arguments)

    def monitor(self, pv_name):
        watch = Watch()
        connection = self._connect(pv_name)
        connection.watch(watch.push)
        watch.close = connection.close
        return watch

    def close(self):
        connections, self._connections = self._connections, []
        for connection in connections:
            connection.close()
