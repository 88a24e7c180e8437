"""The holder: the only place where tree, converter, policies and served PVs meet.

Clients come in on the backends' network threads; opening reads, puts and calls run on the workers.
How the PV opens is the business of :mod:`.opening`, what it then shows that of :mod:`.showing`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from ..errors import PutError, words_of
from ..mapping.pv_map import PvEntry
from ..requests.credentials import Credentials
from ..requests.policy import AccessPolicy
from ..requests.request import PutRequest, Request, RpcRequest
from ..requests.rights import is_alike, may_change, rights_state, tell_rights
from ..requests.user_groups import Knowing
from ..tree.protocols import TreeNode
from ..tree.pyrogue import changes_others, read_fault, read_now
from ..values.converter import TypeConverter
from ..values.reading import KEEP, Snapshot
from ..values.spec import PvSpec
from .admission import admit, refuse
from .opening import Opening
from .publication import State
from .services import Services


class PvHolder(Opening):
    """Binds one mapped node to what is served for it.

    :param entry: path and PV name
    :param node: the variable or command; untouched here until a client comes
    :param make_converter: gives the node's converter; asked when the PV is first opened
    :param policies: all of them must allow a put or call
    :param time_source: gives a value's time in ns since the POSIX epoch, None for now
    :param services: what the holders of a server share
    """

    __slots__ = ("policies", "_calls")

    def __init__(
        self,
        entry: PvEntry,
        node: Any,
        make_converter: Callable[[TreeNode], TypeConverter],
        policies: tuple[AccessPolicy, ...],
        time_source: Callable[[Any], int | None] | None,
        services: Services,
    ) -> None:
        super().__init__(entry, node, make_converter, time_source, services)
        self.policies = policies
        self._calls = 0  # of the command, waiting or running

    @property
    def pv_name(self) -> str:
        """Primary name of the PV."""
        return self.entry.pv_name

    @property
    def aliases(self) -> tuple[str, ...]:
        """Further names that serve the same."""
        return self.entry.aliases

    @property
    def converter(self) -> TypeConverter | None:
        """The converter in use; None until the PV is first opened."""
        return None if self._conversion is None else self._conversion.converter

    @property
    def spec(self) -> PvSpec | None:
        """Type and metadata of the PV; None until it is first opened."""
        return None if self._conversion is None else self._conversion.spec

    @property
    def is_open(self) -> bool:
        """True while any backend shows the PV to clients."""
        return any(outlet.state is State.OPEN for outlet in self._outlets)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.pv_name} -> {self.path}>"

    @property
    def puts_at_once(self) -> bool:
        """True if nothing in a put can block: not the tree, not a PV that is being opened."""
        conversion = self._conversion
        return (
            conversion is not None
            and conversion.puts_at_once
            and not any(outlet.state is State.OPENING for outlet in self._outlets)
        )

    @property
    def changes_others(self) -> bool:
        """True if a put, call or read may change more than the node's own value."""
        conversion = self._conversion
        return changes_others(self.node) if conversion is None else conversion.changes_others

    def put(self, request: PutRequest) -> None:
        """A client puts."""
        admit(self, request)

    def rpc(self, request: RpcRequest) -> None:
        """A client calls."""
        admit(self, request)

    def refuse(self, request: Request, reason: str) -> None:
        """A put or call came that the backend cannot read: answer it with the reason."""
        refuse(self, request, reason)

    def may(
        self,
        entry: PvEntry,
        credentials: Credentials,
        operation: str,
        tell: Callable[[bool], None],
    ) -> None:
        """Tell whether the policies would let a client put or call, as far as is known before."""
        services = self.services
        judges: Any = services.rights or services.judges
        if services.groups is not None and credentials.look_up is not None:
            credentials = credentials.kept_by(services.groups)
            judges = Knowing(services.groups, judges, credentials)
        tell_rights(self.policies, entry, credentials, operation, judges, tell)

    @property
    def rights_change(self) -> bool:
        """True if a policy may decide otherwise a moment later."""
        return any(map(may_change, self.policies))

    def rights_key(self, entry: PvEntry) -> Hashable:
        """Return what is equal for PVs of which :meth:`may` tells a client the same."""
        if all(map(is_alike, self.policies)):
            return id(self.policies), entry.is_command
        return id(self.policies), entry.is_command, entry.pv_name

    def rights_state(self, credentials: Credentials) -> Hashable:
        """Return what is equal while :meth:`may` tells a client the same; None if unknown."""
        return rights_state(self.policies, credentials, self.services.groups)

    def refresh(self, pv_name: str) -> Snapshot:
        """Read the variable, in hardware if it lives there, and show it; on a worker.

        :param pv_name: the name by which a client asks for it
        :raises PutError: if it is write-only, or its value has no place in the PV
        :raises Exception: what the tree raised; the PV shows it as an alarm
        """
        if not self.readable:
            raise PutError(f"{pv_name} is write-only (mode WO): it cannot be read")
        self._find_converter()
        conversion = self._conversion
        if conversion is None or conversion.is_provisional:
            raise PutError(f"{pv_name}: {self.trouble}")
        try:
            read_now(self.node)
            if self.services.sources is not None:
                self.services.sources.read_unread(self)
        except BaseException as exc:
            self._in_trouble(f"it cannot be read: {words_of(exc)}")
            self.show_alarm(read_fault(exc, self.is_hardware))
            raise
        self._heard()
        reading = self._show_present(always=True)
        self._await_opening()
        if reading.value is KEEP:
            raise PutError(f"{pv_name}: {self.trouble}")
        return Snapshot(conversion.spec, reading)

    def call_begins(self) -> bool:
        """Count a call of the command in; False if it is running and calls are not queued."""
        with self._lock:
            if self._calls and not self.services.queue_commands:
                return False
            self._calls += 1
            return True

    def call_ended(self) -> None:
        """Count a call out."""
        with self._lock:
            self._calls -= 1

    def find_converter(self) -> TypeConverter | None:
        """Return the converter, which is made if it was never needed before; on a worker."""
        self._find_converter()
        return self.converter
