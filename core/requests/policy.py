"""Who may put or call: credentials, decisions and the policy contract."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .credentials import Credentials

if TYPE_CHECKING:
    from ..mapping.pv_map import PvEntry
    from .request import PutRequest, RpcRequest


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
    #: True if :meth:`may` tells a client the same of all nodes it guards, but for variables and
    #: commands: what it tells of one is then taken for the others
    alike: bool = False

    @abstractmethod
    def decide(self, request: PutRequest | RpcRequest) -> Decision:
        """Judge one request, whose value, credentials and entry it may look at."""

    def may(self, entry: PvEntry, credentials: Credentials, operation: str) -> Decision:
        """Judge an operation (``'put'`` or ``'rpc'``) of which no value is known yet.

        For backends that publish access rights; allows unless overridden.
        """
        return ALLOW

    def state(self) -> object:
        """Return what :meth:`may` depends on besides its arguments; never blocks.

        A policy that is asked again is asked only if it is not equal to before; None to be asked
        from time to time.
        """
        return None
