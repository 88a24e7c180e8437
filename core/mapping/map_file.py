"""The file form of a mapping: one ``pv -> path`` line per PV name, as ``dump()`` writes it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from os import PathLike
from pathlib import Path

from ..errors import MappingError

_ARROW = " -> "
_SHOWN = 80  # characters of a line that is wrong; it may be of anything but a map file
_LINE = re.compile(r"\s*(\S.*?)\s+->\s+(\S.*?)\s*")


def map_lines(names: Iterable[tuple[str, str]]) -> list[str]:
    """Return one ``pv -> path`` line per PV name and path, without line ends."""
    return [f"{pv_name}{_ARROW}{path}" for pv_name, path in names]


def write_map(names: Iterable[tuple[str, str]], file: str | PathLike[str] | None) -> None:
    """Write one ``pv -> path`` line per PV name and path.

    :param file: None to print them
    """
    text = "".join(f"{line}\n" for line in map_lines(names))
    if file is None:
        sys.stdout.write(text)
    else:
        Path(file).write_text(text, encoding="utf-8")


def read_map(file: str | PathLike[str]) -> dict[str, list[str]]:
    """Read a file of ``pv -> path`` lines; blank lines and ``#`` comments are skipped.

    :returns: path -> the PV names of its lines, the primary one first
    :raises MappingError: naming the file, and every line that is wrong
    """
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
    except OSError as exc:
        raise MappingError(f"cannot read the map file {file}: {exc}") from exc
    except UnicodeDecodeError as exc:
        at = exc.object.count(b"\n", 0, exc.start) + 1
        raise MappingError(f"cannot read the map file {file}: line {at}: {exc}") from exc
    found: dict[str, list[str]] = {}
    problems = []
    for number, line in enumerate(text.split("\n"), 1):  # the lines that an editor counts
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            problems.append(f"line {number}: expected 'pv -> path', found {_short(line)!r}")
            continue
        pv_name, path = match.groups()
        found.setdefault(path, []).append(pv_name)
    if problems:
        raise MappingError(f"the map file {file} is not usable:", problems)
    return found


def _short(line: str) -> str:
    found = line.strip()
    return found if len(found) <= _SHOWN else f"{found[:_SHOWN]}..."
