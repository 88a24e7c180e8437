"""Where a Channel Access server listens, and who gets its beacons: as an IOC, from settings.

Settings of the server count first, then the environment, which is only read: caproto and libca look
into it for clients of the same process too.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from roguebridge.core.errors import BackendError

from ..addresses import resolved

PORT = "EPICS_CAS_SERVER_PORT"
INTERFACES = "EPICS_CAS_INTF_ADDR_LIST"
_SHARED_PORT = "EPICS_CA_SERVER_PORT"
_BEACONS = "EPICS_CAS_BEACON_ADDR_LIST"
_AUTO_BEACONS = "EPICS_CAS_AUTO_BEACON_ADDR_LIST"
_BEACON_PORTS = ("EPICS_CAS_BEACON_PORT", "EPICS_CA_REPEATER_PORT")
_PERIOD = "EPICS_CAS_BEACON_PERIOD"
_IGNORED = "EPICS_CAS_IGNORE_ADDR_LIST"
_ANY = "0.0.0.0"  # noqa: S104 - what EPICS calls all interfaces
_USUAL_PORT, _USUAL_BEACON_PORT, _USUAL_PERIOD = 5064, 5065, 15.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Where to listen.

    :param interfaces: addresses to bind
    :param port: for searches, and wished for connections; 0 for any free one
    :param own: True if the port was given to this server, which takes no other
    :param shared: True if other servers of the host may have the port for searches too
    :param beacons: (address, port) that get beacons
    :param period: seconds between beacons, in the end
    :param ignored: hosts whose searches are not answered
    """

    interfaces: tuple[str, ...]
    port: int
    own: bool
    shared: bool
    beacons: tuple[tuple[str, int], ...] = ()
    period: float = _USUAL_PERIOD
    ignored: frozenset[str] = frozenset()

    @property
    def host(self) -> str:
        """The address by which a client of this host reaches the server."""
        return "127.0.0.1" if self.everywhere else self.interfaces[0]

    @property
    def everywhere(self) -> bool:
        """True if the server listens on all interfaces."""
        return self.interfaces[0] == _ANY


def settings_of(conf: Mapping[str, str], isolate: bool) -> Settings:
    """Return where to listen.

    :param conf: settings given to this server, over those of the environment
    :param isolate: loopback, a free port and no beacons; the environment does not count
    :raises BackendError: for a setting that is no port number, or an address that is none
    """
    given = _given(conf, isolate)
    own = given.get(PORT, "")
    usual = 0 if isolate else _USUAL_PORT
    port = _port(PORT, own) or _port(_SHARED_PORT, given.get(_SHARED_PORT, "")) or usual
    interfaces = _addresses(INTERFACES, given.get(INTERFACES, ""))
    if not interfaces:
        interfaces = ("127.0.0.1",) if isolate else (_ANY,)
    if _ANY in interfaces:
        interfaces = (_ANY,)
    return Settings(
        interfaces,
        port,
        bool(own),
        shared=not isolate,
        beacons=() if isolate else _beacons(given, interfaces),
        period=_number(_PERIOD, given.get(_PERIOD, "")) or _USUAL_PERIOD,
        ignored=frozenset(_addresses(_IGNORED, given.get(_IGNORED, ""))),
    )


def check_ports(conf: Mapping[str, str], isolate: bool) -> None:
    """Look whether the ports are numbers; names of hosts are resolved at the start.

    :raises BackendError: for a setting that is no port number
    """
    given = _given(conf, isolate)
    for name in (PORT, _SHARED_PORT, *_BEACON_PORTS):
        _port(name, given.get(name, ""))
    _number(_PERIOD, given.get(_PERIOD, ""))


def _given(conf: Mapping[str, str], isolate: bool) -> Mapping[str, str]:
    return {**({} if isolate else os.environ), **conf}


def _addresses(setting: str, text: str) -> tuple[str, ...]:
    # Lists of clients have a port behind an address; a server has one port.
    words = resolved(setting, text)
    return tuple(dict.fromkeys(word.partition(":")[0] for word in words))


def _beacons(given: Mapping[str, str], interfaces: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    # EPICS_CA_ADDR_LIST is the list of clients: no IOC sends beacons to it since EPICS base 3.15.
    ports = (_port(name, given.get(name, "")) for name in _BEACON_PORTS)
    port = next(filter(None, ports), _USUAL_BEACON_PORT)
    words = (word.partition(":") for word in resolved(_BEACONS, given.get(_BEACONS, "")))
    found = [(host, _port(_BEACONS, its_port) or port) for host, _, its_port in words]
    if given.get(_AUTO_BEACONS, "YES").upper() != "NO":
        # Only clients of this host can connect to loopback: its own repeater is enough.
        local = all(host.startswith("127.") for host in interfaces)
        found.append(("127.0.0.1" if local else "255.255.255.255", port))
    return tuple(dict.fromkeys(found))


def _port(name: str, value: str) -> int:
    if value and not (value.strip().isdecimal() and int(value) < 65536):
        raise BackendError(f"{name}: {value!r} is no port number")
    return int(value or 0)


def _number(name: str, value: str) -> float:
    try:
        return float(value or 0)
    except ValueError:
        raise BackendError(f"{name}: {value!r} is no number") from None
