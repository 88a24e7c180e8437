"""The audit trail: every put and call as a line of JSON, in a rotating file or a logger."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any

from roguebridge.core.errors import PluginError
from roguebridge.core.hooks import hookimpl
from roguebridge.core.requests import RequestRecord

from .file import AuditFile
from .line import line_of

_ONLY = ("all", "trapwrite")
_KEYS = ("file", "logger", "level", "max_bytes", "backups", "only")


class Audit:
    """Writes every put and call, allowed, denied or failed, as one JSON object per line.

    The server refuses to start if they cannot be written. What cannot be written later is
    counted, and the next line that can be says how many are missing.

    :param file: file that is appended to
    :param logger: name of a logger that gets each line as the message of a record; not one
        under ``pyrogue``
    :param level: number or name of these records' level
    :param max_bytes: size at which the file becomes ``<file>.1``; 0 for never
    :param backups: how many older files are kept; 0 for one file that grows
    :param only: ``'all'``, or ``'trapwrite'`` for what a rule with TRAPWRITE has allowed
    :raises TypeError: for an argument of the wrong type
    :raises ValueError: for one that cannot be used, or neither file nor logger
    """

    def __init__(
        self,
        file: str | os.PathLike[str] | None = None,
        *,
        logger: str | None = None,
        level: int | str = logging.INFO,
        max_bytes: int = 10_000_000,
        backups: int = 10,
        only: str = "all",
    ) -> None:
        if file is not None and not isinstance(file, (str, os.PathLike)):
            raise TypeError(f"audit: file must be a file name, not {file!r}")
        if logger is not None and not isinstance(logger, str):
            raise TypeError(f"audit: logger must be the name of a logger, not {logger!r}")
        if not file and not logger:
            raise ValueError("audit: give a file or a logger")
        if logger and logger.partition(".")[0] == "pyrogue":
            raise ValueError(
                f"audit: the logger {logger!r} is PyRogue's: each of its records takes the tree a "
                "millisecond and updates a variable"
            )
        for name, number in (("max_bytes", max_bytes), ("backups", backups)):
            if not isinstance(number, int) or isinstance(number, bool) or number < 0:
                raise ValueError(f"audit: {name} must be a whole number, not {number!r}")
        if only not in _ONLY:
            raise ValueError(f"audit: only must be one of {_ONLY}, not {only!r}")
        self._level = _level(level)
        self._only = only
        self._file = AuditFile(file, max_bytes, backups) if file else None
        self._logger = logging.getLogger(logger) if logger else None
        self._lost = 0  # since the last line
        self._unwritten = 0  # since the last line in the file

    @classmethod
    def from_option(cls, value: Any) -> Audit:
        """Return what the constructor's argument ``audit`` stands for.

        :param value: a file, or a mapping of the arguments of this class
        :raises TypeError: for anything else
        :raises ValueError: for an unknown key or a value that cannot be used
        """
        if isinstance(value, (str, os.PathLike)):
            return cls(value)
        if not isinstance(value, Mapping):
            raise TypeError(f"audit must be a file name or a mapping, not {value!r}")
        unknown = [key for key in value if key not in _KEYS]
        if unknown:
            raise ValueError(f"audit: unknown keys {unknown}; there are {list(_KEYS)}")
        return cls(**value)

    @hookimpl
    def server_starting(self, server: Any) -> None:
        """Refuse to start if records would be lost.

        :raises PluginError: naming file or logger
        """
        if self._file is not None:
            try:
                self._file.prepare()
            except OSError as exc:
                raise PluginError(self._unwritable(exc.strerror or exc)) from exc
        logger = self._logger
        if logger is None:
            return
        if not logger.isEnabledFor(self._level) and logger.level == logging.NOTSET:
            logger.setLevel(self._level)  # nobody has said that it should be silent
        dropped = self._dropped()
        if dropped is not None:
            raise PluginError(dropped)

    @hookimpl
    def find_refusals(self) -> Sequence[str]:
        """Tell what would stop a start, as far as that can be seen without a try."""
        dropped = self._dropped()
        return [*self.find_problems(), *([] if dropped is None else [dropped])]

    @hookimpl
    def find_problems(self) -> Sequence[str]:
        """Tell that the file cannot be written, as far as that can be seen without a try."""
        reason = None if self._file is None else self._file.obstacle()
        return [] if reason is None else [self._unwritable(reason)]

    def _dropped(self) -> str | None:
        """Return why the logger would drop records, or None; its own level may still be set."""
        logger = self._logger
        if logger is None:
            return None
        if logger.level == logging.NOTSET:
            off = logger.manager.disable >= self._level
        else:
            off = not logger.isEnabledFor(self._level)
        if off:
            level = logging.getLevelName(self._level)
            return f"the logger {logger.name} drops audit records: {level} is off"
        if not logger.hasHandlers():
            return f"the logger {logger.name} drops audit records: it has no handler"
        return None

    @hookimpl
    def request_done(self, record: RequestRecord) -> None:
        """Write a line.

        :raises PluginError: naming the file that cannot be written
        """
        self._lost += record.lost
        if self._only == "trapwrite" and not record.trap:
            return
        lost, self._lost = self._lost, 0
        if self._logger is not None:
            self._logger.log(self._level, "%s", line_of(record, lost))
        if self._file is None:
            return
        self._unwritten += lost
        try:
            self._file.write(line_of(record, self._unwritten))
        except OSError as exc:
            self._unwritten += 1
            raise PluginError(self._unwritable(exc.strerror or exc)) from exc
        self._unwritten = 0

    def _unwritable(self, reason: object) -> str:
        assert self._file is not None  # noqa: S101 - it cannot be written
        return f"the audit file {self._file.path} cannot be written: {reason}"


def _level(level: int | str) -> int:
    if isinstance(level, int) and not isinstance(level, bool):
        return level
    number = logging.getLevelNamesMapping().get(str(level).upper())
    if number is None:
        raise ValueError(f"audit: level must be a logging level, not {level!r}")
    return number
