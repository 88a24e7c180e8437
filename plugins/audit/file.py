"""The file of an audit trail: whole lines, and older files beside it.

The file is opened for each line. So a file that was moved or deleted is made again, a disk that was
full is tried again, and a stopped server holds no file open.
"""

from __future__ import annotations

import errno
import logging
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from logging.handlers import RotatingFileHandler

from roguebridge.core.errors import PluginError

_log = logging.getLogger("roguebridge.audit")

# A FIFO that nobody reads must not hold the server.
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0)


class AuditFile:
    """Appends lines; before a line would make the file too large, the file becomes ``<file>.1``.

    :param path: the file
    :param max_bytes: its greatest size; 0 for no limit
    :param backups: the number of older files, ``<file>.1`` the newest; 0 for no rotation
    """

    def __init__(self, path: str | os.PathLike[str], max_bytes: int, backups: int) -> None:
        self.path = os.path.abspath(path)
        self._max_bytes = max_bytes if backups else 0
        self._handler = RotatingFileHandler(self.path, backupCount=backups, delay=True)
        self._stuck = False  # the last rotation has failed

    def prepare(self) -> None:
        """Make the file if there is none, and end a line that a crash has torn.

        :raises PluginError: if it cannot be written
        """
        with self._opened() as fd:
            if self._is_torn():
                _append(fd, b"\n")

    def obstacle(self) -> str | None:
        """Return why the file cannot be written, as far as that can be seen without a try."""
        path = os.path.realpath(self.path)  # a link may point to a file that is still to be made
        reason: str | None = None
        needed = os.W_OK
        try:
            if not stat.S_ISREG(os.stat(path).st_mode):
                reason = "it is no regular file"
        except FileNotFoundError as exc:
            path, needed = os.path.dirname(path), os.W_OK | os.X_OK
            if not os.path.isdir(path):
                reason = exc.strerror
        except OSError as exc:
            reason = exc.strerror
        if reason is None and not os.access(path, needed):
            reason = os.strerror(errno.EACCES)
        return None if reason is None else self._unwritable(reason)

    def write(self, line: str) -> None:
        """Append a line.

        :param line: its text, without line end
        :raises PluginError: if it cannot be written; the file is as it was
        """
        data = line.encode() + b"\n"
        with self._opened() as fd:
            size = os.fstat(fd).st_size
            if not size or not self._max_bytes or size + len(data) <= self._max_bytes:
                _append(fd, data)
                return
        self._rotate()
        with self._opened() as fd:
            _append(fd, data)

    @contextmanager
    def _opened(self) -> Iterator[int]:
        try:
            fd = os.open(self.path, _FLAGS, 0o666)
            try:
                if not stat.S_ISREG(os.fstat(fd).st_mode):
                    raise OSError(errno.EINVAL, "it is no regular file")
                yield fd
            finally:
                os.close(fd)
        except OSError as exc:
            raise PluginError(self._unwritable(exc.strerror or exc)) from exc

    def _unwritable(self, reason: object) -> str:
        return f"the audit file {self.path} cannot be written: {reason}"

    def _is_torn(self) -> bool:
        with suppress(OSError), open(self.path, "rb") as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                return file.read(1) != b"\n"
        return False

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
    if os.write(fd, data) < len(data):  # the disk is full; no part of a line stays
        os.ftruncate(fd, size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
