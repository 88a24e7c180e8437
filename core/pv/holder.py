"""The holder of one PV: it puts the parts together. Backends and plugins see the holder only.

The parts do the work: :mod:`.reader` converts, :mod:`.publisher` shows, :mod:`.update_listener`
takes updates, :mod:`.opener` clients, :mod:`.admission` requests; :mod:`.put_outcome` shows puts.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from ..backend.contract import ServedPv
from ..backend.subscription import Subscription
from ..concurrency.stamp_clock import SiteTime
from ..mapping.pv_map import PvEntry
from ..requests.credentials import Credentials
from ..requests.policy import AccessPolicy
from ..requests.request import PutRequest, Request, RpcRequest
from ..requests.rights import is_alike, rights_state, tell_rights
from ..requests.user_groups import Knowing
from ..tree.declared_types import Declaration, declaration_of
from ..tree.protocols import TreeNode
from ..tree.source_health import AlarmCause, AwaitsUpdate
from ..values.alarm import TIMEOUT
from ..values.converter import TypeConverter
from ..values.reading import Reading
from ..values.spec import PvSpec
from .admission import Admission
from .command_job import CommandJob
from .parts import Parts
from .put_job import PutJob
from .reader import PvReader
from .request_job import ReadJob, RequestJob
from .services import Services
from .update_listener import UpdateListener


class PvHolder:
    """Binds one mapped node to the PVs that serve it.

    A PV without a client so far has only :attr:`reader` and :attr:`listener`: there are many.

    :param entry: path and PV name
    :param node: the variable or command; untouched here until a client comes
    :param make_converter: gives the node's converter; asked when the PV is first opened
    :param policies: all of them must allow a put or call
    :param time_source: gives a value's time in ns since the POSIX epoch, None for now
    :param services: shared by the holders of a server
    """

    __slots__ = ("reader", "listener", "policies", "_served", "_parts")

    def __init__(
        self,
        entry: PvEntry,
        node: Any,
        make_converter: Callable[[TreeNode], TypeConverter],
        policies: tuple[AccessPolicy, ...],
        time_source: Callable[[Any], int | None] | None,
        services: Services,
    ) -> None:
        source = None if time_source is None else SiteTime(time_source)
        self.reader = PvReader(entry, node, make_converter, source, services)
        self.listener = UpdateListener(self.reader)
        self.policies = policies
        self._served: tuple[ServedPv, ...] = ()
        self._parts: Parts | None = None

    @property
    def parts(self) -> Parts:
        """The parts that clients need, made now if there are none."""
        if self._parts is None:
            with self.reader.lock:
                if self._parts is None:
                    self._parts = Parts(self, self.reader, self.listener, self._served)
        return self._parts

    @property
    def entry(self) -> PvEntry:
        """Path and PV name."""
        return self.reader.entry

    @property
    def node(self) -> Any:
        """The variable or command."""
        return self.reader.node

    @property
    def services(self) -> Services:
        """The services that the holders of a server share."""
        return self.reader.services

    @property
    def path(self) -> str:
        """PyRogue path of the node."""
        return self.reader.entry.path

    @property
    def pv_name(self) -> str:
        """Primary name of the PV."""
        return self.reader.entry.pv_name

    @property
    def aliases(self) -> tuple[str, ...]:
        """Further names that serve the same."""
        return self.reader.entry.aliases

    @property
    def converter(self) -> TypeConverter | None:
        """The converter in use; None until the PV is first opened."""
        conversion = self.reader.conversion
        return None if conversion is None else conversion.converter

    @property
    def spec(self) -> PvSpec | None:
        """Type and metadata of the PV; None until it is first opened."""
        conversion = self.reader.conversion
        return None if conversion is None else conversion.spec

    @property
    def trouble(self) -> str | None:
        """Why the node cannot be shown as it is; None when all is well."""
        return self.reader.trouble

    @property
    def is_open(self) -> bool:
        """True while any backend shows the PV to clients."""
        return self._parts is not None and self._parts.publisher.is_open

    @property
    def updates(self) -> int:
        """A number that grows with every update that comes while the PV is watched."""
        return 0 if self._parts is None else self._parts.publisher.updates

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.pv_name} -> {self.path}>"

    def attach(self, served: ServedPv) -> None:
        """Add a served PV; before its backend starts."""
        if self._parts is None:
            self._served += (served,)
        else:
            self._parts.opener.add(served)

    def listen(self) -> None:
        """Begin to take the node's updates."""
        self.reader.services.texts.listen(self.reader.node, self.listener.on_update)

    def unlisten(self) -> None:
        """No longer take the node's updates."""
        self.services.texts.unlisten(self.node, self.listener.on_update)

    def watch(self, callback: Callable[[Reading], object]) -> Subscription:
        """Call a function with the present reading of the PV and with each later one.

        :param callback: called on any thread, with locks held: it must not block, nor raise
        """
        opener = self.parts.opener
        subscription = Subscription(callback, opener.remove)
        opener.add(subscription)
        opener.client_arrived(subscription)
        return subscription

    # Clients, on network threads ----------------------------------------------------------------

    def client_arrived(self, served: ServedPv) -> None:
        """A first client has connected: have the PV opened."""
        self.parts.opener.client_arrived(served)

    def clients_gone(self, served: ServedPv) -> bool:
        """The last client has left; True if the backend is to close the PV now."""
        return self.parts.opener.clients_gone(served)

    def put(self, request: PutRequest) -> None:
        """A client puts."""
        self._begin(request)

    def rpc(self, request: RpcRequest) -> None:
        """A client calls."""
        self._begin(request)

    def _begin(self, request: PutRequest | RpcRequest) -> None:
        reader, policies, parts = self.reader, self.policies, self.parts
        services, groups = reader.services, reader.services.groups
        request.begun = services.clock.monotonic()
        if (no_room := services.queued.admit(request)) is not None:
            self.refuse(request, services.waiting_for_tree(f"{request.entry.pv_name}: {no_room}"))
            return
        self._note(request)
        if groups is not None and request.credentials.look_up is not None:
            request.credentials = request.credentials.kept_by(groups)
        job: RequestJob
        if parts.runs is not None:
            job = CommandJob(request, reader, policies, parts.outcome, parts.runs)
        elif isinstance(request, PutRequest) and request.marked:
            job = PutJob(request, reader, policies, parts.publisher, parts.outcome)
        else:
            job = ReadJob(request, reader, policies, parts.outcome)
        Admission(job, policies, services).start()

    def _note(self, request: Request) -> None:
        # For the audit: once a request is answered, its buffer may be gone.
        services = self.reader.services
        request.kept = services.keep(request.asked)
        if isinstance(request, PutRequest) and self._parts is not None:
            request.old = services.keep(self._parts.publisher.last_value)

    def refuse(self, request: Request, reason: str) -> None:
        """A put or call came that the backend cannot read: answer it with the reason."""
        self._note(request)
        request.error(reason)
        self.services.record(request, "failed", reason)

    def may(
        self,
        entry: PvEntry,
        credentials: Credentials,
        operation: str,
        tell: Callable[[bool], None],
    ) -> None:
        """Tell whether the policies would let a client put or call, as far as is known before."""
        services = self.reader.services
        judges: Any = services.rights or services.judges
        if services.groups is not None and credentials.look_up is not None:
            credentials = credentials.kept_by(services.groups)
            judges = Knowing(services.groups, judges, credentials)
        tell_rights(self.policies, entry, credentials, operation, judges, tell, services.faults)

    def declaration(self) -> Declaration:
        """Return what the tree's author has declared of the node."""
        return declaration_of(self.reader.node)

    def rights_key(self, entry: PvEntry) -> Hashable:
        """Return a key that is equal for PVs with the same answer of :meth:`may`."""
        alike = all(is_alike(policy, self.services.faults) for policy in self.policies)
        return id(self.policies), entry.is_command, "" if alike else entry.pv_name

    def rights_state(self, credentials: Credentials) -> Hashable:
        """Return a value that stays equal while :meth:`may` answers the same; None if unknown."""
        return rights_state(self.policies, credentials, self.services.groups, self.services.faults)

    @property
    def watched(self) -> bool:
        """True while a client is there, or the PV stays open after its last one."""
        return self.reader.watched

    @property
    def causes(self) -> tuple[AlarmCause, ...]:
        """The causes that may hide the alarm of the node; the first that holds counts."""
        return self.reader.causes

    def add_cause(self, cause: AlarmCause) -> None:
        """Let a cause hide the alarm of the node; before the PV listens."""
        self.reader.add_cause(cause)

    def await_update(self, awaits: AwaitsUpdate) -> None:
        """Tell ``awaits`` of the next update of the node, once."""
        self.reader.await_update(awaits)

    def cause_changed(self) -> None:
        """A cause has begun or ended to hide the alarm: a device was disabled, say."""
        if self.reader.watched:
            self.parts.publisher.recount()
            if self.reader.hidden_by is not None:
                self.parts.publisher.show_alarm()
            else:
                self.parts.rereads.look_again()

    def doubt(self, doubtful: bool) -> None:
        """The tree keeps a refused value of the node, or it was read since; by a mirror."""
        if doubtful or self._parts is not None:
            self.parts.outcome.doubt(doubtful)

    def count_as_heard(self) -> None:
        """The tree has read the node, and its update is lost; the value is in PyRogue's cache."""
        self.reader.heard(self._parts is not None and self._parts.puts.doubtful)
        with self.reader.lock:
            if not self.reader.watched:  # else the value is looked at again
                self.listener.note(self.reader.services.time_ns())

    def reveal(self) -> None:
        """Show the value again, with the alarm that holds now."""
        if self.reader.watched:
            self.parts.publisher.show_alarm()

    def look_again(self, quiet: bool = False, fresh: bool = False) -> None:
        """Have the value read and shown soon: updates may have been missed."""
        if self.reader.watched:
            self.parts.rereads.look_again(quiet, fresh)

    def show_stale(self, updates: int) -> None:
        """Show TIMEOUT, unless updates have come; see :meth:`.Publisher.show_alarm`."""
        if self._parts is not None:
            self._parts.publisher.show_alarm(TIMEOUT, updates)

    def show_held(self) -> None:
        """Show an update that is held back, before the PV is closed."""
        if self._parts is not None:
            self._parts.publisher.show_held()
