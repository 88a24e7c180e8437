"""Where the web backend listens, and what it lets clients do; all that can be checked is."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self
from urllib.parse import urlsplit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_READ = ("all", "users", None)


@dataclass(frozen=True, slots=True)
class Settings:
    """The argument ``web`` of a server; see :class:`.WebOptions`."""

    host: str = "127.0.0.1"
    port: int = 8080
    hosts: tuple[str, ...] = ()
    read: str | None = None
    tokens: str = ""
    proxies: tuple[Network, ...] = ()
    user_header: str = "X-Forwarded-User"
    certificate: str = ""
    key: str = ""
    frames: tuple[str, ...] = ()
    frame_rate: float = 10.0
    max_clients: int = 1000
    max_clients_per_host: int = 100
    max_subscriptions: int = 10_000

    @classmethod
    def of(cls, **given: Any) -> Self:
        """Return the settings for the arguments as a site gives them.

        :raises TypeError: for an argument of the wrong type
        :raises ValueError: for a value that has no meaning
        """
        for name in ("host", "user_header"):
            _check_text(name, given[name])
            if not given[name]:
                raise ValueError(f"web: {name} is empty")
        for name in ("tokens", "certificate", "key"):
            _check_text(name, given[name])
        for name in ("hosts", "proxies", "frames"):
            given[name] = _texts(name, given[name])
        try:
            ipaddress.ip_address(given["host"])
        except ValueError:
            text = f"web: host must be an address such as 127.0.0.1, not {given['host']!r}"
            raise ValueError(text) from None
        if given["read"] not in _READ:
            raise ValueError(f"web: read must be 'all', 'users' or None, not {given['read']!r}")
        if given["key"] and not given["certificate"]:
            raise ValueError("web: key is given, and certificate is not")
        given["hosts"] = tuple(host.lower() for host in given["hosts"])
        given["proxies"] = tuple(map(_network, given["proxies"]))
        given["frames"] = tuple(map(_origin, given["frames"]))
        _check_numbers(given)
        return cls(**given)

    @property
    def address(self) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
        """The address to listen on."""
        return ipaddress.ip_address(self.host)

    @property
    def scheme(self) -> str:
        """``http`` or ``https``."""
        return "https" if self.certificate else "http"

    @property
    def anyone_reads(self) -> bool:
        """True if clients need not say who they are to read."""
        return self.read == "all" or (self.read is None and self.address.is_loopback)


def _check_text(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise TypeError(f"web: {name} must be a str, not {value!r}")


def _texts(name: str, value: Any) -> tuple[str, ...]:
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    if not is_list or not all(isinstance(one, str) and one for one in value):
        raise TypeError(f"web: {name} must be a list of str, not {value!r}")
    return tuple(value)


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError as exc:
        raise ValueError(f"web: proxies: {text!r} is no address and no network: {exc}") from None


def _origin(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc or set(text) & set(" ;,'\""):
        raise ValueError(f"web: frames: {text!r} is no origin such as https://screens.lab.org")
    return f"{parts.scheme}://{parts.netloc}".lower()


def _check_numbers(given: dict[str, Any]) -> None:
    kinds = {field.name: field.type for field in fields(Settings)}
    for name, value in given.items():
        if kinds[name] == "int":
            least, most = (0, 65_535) if name == "port" else (1, 2**31)
            if not isinstance(value, int) or isinstance(value, bool):
                raise TypeError(f"web: {name} must be an integer, not {value!r}")
            if not least <= value <= most:
                raise ValueError(f"web: {name} must be from {least} to {most}, not {value!r}")
        elif kinds[name] == "float":
            if not isinstance(value, (int, float)) or isinstance(value, bool):
                raise TypeError(f"web: {name} must be a number, not {value!r}")
            if not 0 < value < math.inf:
                raise ValueError(f"web: {name} must be greater than 0, not {value!r}")
