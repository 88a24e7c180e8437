"""The access rights that clients are shown: asked for once for all channels alike; on the loop.

No plugin reports that a switch was turned, or a file read again. So the state that rights depend
on is looked at from time to time, once for all channels of a client's name under the same rules.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from ..concurrency.event_loop import EventLoopThread
from ..concurrency.network_log import NetworkLog
from ..mapping.pv_map import PvEntry
from ..requests.credentials import Credentials
from .contract import PvOwner

_LOOK_EVERY = 1.0  # seconds
_AT_ONCE = 200  # groups in one look; the next look goes on with the others


class Subject(Protocol):
    """A channel that has rights."""

    name: str
    group: RightsGroup | None

    @property
    def pv(self) -> Any:
        """The PV, with ``entry`` and ``owner``."""

    def set_rights(self, allowed: bool) -> None:
        """Note the rights, and show the client a change."""

    def ask_rights_again(self) -> None:
        """Join the group of the client's present name."""


@dataclass(slots=True, eq=False)
class RightsGroup:
    """Channels with the same rights.

    :param owner: of one of their PVs, which is asked for all
    :param state: see :meth:`.PvOwner.rights_state`; of the last time that the owner was asked
    :param allowed: None until it is known
    """

    key: Hashable
    owner: PvOwner
    entry: PvEntry
    who: Credentials
    operation: str
    channels: dict[Subject, None] = field(default_factory=dict)
    allowed: bool | None = None
    state: Hashable = None
    asking: bool = False


class SharedRights:
    """The rights of all channels of a server.

    :param loop: the server's
    """

    def __init__(self, loop: EventLoopThread) -> None:
        self._loop = loop
        self._log = NetworkLog(logging.getLogger(f"roguebridge.{loop.name}"))
        self._groups: dict[Hashable, RightsGroup] = {}
        self._changing: OrderedDict[Hashable, RightsGroup] = OrderedDict()
        self._renamed: dict[Any, None] = {}  # circuits

    def join(self, channel: Subject, who: Credentials, operation: str) -> None:
        """Set a channel's rights as soon as they are known, and with each change.

        :param operation: what is asked for: ``put`` or ``rpc``
        """
        owner, entry = channel.pv.owner, channel.pv.entry
        key = (owner.rights_key(entry), operation, who.user, who.host, who.claimed_host)
        group = self._groups.get(key)
        if group is not None and group is channel.group:
            return
        self.leave(channel)
        if group is None:
            group = self._groups[key] = RightsGroup(key, owner, entry, who, operation)
        channel.group = group
        group.channels[channel] = None
        if group.allowed is not None:
            channel.set_rights(group.allowed)
        elif not group.asking:
            self._ask(group, owner.rights_state(who))

    def leave(self, channel: Subject) -> None:
        """Forget a channel."""
        group, channel.group = channel.group, None
        if group is not None:
            group.channels.pop(channel, None)
            if not group.channels:
                self._groups.pop(group.key, None)
                self._changing.pop(group.key, None)

    def renamed(self, circuit: Any) -> None:
        """A client has another name: its channels have other rights from the next look on."""
        self._renamed[circuit] = None

    def look_again(self) -> None:
        """Ask again where the state has changed that rights depend on, now and regularly."""
        try:
            self._look()
        finally:
            self._loop.later(_LOOK_EVERY, self.look_again)

    def _look(self) -> None:
        renamed, self._renamed = self._renamed, {}
        for circuit in renamed:
            for channel in list(circuit.channels.values()):
                channel.ask_rights_again()
        for key in list(self._changing)[:_AT_ONCE]:
            group = self._changing[key]
            self._changing.move_to_end(key)
            if group.asking:
                continue
            try:
                state = group.owner.rights_state(group.who)
                if state is None or state != group.state:
                    self._ask(group, state)
            except Exception:
                self._log.exception("the rights to %s cannot be found out", group.entry.pv_name)

    def _ask(self, group: RightsGroup, state: Hashable) -> None:
        group.asking = True
        group.state = (
            state  # noted before the owner answers: the next look sees a change from now on
        )
        if state != ():
            self._changing[group.key] = group

        try:
            group.owner.may(group.entry, group.who, group.operation, partial(self._set, group))
        except Exception:
            group.asking = False
            raise

    def _set(self, group: RightsGroup, allowed: bool) -> None:
        if not self._loop.here:
            self._loop.post(partial(self._set, group, allowed))
            return
        group.asking = False
        if group.allowed is not allowed:
            group.allowed = allowed
            for channel in list(group.channels):
                try:
                    channel.set_rights(allowed)
                except Exception:  # the other channels get their rights all the same
                    self._log.exception("the rights to %s cannot be found out", channel.name)
