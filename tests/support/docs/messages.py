"""Every text of the source that tells what went wrong, as a pattern.

Left out are debug records, the help of the command line and what it shows while it works, and what
a configuration file may say; and what the clients of the command line say of one value or answer.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from support.docs.pages import ROOT

_SILENT = ("_log.debug", "re.compile", ".step", "logging.Formatter")
_SCHEMA = (
    "core/config/kinds.py",
    "core/config/schema.py",
    "core/config/sections.py",
    "backends/epics/client/",
)
FOLDERS = ("core", "backends/epics", "plugins")
_PLACE = re.compile(r"%[sdr]")
_WORDS = re.compile(r"[A-Za-z]{2,}")


@cache
def messages() -> dict[str, str]:
    """Return text -> where it is, for each text of at least two words; ``{}`` for what varies."""
    found: dict[str, str] = {}
    for folder in FOLDERS:
        for file in sorted((ROOT / folder).rglob("*.py")):
            name = file.relative_to(ROOT).as_posix()
            for line, text in _texts(file) if not name.startswith(_SCHEMA) else ():
                if len(_WORDS.findall(text)) > 1 and " " in text.strip():
                    found.setdefault(text, f"{name}:{line}")
    return found


class Record(NamedTuple):
    """A call that logs."""

    text: str
    where: str
    traceback: bool


def records() -> list[Record]:
    """Return each call of a logger whose text stands in the call; ``{}`` for what varies."""
    found = []
    for folder in FOLDERS:
        for file in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not node.args:
                    continue
                name, first = ast.unparse(node.func), node.args[0]
                if not name.startswith("_log.") or not isinstance(first, ast.Constant):
                    continue
                shown = name == "_log.exception" or any(
                    one.arg == "exc_info" for one in node.keywords
                )
                text = _PLACE.sub("{}", str(first.value))
                where = f"{file.relative_to(ROOT).as_posix()}:{node.lineno}"
                found.append(Record(text, where, shown))
    return found


@cache
def pattern(text: str) -> re.Pattern[str]:
    """What a message made from this text looks like."""
    return re.compile(".*?".join(re.escape(part) for part in text.strip().split("{}")), re.S)


def _texts(file: Path) -> Iterator[tuple[int, str]]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }
    yield from _walk(tree, constants)


def _walk(node: ast.AST, constants: dict[str, str]) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # a docstring
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(_SILENT):
        return
    if isinstance(node, ast.keyword) and node.arg == "help":
        return
    if isinstance(node, ast.JoinedStr):
        yield node.lineno, "".join(_part(value, constants) for value in node.values)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.lineno, _PLACE.sub("{}", node.value).rstrip("\n")
    else:
        for child in ast.iter_child_nodes(node):
            yield from _walk(child, constants)


def _part(value: ast.expr, constants: dict[str, str]) -> str:
    if isinstance(value, ast.Constant):
        return str(value.value)
    assert isinstance(value, ast.FormattedValue)
    name = value.value.id if isinstance(value.value, ast.Name) else ""
    return constants.get(name, "{}")
