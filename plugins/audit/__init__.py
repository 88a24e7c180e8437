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

    The server refuses to start if lines cannot be written. Lines that cannot be written later are
    counted; the next line in the file says how many are missing.

    :param file: file that is appended to
    :param logger: name of a logger that gets each line as the message of a record; no logger
        below ``pyrogue``
    :param level: number or name of these records' level
    :param max_bytes: size at which the file becomes ``<file>.1``; 0 for never
    :param backups: the number of older files; 0 for one file that grows
    :param only: ``'all'``, or ``'trapwrite'`` for requests that a rule with TRAPWRITE has allowed
    :raises TypeError: for an argument of the wrong type
    :raises ValueError: for an argument that cannot be used, or neither file nor logger
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
        self._lost = 0  # records since the last line
        self._unwritten = 0  # records since the last line in the file

    @classmethod
    def from_option(cls, value: Any) -> Audit:
        """Return the plugin for ``audit=value``.

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
            self._file.prepare()
        logger, level = self._logger, self._level
        if logger and logger.level == logging.NOTSET and not logger.isEnabledFor(level):
            logger.setLevel(level)  # nobody has set one: that of its parents is no decision
        if dropped := self._dropped():
            raise PluginError(dropped[0])

    @hookimpl
    def find_refusals(self) -> Sequence[str]:
        """Return what would stop a start, as far as that can be seen without a try."""
        return [*self.find_problems(), *self._dropped()]

    @hookimpl
    def find_problems(self) -> Sequence[str]:
        """Return why the file cannot be written, as far as that can be seen without a try."""
        obstacle = None if self._file is None else self._file.obstacle()
        return [] if obstacle is None else [obstacle]

    def _dropped(self) -> list[str]:
        """Return why the logger would drop records, if it would; its own level may still be set."""
        logger, level = self._logger, self._level
        if logger is None:
            return []
        disabled = logger.manager.disable >= level
        if disabled or (logger.level != logging.NOTSET and not logger.isEnabledFor(level)):
            why = f"{logging.getLevelName(level)} is off"
        elif not logger.hasHandlers():
            why = "it has no handler"
        else:
            return []
        return [f"the logger {logger.name} drops audit records: {why}"]

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
        if self._file is not None:
            lost += self._unwritten
            self._unwritten = lost + 1  # unless the next line succeeds
            self._file.write(line_of(record, lost))
            self._unwritten = 0


def _level(level: int | str) -> int:
    if isinstance(level, int) and not isinstance(level, bool):
        return level
    number = logging.getLevelNamesMapping().get(str(level).upper())
    if number is None:
        raise ValueError(f"audit: level must be a logging level, not {level!r}")
    return number
