"""A relay between a PVAccess client and a server of this host; it counts what the server sends."""

import contextlib
import socket
import threading

HOST = "127.0.0.2"  # the server, on the same port, has 127.0.0.1


class Relay:
    """Passes connections on.

    :param conf: client settings that reach the server directly
    :raises OSError: where the system has one loopback address only
    """

    def __init__(self, conf):
        self.sent = 0  # bytes
        self._conf = dict(conf)
        self._server = ("127.0.0.1", int(conf["EPICS_PVA_SERVER_PORT"]))
        self._sockets = [socket.create_server((HOST, self._server[1]))]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def conf(self):
        """Client settings that reach the server through the relay and not else."""
        return {
            **self._conf,
            "EPICS_PVA_ADDR_LIST": "",
            "EPICS_PVA_NAME_SERVERS": f"{HOST}:{self._server[1]}",
        }

    def close(self):
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._sockets[0].accept()
                server = socket.create_connection(self._server)
                self._sockets += [client, server]
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self._pass, args=ends, daemon=True).start()

    def _pass(self, source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if source.getpeername() == self._server:
                    self.sent += len(data)
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
