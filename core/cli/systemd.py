"""Tells systemd how the service is: ready, reloading, stopping, alive (``Type=notify``)."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping

_log = logging.getLogger("roguebridge.systemd")
_LONGEST = 200  # characters of a status


class ServiceManager:
    """Sends the state of the service; does nothing where no service manager has asked for it.

    Nothing here blocks or raises: a service manager that is gone costs the service no client.

    :param environment: ``NOTIFY_SOCKET`` is the address, ``WATCHDOG_USEC`` the time within which
        ``WATCHDOG=1`` must be sent again, in microseconds
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        pid = environment.get("WATCHDOG_PID", "")
        mine = pid in ("", str(os.getpid()))
        micros = environment.get("WATCHDOG_USEC", "") if mine else ""
        #: seconds within which :meth:`keep_alive` must tell that the service is alive; 0: never
        self.watchdog = int(micros) / 1e6 if micros.isdecimal() else 0.0
        self._ended = threading.Event()
        self._watcher: threading.Thread | None = None

    def ready(self, status: str) -> None:
        """Clients can connect, or a reload has ended."""
        self._send("READY=1", f"STATUS={_line(status)}")

    def status(self, status: str) -> None:
        """Something has changed that ``systemctl status`` is to show."""
        self._send(f"STATUS={_line(status)}")

    def reloading(self) -> None:
        """A reload begins; :meth:`ready` ends it."""
        micros = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000  # which systemd compares
        self._send("RELOADING=1", f"MONOTONIC_USEC={micros}")

    def stopping(self) -> None:
        """The service stops; it is no longer watched."""
        self._ended.set()
        self._send("STOPPING=1", "STATUS=stopping")

    def keep_alive(self, trouble: Callable[[], str | None]) -> None:
        """Tell twice within each time of the watchdog that the service is alive, while it is.

        :param trouble: returns why it is not, else None
        """
        if not (self._address and self.watchdog) or self._watcher is not None:
            return
        self._watcher = threading.Thread(
            target=self._watch, args=(trouble,), name="roguebridge-systemd", daemon=True
        )
        self._watcher.start()

    def _watch(self, trouble: Callable[[], str | None]) -> None:
        before = None
        while not self._ended.wait(self.watchdog / 2):
            why = trouble()
            if why is None:
                self._send("WATCHDOG=1")
            elif why != before:
                self.status(why)
                _log.error("systemd gets no sign of life: %s", why)
            before = why

    def _send(self, *fields: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
                out.setblocking(False)
                out.sendto("\n".join(fields).encode(), self._address)
        except OSError as exc:
            _log.warning("cannot send %s to systemd: %s", fields[0], exc)


def _line(text: str) -> str:
    return " ".join(text.split())[:_LONGEST]
