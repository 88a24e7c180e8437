"""What clients are told of their access rights: found out once for all channels alike; on the loop.

Of a switch that has been turned, or a file read again, nobody tells: what the rights depend on is
looked at from time to time, once for all channels of a client's name under the same rules.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Hashable
from typing import TYPE_CHECKING

from roguebridge.core.backend import PvOwner
from roguebridge.core.concurrency import EventLoopThread, NetworkLog
from roguebridge.core.mapping import PvEntry
from roguebridge.core.requests import Credentials

if TYPE_CHECKING:
    from .channel import Channel
    from .circuit import Circuit

_log = NetworkLog(logging.getLogger("roguebridge.ca"))
_AT_ONCE = 200  # groups that one look is about; the others have their turn with the next one


class Group:
    """Channels with the same rights.

    :param owner: of one of their PVs, which is asked for all
    """

    __slots__ = (
        "key",
        "owner",
        "entry",
        "who",
        "operation",
        "channels",
        "allowed",
        "state",
        "asking",
    )

    def __init__(
        self, key: Hashable, owner: PvOwner, entry: PvEntry, who: Credentials, operation: str
    ) -> None:
        self.key = key
        self.owner = owner
        self.entry = entry
        self.who = who
        self.operation = operation
        self.channels: dict[Channel, None] = {}
        self.allowed: bool | None = None  # None until it is known
        self.state: Hashable = None
        self.asking = False


class SharedRights:
    """The rights of all channels of a server.

    :param loop: the server's
    """

    def __init__(self, loop: EventLoopThread) -> None:
        self._loop = loop
        self._groups: dict[Hashable, Group] = {}
        self._changing: OrderedDict[Hashable, Group] = OrderedDict()
        self._renamed: dict[Circuit, None] = {}

    def join(self, channel: Channel, who: Credentials, operation: str) -> None:
        """Have a channel told its rights, as soon as they are known and with each change.

        :param operation: what is asked for: ``put`` or ``rpc``
        """
        pv = channel.pv
        rules = _rights_key(pv.owner, pv.entry)
        key = (rules, operation, who.user, who.host, who.claimed_host)
        group = self._groups.get(key)
        if group is not None and group is channel.group:
            return
        self.leave(channel)
        if group is None:
            group = self._groups[key] = Group(key, pv.owner, pv.entry, who, operation)
        channel.group = group
        group.channels[channel] = None
        if group.allowed is not None:
            channel.set_rights(group.allowed)
        elif not group.asking:
            self._ask(group, _rights_state(pv.owner, who))

    def leave(self, channel: Channel) -> None:
        """Forget a channel."""
        group, channel.group = channel.group, None
        if group is not None:
            group.channels.pop(channel, None)
            if not group.channels:
                self._groups.pop(group.key, None)
                self._changing.pop(group.key, None)

    def renamed(self, circuit: Circuit) -> None:
        """A client has another name: its channels have other rights from the next look on."""
        self._renamed[circuit] = None

    def look(self) -> None:
        """Ask again where something has changed that rights depend on."""
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
                state = _rights_state(group.owner, group.who)
                if state is None or state != group.state:
                    self._ask(group, state)
            except Exception:
                _log.exception("the rights to %s cannot be found out", group.entry.pv_name)

    def _ask(self, group: Group, state: Hashable) -> None:
        group.asking = True
        group.state = state  # of before: what changes meanwhile is seen by the next look
        if state != ():
            self._changing[group.key] = group

        def tell(allowed: bool) -> None:
            if self._loop.here:
                self._told(group, allowed)
            else:
                self._loop.post(lambda: self._told(group, allowed))

        try:
            group.owner.may(group.entry, group.who, group.operation, tell)
        except Exception:
            group.asking = False
            raise

    def _told(self, group: Group, allowed: bool) -> None:
        group.asking = False
        if group.allowed is not allowed:
            group.allowed = allowed
            for channel in list(group.channels):
                try:
                    channel.set_rights(allowed)
                except Exception:  # the others must have theirs
                    _log.exception("the rights to %s cannot be found out", channel.name)


def _rights_key(owner: PvOwner, entry: PvEntry) -> Hashable:
    """Return the key of the owner's rights; without one the PV shares its rights with no other."""
    if hasattr(owner, "rights_key"):
        return owner.rights_key(entry)
    return id(owner), entry.pv_name


def _rights_state(owner: PvOwner, who: Credentials) -> Hashable:
    """Return the state of the owner's rights; without one, () if they never change, else None."""
    if hasattr(owner, "rights_state"):
        return owner.rights_state(who)
    return None if owner.rights_change else ()
