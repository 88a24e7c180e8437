"""A Channel Access client of caproto's messages that does only what it is told, for the benches.

It goes straight to the server's port, one connection for each client, and takes any user name.
"""

import json
import socket
import threading
from concurrent.futures import Future

import caproto as ca
import numpy as np

from roguebridge.backends.epics.ca.alarms import STATUSES
from roguebridge.core.values import alarm
from roguebridge.core.values.alarm import Alarm, Severity, Status
from roguebridge.core.values.reading import Reading

LIMIT = 30.0
_EPOCH = 631_152_000
_KNOWN = {a.message: a for a in vars(alarm).values() if isinstance(a, Alarm)}


def alarm_of(severity, status):
    """The alarm that CA's numbers stand for."""
    word = STATUSES[status]
    if not severity and not status:
        return alarm.NO_ALARM
    known = _KNOWN.get(word)
    return Alarm(Severity(severity), known.status if known else Status.UNDEFINED, word)


class Failed(Exception):
    """The server has answered with an error."""


class Lost(Exception):
    """The connection ended before the answer came."""


class Name:
    """A channel and what waits for it."""

    def __init__(self, wire):
        self.wire = wire
        self.ready = False
        self.waiting = []


class CaClient:
    """One connection.

    :param conf: as ``client_conf()`` gives it
    :param user: user name it claims
    """

    def __init__(self, conf, user="ops"):
        address = conf["EPICS_CA_ADDR_LIST"], int(conf["EPICS_CA_SERVER_PORT"])
        self._circuit = ca.VirtualCircuit(ca.CLIENT, address, 0)
        self._lock = threading.RLock()
        self._names = {}
        self._operations = {}  # ioid -> (future, convert)
        self._monitors = {}  # number -> (channel, push)
        self._closed = False
        self.lost = threading.Event()
        self._socket = socket.create_connection(address, LIMIT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(None)
        self._send(
            ca.VersionRequest(priority=0, version=13),
            ca.HostNameRequest("testhost"),
            ca.ClientNameRequest(user),
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def begin(self, name, start, future):
        """Have ``start(channel)`` called when the channel to a PV is there."""
        with self._lock:
            found = self._names.get(name)
            if self.lost.is_set():
                future.set_exception(Lost(name))
                return
            if found is None:
                # caproto's own channel would read a filter into some names
                wire = ca.ClientChannel("", self._circuit)
                found = self._names[name] = Name(wire)
                wire.name = name
                self._send(ca.CreateChanRequest(name, wire.cid, 13))
            if found.ready:
                start(found.wire)
            else:
                found.waiting.append((start, future))

    def read(self, name, convert=None, kind="time", count=0):
        """Begin to read; the future ends with ``convert(channel, response)``."""
        future = Future()

        def start(channel):
            command = channel.read(data_type=self._type(channel, kind), data_count=count)
            self._operations[command.ioid] = (channel, future, convert or reading_of)
            self._send(command)

        self.begin(name, start, future)
        return future

    def write(self, name, value, notify=True, type=None):
        """Begin to put; without ``notify`` the future ends when the put is sent."""
        future = Future()

        def start(channel):
            native = channel.native_data_type if type is None else ca.ChannelType(type)
            data, count = encoded(native, value)
            cls = ca.WriteNotifyRequest if notify else ca.WriteRequest
            command = cls(data, native, count, channel.sid, self._circuit.new_ioid())
            if notify:
                self._operations[command.ioid] = (channel, future, lambda *_: None)
            self._send(command)
            if not notify:
                future.set_result(None)

        self.begin(name, start, future)
        return future

    def monitor(self, name, push, kind="time", mask=5, count=0):
        """Have ``push(channel, response)`` called with each update; returns what ends it."""
        made = []
        failed = Future()

        def start(channel):
            command = channel.subscribe(
                data_type=self._type(channel, kind), data_count=count, mask=mask
            )
            made.append((channel, command.subscriptionid))
            self._monitors[command.subscriptionid] = (channel, push)
            self._send(command)

        def close():
            with self._lock:
                for channel, number in made:
                    if self._monitors.pop(number, None) and not self.lost.is_set():
                        self._send(channel.unsubscribe(number))

        self.begin(name, start, failed)
        return close

    def channel(self, name):
        """The channel to a PV, when it is there."""
        future = Future()
        self.begin(name, future.set_result, future)
        return future.result(LIMIT)

    def ask(self, command):
        """Send any message."""
        with self._lock:
            self._send(command)

    def raw(self, data):
        """Send bytes."""
        self._socket.sendall(data)

    def close(self):
        """Leave."""
        with self._lock:
            self._closed = True
            self._socket.shutdown(socket.SHUT_RDWR) if not self.lost.is_set() else None
        if threading.current_thread() is not self._reader:
            self._reader.join(LIMIT)
        self._socket.close()

    @staticmethod
    def _type(channel, kind):
        if not isinstance(kind, str):
            return ca.ChannelType(kind)
        return ca.field_types[kind][channel.native_data_type]

    def _send(self, *commands):
        self._socket.sendall(b"".join(map(bytes, self._circuit.send(*commands))))

    def _read(self):
        while True:
            try:
                data = self._socket.recv(65536)
            except OSError:
                data = b""
            if not data:
                break
            with self._lock:
                for command in self._circuit.recv(data)[0]:
                    try:
                        self._handle(command)
                    except ca.CaprotoError:
                        if not self._closed:
                            raise
        with self._lock:
            self.lost.set()
            pending = [future for _, future, _ in self._operations.values()]
            pending += [future for name in self._names.values() for _, future in name.waiting]
            self._operations.clear()
        for future in pending:
            if not future.done():
                future.set_exception(Lost())

    def _handle(self, command):
        if isinstance(command, ca.ErrorResponse):
            self._error(command)
            return
        ends = isinstance(command, ca.EventAddResponse) and command.payload_size == 0
        if ends and command.subscriptionid not in self._monitors:
            return
        if (
            isinstance(command, ca.CreateChFailResponse)
            and command.cid not in self._circuit.channels
        ):
            return
        self._circuit.process_command(command)
        if isinstance(command, ca.CreateChanResponse):
            found = next(n for n in self._names.values() if n.wire.cid == command.cid)
            found.ready = True
            waiting, found.waiting = found.waiting, []
            for start, _ in waiting:
                start(found.wire)
        elif isinstance(command, (ca.CreateChFailResponse, ca.ServerDisconnResponse)):
            name, found = next((k, n) for k, n in self._names.items() if n.wire.cid == command.cid)
            del self._names[name]
            for _, future in found.waiting:
                future.set_exception(Failed(f"no channel {name}"))
            again = [p for c, p in self._monitors.values() if c is found.wire]
            for push in again:
                self.monitor(name, push)
        elif isinstance(command, (ca.ReadNotifyResponse, ca.WriteNotifyResponse)):
            channel, future, convert = self._operations.pop(command.ioid, (None, None, None))
            if future is None:  # the text of its error came before
                return
            if isinstance(command, ca.ReadNotifyResponse):
                future.set_result(convert(channel, command))
            elif command.status.success:
                future.set_result(None)
            else:
                future.set_exception(Failed(str(command.status)))
        elif isinstance(command, ca.EventAddResponse):
            found = self._monitors.get(command.subscriptionid)
            if found is not None:
                found[1](found[0], command)

    def _error(self, command):
        text = bytes(command.error_message).partition(b"\0")[0].decode()
        found = self._operations.pop(command.original_request.parameter2, None)
        if found is not None:
            found[1].set_exception(Failed(text))


def reading_of(channel, response):
    """A response of a TIME type in the neutral terms."""
    meta = response.metadata
    stamp = (meta.secondsSinceEpoch + _EPOCH) * 10**9 + meta.nanoSeconds
    return Reading(content_of(channel, response), alarm_of(meta.severity, meta.status), stamp)


def content_of(channel, response):
    """The value of a response: a number, text, array, list, or the object that JSON is of."""
    native = ca.native_type(response.data_type)
    data = response.data
    if native is ca.ChannelType.STRING:
        texts = [bytes(item).partition(b"\0")[0].decode() for item in data][: response.data_count]
        return texts if channel.native_data_count > 1 else texts[0]
    numbers = np.array(data)[: response.data_count]
    if native is ca.ChannelType.CHAR and numbers[:1].tobytes() == b"{":
        return json.loads(numbers.tobytes())
    if channel.native_data_count > 1:
        return numbers.astype(numbers.dtype.newbyteorder("="))
    return numbers[0].item()


def encoded(native, value):
    """What a put of a value sends in a type: bytes, and how many elements they are."""
    if isinstance(value, dict):
        columns = {name: np.asarray(items).tolist() for name, items in value.items()}
        value = json.dumps(columns).encode()
        return value, len(value)
    if native is ca.ChannelType.STRING:
        texts = [value] if isinstance(value, (str, int, float)) else list(value)
        raw = [str(text).encode() for text in texts]
        return b"".join(text.ljust(40, b"\0") for text in raw), len(raw)
    if native is ca.ChannelType.CHAR and isinstance(value, (str, bytes)):
        raw = value.encode() if isinstance(value, str) else value
        return raw, len(raw)
    numbers = np.atleast_1d(np.asarray(value)).reshape(-1)
    kinds = {"INT": ">i2", "FLOAT": ">f4", "ENUM": ">u2", "CHAR": "u1", "LONG": ">i4"}
    numbers = numbers.astype(kinds.get(native.name, ">f8"))
    return numbers.tobytes(), len(numbers)
