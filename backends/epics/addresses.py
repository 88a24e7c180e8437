"""The addresses in a setting of EPICS, names of hosts resolved.

A name is looked up when the server starts, on the thread that starts it: a name server that is
slow must not hold up a network thread, and a typing error must not serve a wrong network.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping

from roguebridge.core.errors import BackendError

_BEACONS, _CLIENTS = "EPICS_PVAS_BEACON_ADDR_LIST", "EPICS_PVA_ADDR_LIST"
_PVA_LISTS = ("EPICS_PVAS_INTF_ADDR_LIST", "EPICS_PVAS_IGNORE_ADDR_LIST", _BEACONS, _CLIENTS)
_WORD = re.compile(r"(?P<host>\[[^\[\]]*\]|[^:,@\[\]]+)(?::(?P<port>[^,@]*))?(?P<rest>[,@].*)?")


def resolved(setting: str, text: str) -> list[str]:
    """Return the words of a list of addresses, with a number for each name of a host.

    :param setting: name of the setting, for errors
    :param text: addresses, each with a port and, for multicast, the rest that PVXS knows
    :raises BackendError: naming setting and word, and why it is no address
    """
    return [_resolved(setting, word) for word in text.split()]


def resolved_lists(conf: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of a PVAccess server that are lists of addresses, with names resolved.

    :param conf: settings given to the server, over those of the environment
    :raises BackendError: as :func:`resolved`
    """
    given = {name: conf.get(name) or environ.get(name, "") for name in _PVA_LISTS}
    if given[_BEACONS]:
        del given[_CLIENTS]  # which counts only in its place
    return {name: " ".join(resolved(name, text)) for name, text in given.items() if text}


def _resolved(setting: str, word: str) -> str:
    found = _WORD.fullmatch(word)
    if found is None:
        raise BackendError(f"{setting}: {word!r} is no address")
    host, port, rest = found.group("host", "port", "rest")
    if port is not None and not (port.isdecimal() and port.isascii() and int(port) < 65536):
        raise BackendError(f"{setting}: {word!r}: {port!r} is no port number")
    number = host if host.startswith("[") else _number_of(setting, word, host)
    return f"{number}{'' if port is None else f':{port}'}{rest or ''}"


def _number_of(setting: str, word: str, host: str) -> str:
    if set(host) <= set("0123456789."):
        # The system would take 10.1 for 10.0.0.1, which nobody means.
        try:
            return socket.inet_ntop(socket.AF_INET, socket.inet_pton(socket.AF_INET, host))
        except OSError:
            raise BackendError(f"{setting}: {word!r} is no address") from None
    try:
        answers = socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as exc:
        reason = getattr(exc, "strerror", None) or str(exc)
        raise BackendError(f"{setting}: {word!r} cannot be resolved: {reason}") from exc
    return str(answers[0][4][0])
