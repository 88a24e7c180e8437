"""The contract between the engine and a protocol backend.

Threads: a backend calls its :class:`PvOwner` from its own network threads; the owner's methods
return at once and run no tree code that may block. The engine calls a backend from any thread.
Neither side holds a lock of its own, that the other side's callbacks also take, across a call that
blocks.

Lifetime: ``serve`` for every PV, then ``start``; ``flush`` and ``stop``; then perhaps again from
the beginning. A served PV is closed, with no type and no value, until its first client connects.
Put, get and monitor of a closed PV wait in the backend; an rpc is handed on at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ..errors import BackendError
from ..mapping.pv_map import PvEntry
from ..requests.claims import MAX_NAME
from ..requests.credentials import Credentials
from ..requests.queued_bytes import QueuedBytes
from ..requests.request import PutRequest, Request, RpcRequest
from ..tree.declared_types import Declaration
from ..values.alarm import Alarm
from ..values.reading import Reading
from ..values.spec import PvSpec


class ServedPv(ABC):
    """One PV inside one backend."""

    __slots__ = ()

    @abstractmethod
    def open(self, spec: PvSpec, reading: Reading) -> None:
        """Give the PV its type and first value; waiting operations go on. May block."""

    def open_soon(
        self, spec: PvSpec, reading: Reading, opened: Callable[[Exception | None], None]
    ) -> None:
        """Open without waiting, where a backend can; here as :meth:`open` does.

        :param opened: called once, on any thread, when the PV is open or with why it is not
        """
        problem: Exception | None = None
        try:
            self.open(spec, reading)
        except Exception as exc:
            problem = exc
        opened(problem)

    @abstractmethod
    def post(self, reading: Reading) -> None:
        """Show a new reading; the PV is open. Never blocks; has copied arrays when it returns.

        :raises Exception: if the value does not fit the PV's type; nothing is changed then
        """

    @abstractmethod
    def post_alarm(self, alarm: Alarm, time_ns: int) -> None:
        """Show an alarm on the value the open PV has already. Never blocks."""


class PvOwner(Protocol):
    """The engine's side of one PV: a backend calls it on its network threads."""

    def client_arrived(self, served: ServedPv) -> None:
        """The first client has connected: the PV is to be opened."""

    def clients_gone(self, served: ServedPv) -> bool:
        """The last client has left; True if the backend is now to close the PV, at once."""

    def put(self, request: PutRequest) -> None:
        """A client puts; the request is answered exactly once."""

    def rpc(self, request: RpcRequest) -> None:
        """A client calls; the request is answered exactly once."""

    def refuse(self, request: Request, reason: str) -> None:
        """A put or call came that the backend cannot read; it is answered with the reason."""

    def may(
        self,
        entry: PvEntry,
        credentials: Credentials,
        operation: str,
        tell: Callable[[bool], None],
    ) -> None:
        """A protocol that publishes access rights asks for those of a client.

        :param operation: ``put`` or ``rpc``
        :param tell: called once, at once or soon and then from another thread; it is not binding:
            each request is judged anew
        """

    def declaration(self) -> Declaration:
        """Return what the tree's author has declared of the node; nothing is read."""

    def rights_key(self, entry: PvEntry) -> Hashable:
        """Return a key that is equal for PVs with the same answer of :meth:`may`."""

    def rights_state(self, credentials: Credentials) -> Hashable:
        """Return a value that stays equal while :meth:`may` answers the same.

        :returns: None if it has to be asked to know
        """


@dataclass(frozen=True, slots=True)
class BackendOptions:
    """Where a backend listens.

    :param isolate: bind loopback on ephemeral ports; the environment is ignored
    :param conf: settings of the protocol, over those of the environment
    :param queued: counts the bytes of requests; a backend may look whether there is room
    :param max_name: most characters that are shown of a name that a client claims
    :raises BackendError: for settings that are not a dict of str
    """

    isolate: bool = False
    conf: Mapping[str, str] | None = None
    queued: QueuedBytes = field(default_factory=QueuedBytes)
    max_name: int = MAX_NAME

    def __post_init__(self) -> None:
        conf = self.conf
        if conf is None:
            return
        if not isinstance(conf, Mapping) or not all(
            isinstance(key, str) and isinstance(value, str) for key, value in conf.items()
        ):
            raise BackendError(
                f"conf must map str to str, e.g. EPICS_PVAS_SERVER_PORT to '5075': {conf!r}"
            )


class Backend(ABC):
    """One protocol server; it can be started again after a stop."""

    #: the name it is registered under
    name: str

    @abstractmethod
    def serve(self, entry: PvEntry, owner: PvOwner) -> ServedPv:
        """Add a PV, closed; only before :meth:`start`. Its name is no other PV's."""

    @abstractmethod
    def start(self) -> None:
        """Begin to listen.

        :raises BackendError: if it cannot; nothing is left behind then
        """

    def try_ports(self) -> tuple[tuple[str, int], ...]:
        """Look for what would stop a start, without listening; the backend is not started.

        :returns: address and number of each TCP port that a start takes or fails; the address is
            empty for all of this machine
        :raises BackendError: for a wrong setting, or a port that is in use
        """
        return ()

    @abstractmethod
    def flush(self) -> None:
        """Return when the answers given so far are on their way to the clients."""

    @abstractmethod
    def stop(self) -> None:
        """Disconnect all clients, close and forget all PVs, free the ports; harmless if stopped."""

    @property
    def on_own_thread(self) -> bool:
        """True on a thread of the backend, where :meth:`stop` would wait for itself."""
        return False

    def check_stop(self) -> None:
        """Look whether the backend can be stopped here; nothing is stopped.

        :raises BackendError: on its own thread
        """
        if self.on_own_thread:
            raise BackendError(f"backend {self.name!r} cannot be stopped on its own thread")

    def where(self) -> str:
        """Return where the server listens, for people; empty if there is nothing to say."""
        return ""

    def clients(self) -> int:
        """Return how many connections clients have; -1 if that is not known. Never blocks."""
        return -1

    def problems(self) -> tuple[str, ...]:
        """Return the values that clients of this protocol do not get whole, one text each."""
        return ()

    def losses(self, entry: PvEntry, spec: PvSpec | None) -> tuple[str, ...]:
        """Return why clients of this protocol would not get a PV whole, served or not.

        One text for each kind of loss, the same for all PVs that have it: it names none.

        :param spec: None if it is not known
        """
        return ()

    def client_conf(self) -> dict[str, str]:
        """Return the settings with which a client reaches exactly this server.

        :raises BackendError: if the protocol has none, or the server is not running
        """
        raise BackendError(f"backend {self.name!r} has no client settings")
