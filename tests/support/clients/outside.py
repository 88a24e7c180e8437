"""A network of this process's own: loopback, and one way out, on which all that leaves is seen.

For a process with one thread, before it opens a socket. Linux only, and not where the system
lets nobody have that: then :class:`Forbidden` is raised.
"""

import ctypes
import fcntl
import os
import select
import socket
import struct

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_MAKE, _TAP_OF_FRAMES = 0x400454CA, 0x1002
_GET_FLAGS, _SET_FLAGS, _SET_ADDRESS, _SET_MASK, _ADD_ROUTE = 0x8913, 0x8914, 0x8916, 0x891C, 0x890B
_UP, _BY_GATEWAY = 1, 3
_IPV6_OF_THE_KERNEL = (0, 58)  # it looks for neighbours by itself
ADDRESS, GATEWAY = "192.0.2.1", "192.0.2.254"


class Forbidden(Exception):
    """Nobody has a network of his own on this system."""


class Outside:
    """Hears what leaves loopback, from when it is made."""

    def __init__(self):
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(_NEW_NETWORK) and libc.unshare(_NEW_USER | _NEW_NETWORK):
            raise Forbidden(os.strerror(ctypes.get_errno()))
        try:
            self._tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(self._tap, _MAKE, struct.pack("16sH22x", b"out", _TAP_OF_FRAMES))
        except OSError as exc:
            raise Forbidden(str(exc)) from exc
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for command, address in ((_SET_ADDRESS, ADDRESS), (_SET_MASK, "255.255.255.0")):
                fcntl.ioctl(sock, command, struct.pack("16s16s8x", b"out", _packed(address)))
            for device in (b"lo", b"out"):
                found = fcntl.ioctl(sock, _GET_FLAGS, struct.pack("16sH22x", device, 0))
                (flags,) = struct.unpack_from("H", found, 16)
                fcntl.ioctl(sock, _SET_FLAGS, struct.pack("16sH22x", device, flags | _UP))
            addresses = [_packed(address) for address in ("0.0.0.0", GATEWAY, "0.0.0.0")]  # noqa: S104
            fcntl.ioctl(sock, _ADD_ROUTE, struct.pack("L16s16s16sH62x", 0, *addresses, _BY_GATEWAY))

    def heard(self, limit=0.0):
        """What has left since it was last asked: (protocol, address, port).

        :param limit: how many seconds to wait for the first
        """
        found = []
        while select.select([self._tap], [], [], 0 if found else limit)[0]:
            frame = os.read(self._tap, 65536)
            if (where := _destination(frame)) is not None:
                found.append(where)
        return found


def _packed(address):
    return struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(address))


def _destination(frame):
    (kind,) = struct.unpack_from("!H", frame, 12)
    if kind == 0x0806:
        return "arp", socket.inet_ntoa(frame[38:42]), 0
    if kind == 0x0800:
        protocol, start = frame[23], 14 + 4 * (frame[14] & 15)
        address = socket.inet_ntoa(frame[30:34])
    else:
        protocol, start = frame[20], 54
        address = socket.inet_ntop(socket.AF_INET6, frame[38:54])
        if kind != 0x86DD or protocol in _IPV6_OF_THE_KERNEL:
            return None
    (port,) = struct.unpack_from("!H", frame, start + 2)
    return {6: "tcp", 17: "udp"}.get(protocol, str(protocol)), address, port
