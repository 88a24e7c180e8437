"""Loggers under 'pyrogue', and the handler that mirrors them into SystemLog while a root runs."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from typing import TYPE_CHECKING, Any

from roguebridge.simtree.errors import MemoryError

if TYPE_CHECKING:
    from roguebridge.simtree.root import Root


def logInit(
    cls: object | None = None, name: str | None = None, path: str | None = None
) -> logging.Logger:
    """Give the logger of an object: 'pyrogue', family, class name, then path or name.

    Configures the root logger to stdout unless it already has handlers.

    :param cls: the object (not its class, in spite of the name) that logs.
    :param name: last part of the logger's name.
    :param path: used instead of name when given.
    """
    logging.basicConfig(format="%(levelname)s:%(name)s:%(message)s", stream=sys.stdout)
    parts = ["pyrogue"]
    if cls is not None:
        family = getattr(type(cls), "_logFamily", "")
        parts += [family] if family else []
        parts.append(type(cls).__name__)
    last = name if path is None else path
    if last is not None:
        parts.append(last)
    return logging.getLogger(".".join(parts))


def logName(target: Any) -> str:
    """Give a logger's name.

    :param target: a name without or with 'pyrogue', a logger, a node or a node class.
    """
    if isinstance(target, str):
        known = target == "pyrogue" or target.startswith("pyrogue.")
        return target if known else f"pyrogue.{target}"
    if isinstance(target, logging.Logger):
        return target.name
    if isinstance(target, type):
        family = getattr(target, "_logFamily", "")
        return ".".join(p for p in ("pyrogue", family, target.__name__) if p)
    return str(target._log.name)  # noqa: SLF001


def setLogLevel(
    target: Any, level: int | str, *, includePython: bool = True, includeRogue: bool = True
) -> str:
    """Set the level of a logger; raises ValueError for an unknown level name.

    :param target: as in logName.
    :param level: number or name.
    :param includePython: False changes nothing.
    :param includeRogue: ignored, there is no C++ beneath.
    """
    number = logging.getLevelName(level.upper()) if isinstance(level, str) else level
    if not isinstance(number, int):
        raise ValueError(f"Unknown logging level: {level}")
    name = logName(target)
    if includePython:
        logging.getLogger(name).setLevel(number)
    return name


def logException(log: logging.Logger, e: BaseException) -> None:
    """Log an exception with its traceback, a MemoryError without.

    :param log: logger to use.
    :param e: the exception.
    """
    if isinstance(e, MemoryError):
        log.error(e)
    else:
        log.exception(e)


class RootLogHandler(logging.Handler):
    """Stores each record of 'pyrogue' in the root's SystemLogLast and SystemLog variables.

    :param root: the tree whose variables are written; nothing is stored unless it runs.
    """

    def __init__(self, *, root: Root) -> None:
        super().__init__()
        self._root = root

    def emit(self, record: logging.LogRecord) -> None:
        """Store one record, except those of the two log variables themselves.

        :param record: the record.
        """
        root = self._root
        if not root.running:
            return
        last, log = root.SystemLogLast, root.SystemLog
        if record.name in (logName(last), logName(log)):
            return
        with root.updateGroup():
            try:
                entry = self._entry(record)
                last.set(json.dumps(entry))
                most = root._maxLog - 1  # noqa: SLF001
                with log.lock:
                    kept = json.loads(log.value())[-most:]
                    log.set(json.dumps([*kept, entry]))
            except Exception:
                self.handleError(record)

    @staticmethod
    def _entry(record: logging.LogRecord) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "created": record.created,
            "name": record.name,
            "message": record.getMessage(),
            "exception": None,
            "traceBack": None,
            "levelName": record.levelname,
            "levelNumber": record.levelno,
        }
        if record.exc_info is not None and record.exc_info[0] is not None:
            entry["exception"] = record.exc_info[0].__name__
            entry["traceBack"] = [t.rstrip() for t in traceback.format_tb(record.exc_info[2])]
        return entry
