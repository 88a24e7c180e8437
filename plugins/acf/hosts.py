"""The addresses of the hosts that rules name: looked up on a thread, from time to time.

A request only compares addresses. A name that cannot be looked up has none: no client matches.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
import threading
from collections.abc import Callable, Iterable

from roguebridge.core.concurrency import NetworkLog

_log = NetworkLog(logging.getLogger("roguebridge.acf"))

_FIRST = 2.0  # seconds that a start or reload waits for names it has not looked up before
_LAST = 1.0  # seconds that a stop waits for the look-up under way

Resolver = Callable[[str], Iterable[str]]


def look_up(host: str) -> list[str]:
    """Return all addresses of a host, from the system's resolver; blocks.

    :raises OSError: if there are none
    """
    return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


def numeric(text: str) -> str | None:
    """Return an address in its standard spelling, None if ``text`` is no address."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


class Hosts:
    """The known addresses of hosts.

    :param resolve: gives the addresses of one host; may block, raises ``OSError`` if it has none
    :param every: seconds between two look-ups
    """

    def __init__(self, resolve: Resolver, every: float) -> None:
        self._resolve = resolve
        self._every = every
        self._addresses: dict[str, frozenset[str]] = {}  # by host; replaced as a whole by `learn`
        self._failed: set[str] = set()
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def is_one_of(self, address: str, hosts: frozenset[str]) -> bool:
        """Tell whether a numeric address is that of one of the hosts; never blocks."""
        known = numeric(address)
        return known is not None and any(known in self.addresses_of(host) for host in hosts)

    def addresses_of(self, host: str) -> frozenset[str]:
        """Return the known addresses of a host; never blocks."""
        return self._addresses.get(host, frozenset())

    def learn(self, hosts: frozenset[str]) -> None:
        """Know just these hosts from now on; waits a moment for those that are new."""
        fixed = {host: frozenset({address}) for host in hosts if (address := numeric(host))}
        before = self._addresses
        self._failed &= hosts
        self._addresses = {host: before.get(host, frozenset()) for host in hosts} | fixed
        new = hosts - before.keys() - fixed.keys()
        if new:
            # Daemon: a look-up that hangs does not keep the process from its end.
            thread = threading.Thread(
                target=self._look_up, args=(new,), name="roguebridge-acf-first", daemon=True
            )
            thread.start()
            thread.join(_FIRST)

    def refresh(self) -> None:
        """Look all names up now; blocks."""
        self._look_up([host for host in self._addresses if numeric(host) is None])

    def _look_up(self, hosts: Iterable[str]) -> None:
        for host in hosts:
            found: list[str | None] = []
            why = "it has no address"
            try:
                found = [numeric(address) for address in self._resolve(host)]
            except (OSError, UnicodeError) as exc:  # UnicodeError: this is no host name
                why = str(exc)
            except Exception as exc:
                why = repr(exc)
            addresses = frozenset(address for address in found if address)
            known = self._addresses
            if host in known:  # else `learn` has dropped it meanwhile
                known[host] = addresses
            if addresses:
                self._failed.discard(host)
            elif host not in self._failed:
                self._failed.add(host)
                _log.warning("the host %s of an access rule matches no client: %s", host, why)

    def start(self) -> None:
        """Begin to look names up from time to time."""
        end = self._end = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(end,), name="roguebridge-acf-hosts", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop the look-ups; waits a moment for the one that runs."""
        self._end.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(_LAST)

    def _run(self, end: threading.Event) -> None:
        while not end.wait(self._every):
            self.refresh()
