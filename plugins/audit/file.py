"""The file of an audit trail: whole lines, rotated, and written again as soon as it can be.

It is opened for each line: a file that is moved, deleted or on a disk that was full for a while
needs no care, and a stopped server holds none.
"""

from __future__ import annotations

import errno
import logging
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from logging.handlers import RotatingFileHandler

_log = logging.getLogger("roguebridge.audit")

# A FIFO that nobody reads must not hold the server.
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0)


class AuditFile:
    """Appends lines; before one would make the file too large it becomes ``<file>.1``.

    :param path: the file
    :param max_bytes: its greatest size; 0 for no limit
    :param backups: how many older files are kept, ``<file>.1`` the newest; 0 for no rotation
    """

    def __init__(self, path: str | os.PathLike[str], max_bytes: int, backups: int) -> None:
        self.path = os.path.abspath(path)
        self._max_bytes = max_bytes
        self._handler = RotatingFileHandler(self.path, backupCount=backups, delay=True)
        self._stuck = False  # the last rotation has failed

    def prepare(self) -> None:
        """Make the file if there is none, and end a line that a crash has torn.

        :raises OSError: if it cannot be written
        """
        with self._opened() as fd:
            if self._is_torn():
                _append(fd, b"\n")

    def obstacle(self) -> str | None:
        """Return why the file cannot be written, as far as that can be seen; nothing is made."""
        path = os.path.realpath(self.path)  # a link may point to what is not there yet
        try:
            if not stat.S_ISREG(os.stat(path).st_mode):
                return "it is no regular file"
            needed = os.W_OK
        except FileNotFoundError:
            path, needed = os.path.dirname(path), os.W_OK | os.X_OK
            if not os.path.isdir(path):
                return os.strerror(errno.ENOENT)
        except OSError as exc:
            return exc.strerror
        return None if os.access(path, needed) else os.strerror(errno.EACCES)

    def write(self, line: str) -> None:
        """Append a line.

        :param line: its text, without line end
        :raises OSError: if it cannot be written; the file is as it was
        """
        data = line.encode() + b"\n"
        with self._opened() as fd:
            if not self._is_full(os.fstat(fd).st_size, len(data)):
                _append(fd, data)
                return
        self._rotate()
        with self._opened() as fd:
            _append(fd, data)

    @contextmanager
    def _opened(self) -> Iterator[int]:
        fd = os.open(self.path, _FLAGS, 0o666)
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise OSError(errno.EINVAL, "it is no regular file")
            yield fd
        finally:
            os.close(fd)

    def _is_torn(self) -> bool:
        with suppress(OSError), open(self.path, "rb") as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                return file.read(1) != b"\n"
        return False

    def _is_full(self, size: int, more: int) -> bool:
        rotates = self._max_bytes and self._handler.backupCount
        return bool(rotates) and size > 0 and size + more > self._max_bytes

    def _rotate(self) -> None:
        try:
            self._handler.doRollover()
            self._stuck = False
        except OSError as exc:
            if not self._stuck:
                _log.warning("the audit file %s grows: it cannot be rotated: %s", self.path, exc)
            self._stuck = True


def _append(fd: int, data: bytes) -> None:
    size = os.fstat(fd).st_size
    if os.write(fd, data) < len(data):  # as much as there was room for
        os.ftruncate(fd, size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
