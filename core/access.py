"""Who may put or call: credentials, decisions and the policy contract."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .mapping import PvEntry
    from .request import PutRequest, RpcRequest


class Credentials:
    """Who asks, as the protocol claims it: nothing here is authenticated.

    :param user: claimed user name
    :param host: numeric IP of the client
    :param protocol: name of the protocol, e.g. ``'pva'``
    :param claimed_host: host name the client gives itself, where the protocol has one
    :param roles: looks the user's groups up; may block, so it is called when first asked for
    """

    __slots__ = ("user", "host", "protocol", "claimed_host", "_look_up", "_roles")

    def __init__(
        self,
        user: str,
        host: str,
        protocol: str,
        claimed_host: str = "",
        roles: Callable[[], frozenset[str]] | None = None,
    ) -> None:
        self.user = user
        self.host = host
        self.protocol = protocol
        self.claimed_host = claimed_host
        self._look_up = roles
        self._roles: frozenset[str] | None = None

    @property
    def roles(self) -> frozenset[str]:
        """The user's groups; empty if first asked for after the request was answered."""
        look_up = self._look_up  # which an answer may forget at any moment
        if self._roles is None and look_up is not None:
            self._roles = look_up()
            self._look_up = None
        return self._roles or frozenset()

    @property
    def known_roles(self) -> frozenset[str] | None:
        """The user's groups if they were looked up, else None; never looks them up."""
        return self._roles

    def release(self) -> None:
        """Forget how to look the roles up: the request is answered."""
        self._look_up = None

    def __repr__(self) -> str:
        return f"Credentials({self.user!r}, {self.host!r}, {self.protocol!r})"


@dataclass(frozen=True, slots=True)
class Allow:
    """The request may go on.

    :param trap: True if the rule that allows it asks for an audit record (EPICS: TRAPWRITE)
    """

    trap: bool = False


@dataclass(frozen=True, slots=True)
class Deny:
    """The request is refused; ``reason`` is what the client is told."""

    reason: str


ALLOW = Allow()
Decision = Allow | Deny


def changes(request: PutRequest | RpcRequest) -> bool:
    """Tell whether a request would change something: put a value, or run a command.

    What is left are reads that a client asks for.
    """
    return request.entry.is_command or (request.operation == "put" and request.marked)  # type: ignore[union-attr]


class AccessPolicy(ABC):
    """Decides on puts and calls of the nodes its rule selects; anything but Allow denies."""

    #: True for a policy that never blocks; it may then be asked on a network thread
    quick: bool = False
    #: True for a policy that may decide otherwise a moment later: it is asked again when a request
    #: that may have waited for others begins; then on a worker
    asked_again: bool = False

    @abstractmethod
    def decide(self, request: PutRequest | RpcRequest) -> Decision:
        """Judge one request, whose value, credentials and entry it may look at."""

    def may(self, entry: PvEntry, credentials: Credentials, operation: str) -> Decision:
        """Judge an operation (``'put'`` or ``'rpc'``) of which no value is known yet.

        For backends that publish access rights; allows unless overridden.
        """
        return ALLOW
