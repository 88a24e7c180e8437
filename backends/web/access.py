"""Who a client is, and whether its request may come in at all.

A browser sends requests for any page that a person has open. What such a page can bring about is
kept out by two checks: the name by which the server is addressed, and the origin of a page that
writes or opens a socket. No cookie carries rights.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from multidict import CIMultiDictProxy

from roguebridge.backends.user_groups import groups_of
from roguebridge.core.requests import Credentials

from .log import log
from .settings import Settings
from .tokens import Tokens

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_BEARER = "bearer "


class Refused(Exception):
    """A request that is answered with an error.

    :param status: of HTTP
    :param reason: for the client
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Visitor(NamedTuple):
    """Who has sent a request.

    :param user: empty if nobody has vouched for one
    :param host: numeric address
    """

    user: str
    host: str

    def credentials(self, max_name: int) -> Credentials:
        """Return the same for policies and audit."""
        roles = partial(groups_of, self.user) if self.user else None
        return Credentials(self.user, self.host, "web", roles=roles, max_name=max_name)


@dataclass(slots=True)
class Access:
    """Lets requests in, by the settings of the server.

    :param tokens: those of the file
    """

    settings: Settings
    tokens: Tokens

    def visitor(self, peer: str, own: str, headers: CIMultiDictProxy[str]) -> Visitor:
        """Return who has sent a request.

        :param peer: address of the connection's other end
        :param own: address that it has connected to
        :raises Refused: if the server is addressed by a name that it does not have, or for a token
            that nobody has
        """
        self._check_host(own, headers.get("Host", ""))
        host, user = plain(peer), ""
        claimed = headers.getall(self.settings.user_header, ())
        if self._is_proxy(host):
            if len(claimed) > 1:
                raise Refused(400, f"more than one {self.settings.user_header}")
            user = claimed[0].strip() if claimed else ""
            host = _forwarded(headers) or host
        elif claimed:
            log.warning(
                "%s says in %s who its user is, and is none of web.proxies: it is ignored",
                host, self.settings.user_header, extra={"client": host},
            )  # fmt: skip
        given = headers.get("Authorization", "")
        if not user and given[: len(_BEARER)].lower() == _BEARER:
            user = self.user_of(given[len(_BEARER) :].strip())
        return Visitor(user, host)

    def user_of(self, token: str) -> str:
        """Return whose token it is.

        :raises Refused: if it is nobody's
        """
        user = self.tokens.user_of(token)
        if user is None:
            raise Refused(401, "the token is not known")
        return user

    def check_reader(self, visitor: Visitor) -> None:
        """Look whether somebody may read.

        :raises Refused: if not
        """
        if not visitor.user and not self.settings.anyone_reads:
            raise Refused(401, "only users may read: give a token")

    def check_origin(self, headers: CIMultiDictProxy[str]) -> None:
        """Look whether a page may write here, or open a socket; a script sends no origin.

        :raises Refused: if not
        """
        origin = headers.get("Origin", "").lower()
        if not origin:
            return
        netloc = origin.partition("://")[2]
        if netloc and netloc == headers.get("Host", "").lower():
            return
        if {origin, netloc} & set(self.settings.hosts):
            return
        raise Refused(403, f"a page of {origin} has no access: add it to web.hosts")

    def _check_host(self, own: str, given: str) -> None:
        name = _without_port(given.lower())
        known = {_without_port(one.partition("://")[2] or one) for one in self.settings.hosts}
        if name in known or name == plain(own) or name == self.settings.host:
            return
        if name in _LOOPBACK and _is_loopback(own):
            return
        raise Refused(421, f"this server is not called {name[:80]!r}: add it to web.hosts")

    def _is_proxy(self, peer: str) -> bool:
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self.settings.proxies)


def _forwarded(headers: CIMultiDictProxy[str]) -> str:
    """Return the address that the nearest proxy has seen; empty if it does not say."""
    given = headers.getall("X-Forwarded-For", ())
    if not given:
        return ""
    last = given[-1].rpartition(",")[2].strip()
    try:
        return plain(str(ipaddress.ip_address(last.strip("[]"))))
    except ValueError:
        raise Refused(400, f"X-Forwarded-For ends in {last[:80]!r}, which is no address") from None


def plain(address: str) -> str:
    """Return an address of IPv4 in its own form, also where a socket of IPv6 shows it."""
    return address.removeprefix("::ffff:").partition("%")[0]


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host if host.count(":") > 1 else host.partition(":")[0]


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(plain(address)).is_loopback
    except ValueError:
        return False
