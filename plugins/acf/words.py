"""The words of an access security file, with their lines; comments are gone, macros filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from roguebridge.core.errors import PluginError

from .calc import LETTERS

KEYWORDS = ("UAG", "HAG", "ASG", "RULE", "CALC")

_CODE = re.compile(r'(?:[^"#]|"(?:[^"\\]|\\.)*"|")*')  # up to a comment
_MACRO = re.compile(r"\$(?:\((\w+)(?:=([^$()]*))?\)|\{(\w+)(?:=([^${}]*))?\})")
_WORD = re.compile(
    r"""(?P<space>\s+)
    | (?P<mark>[(){},])
    | "(?P<quoted>(?:[^"\\]|\\.)*)"
    | (?P<open>")
    | (?P<bare>[\w\-+:.\[\]<>;/@]+)""",
    re.X,
)
_INPUT = re.compile(f"INP[{LETTERS}]")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of the file.

    :param kind: ``'name'``, ``'number'``, ``'INP'``, one of :data:`KEYWORDS`, or the mark itself
    :param text: without the quotes
    :param line: where it stands, the first line is 1
    """

    kind: str
    text: str
    line: int


class AcfError(PluginError):
    """An access security file that cannot be used; the text names file and line."""

    def __init__(self, file: str, line: int, text: str) -> None:
        super().__init__(f"{file}, line {line}: {text}")


def words_of(text: str, file: str, macros: Mapping[str, str]) -> list[Word]:
    """Return the words of a file.

    :param text: of the file
    :param file: its name, for errors
    :param macros: name -> what stands for ``$(name)``
    :raises AcfError: for an unknown macro, a quote that is not closed, a character out of place
    """
    words: list[Word] = []
    for number, line in enumerate(text.split("\n"), 1):  # the lines that an editor counts
        code = _CODE.match(line)
        filled = _fill(code[0] if code is not None else "", macros, file, number)
        words += _split(filled, file, number)
    return words


def _fill(line: str, macros: Mapping[str, str], file: str, number: int) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1] or match[3]
        default = match[4] if match[3] else match[2]
        found = macros.get(name, default)
        if found is None:
            raise AcfError(file, number, f"the macro {match[0]} has no value")
        return found

    return _MACRO.sub(value, line)


def _split(line: str, file: str, number: int) -> Iterator[Word]:
    at = 0
    while at < len(line):
        match = _WORD.match(line, at)
        if match is None:
            raise AcfError(file, number, f"{line[at]!r} is not expected here; are quotes missing?")
        if match.lastgroup == "open":
            raise AcfError(file, number, f"{line[at:].rstrip()} has no closing quote")
        if match.lastgroup == "mark":
            yield Word(match[0], match[0], number)
        elif match.lastgroup == "quoted":
            yield Word("name", match["quoted"], number)
        elif match.lastgroup == "bare":
            yield Word(_kind(match[0]), match[0], number)
        at = match.end()


def _kind(bare: str) -> str:
    if bare in KEYWORDS:
        return bare
    if _INPUT.fullmatch(bare):
        return "INP"
    return "number" if bare.isascii() and bare.isdigit() else "name"
