"""Who asks, as the protocol claims it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from copy import copy
from typing import Protocol

from .claims import MAX_NAME, shown_name


class KnownGroups(Protocol):
    """Holds the groups of users that have been looked up."""

    def known(self, who: Credentials) -> frozenset[str] | None:
        """Return the groups of a user; None while they are not known."""


class Credentials:
    """Who asks, as the protocol claims it: nothing here is authenticated.

    What cannot be printed of a name is escaped, what is too long is cut. A name changed so is a
    :class:`.ChangedName`, which equals no text of a rule; ``str()`` of it is what is shown.

    :param user: claimed user name
    :param host: numeric IP of the client
    :param protocol: name of the protocol, e.g. ``'pva'``
    :param claimed_host: host name the client gives itself, where the protocol has one
    :param roles: looks the user's groups up; may block, so it is called when first asked for, and
        a server keeps what it returns for all clients of that name and protocol
    :param max_name: most characters of a name that are shown
    """

    __slots__ = (
        "user", "host", "protocol", "claimed_host", "asker", "in_doubt", "_name", "_look_up",
        "_roles", "_kept",
    )  # fmt: skip

    def __init__(
        self,
        user: str,
        host: str,
        protocol: str,
        claimed_host: str = "",
        roles: Callable[[], frozenset[str]] | None = None,
        max_name: int = MAX_NAME,
    ) -> None:
        self.user, self._name = shown_name(user, max_name)
        self.host = host
        self.protocol = protocol
        self.claimed_host = shown_name(claimed_host, max_name)[0]
        # No group has a member with a name that cannot be shown.
        self._look_up = None if self._name is None else roles
        self._roles: frozenset[str] | None = None
        self._kept: KnownGroups | None = None
        #: the policies that are asked on a worker, where a first look-up may be waited for
        self.asker: object = None
        #: a policy has asked for groups that are not known: what it allows does not count
        self.in_doubt = False

    def is_user(self, names: Collection[str]) -> bool:
        """Tell whether the user is one of these; never for a name that is not shown as it came.

        Two such names may look like one, and like a name that somebody has written in a rule.
        """
        return self._name is not None and self._name in names

    @property
    def roles(self) -> frozenset[str]:
        """The user's groups; none while they are not known, or the request is answered.

        A policy that has asked for them while they are not known denies, whatever it returns: it
        might let in whom it should keep out. One whose rules only grant asks :meth:`has_role`.
        """
        found = self._found_roles()
        self.in_doubt = self.in_doubt or found is None
        return found or frozenset()

    def has_role(self, names: Collection[str]) -> bool:
        """Tell whether the user is known to be in one of these groups."""
        return not (self._found_roles() or frozenset()).isdisjoint(names)

    def _found_roles(self) -> frozenset[str] | None:
        if self._roles is None:
            look_up, kept = self._look_up, self._kept  # which an answer may forget at any moment
            if look_up is None:
                return frozenset()
            if kept is None:
                self._roles = look_up()
                self._look_up = None
            else:
                self._roles = kept.known(self)
        return self._roles

    @property
    def known_roles(self) -> frozenset[str] | None:
        """The user's groups if somebody has asked for them and they are known, else None."""
        return self._roles

    @property
    def look_up(self) -> Callable[[], frozenset[str]] | None:
        """Looks the groups up; None if there are none to be found."""
        return self._look_up

    def kept_by(self, groups: KnownGroups) -> Credentials:
        """Return the same for one request, with the roles that are known to ``groups``."""
        same = Credentials.__new__(Credentials)  # copy() takes eight times as long
        same.user, same.host, same.protocol = self.user, self.host, self.protocol
        same.claimed_host = self.claimed_host
        same._name, same._look_up = self._name, self._look_up  # noqa: SLF001 - its own class
        same._roles, same._kept = None, groups  # noqa: SLF001
        same.asker, same.in_doubt = None, False
        return same

    def as_shown(self) -> Credentials:
        """Return the same with names as plain text, for people and files, not for rules."""
        if type(self.user) is str and type(self.claimed_host) is str:
            return self
        shown = copy(self)
        shown.user, shown.claimed_host = str(self.user), str(self.claimed_host)
        return shown

    def release(self) -> None:
        """Forget how to look the roles up: the request is answered."""
        self._look_up = self._kept = None

    def __repr__(self) -> str:
        return f"Credentials({self.user!r}, {self.host!r}, {self.protocol!r})"
