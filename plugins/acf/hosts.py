"""The addresses of the hosts that rules name: looked up on a thread, again and again.

A request only compares addresses. A name that cannot be looked up has none, and matches nobody.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
import threading
from collections.abc import Callable, Iterable

_log = logging.getLogger("roguebridge.acf")

_FIRST = 2.0  # seconds that a start or reload waits for names it has not looked up before
_LAST = 1.0  # seconds that a stop waits for the look-up under way

Resolver = Callable[[str], Iterable[str]]


def look_up(host: str) -> list[str]:
    """Return all addresses of a host, from the system's resolver; blocks.

    :raises OSError: if there are none
    """
    return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


def numeric(text: str) -> str | None:
    """Return an address in its one spelling, None if ``text`` is none."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


class Hosts:
    """Knows the addresses of hosts.

    :param resolve: gives the addresses of one host; may block, raises ``OSError`` if it has none
    :param every: seconds between two look-ups
    """

    def __init__(self, resolve: Resolver, every: float) -> None:
        self._resolve = resolve
        self._every = every
        self._addresses: dict[str, frozenset[str]] = {}
        self._failed: set[str] = set()
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def is_one_of(self, address: str, hosts: frozenset[str]) -> bool:
        """Tell whether a numeric address is that of one of the hosts; never blocks."""
        known = numeric(address)
        addresses = self._addresses
        return known is not None and any(known in addresses.get(host, ()) for host in hosts)

    def addresses_of(self, host: str) -> frozenset[str]:
        """Return the addresses of a host as far as they are known; never blocks."""
        return self._addresses.get(host, frozenset())

    def learn(self, hosts: frozenset[str]) -> None:
        """Know just these hosts from now on; waits a moment for those that are new."""
        fixed = {host: numeric(host) for host in hosts}
        before = self._addresses
        self._failed &= hosts
        self._addresses = {
            host: before.get(host, frozenset()) if address is None else frozenset({address})
            for host, address in fixed.items()
        }
        new = [host for host, address in fixed.items() if address is None and host not in before]
        if new:
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
            try:
                found = [numeric(address) for address in self._resolve(host)]
                addresses = frozenset(address for address in found if address is not None)
                why = "it has no address"
            except (OSError, UnicodeError) as exc:  # the second: no name at all
                addresses, why = frozenset(), str(exc)
            except Exception as exc:
                addresses, why = frozenset(), repr(exc)
            self._note(host, addresses, why)

    def _note(self, host: str, addresses: frozenset[str], why: str) -> None:
        known = self._addresses
        if host in known:  # else it was forgotten meanwhile
            known[host] = addresses
        if addresses:
            self._failed.discard(host)
        elif host not in self._failed:
            self._failed.add(host)
            _log.warning("the host %s of an access rule matches nobody: %s", host, why)

    def start(self) -> None:
        """Begin to look names up from time to time."""
        end = self._end = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(end,), name="roguebridge-acf-hosts", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Look no more names up; one that takes long is not waited for."""
        self._end.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(_LAST)

    def _run(self, end: threading.Event) -> None:
        while not end.wait(self._every):
            self.refresh()
