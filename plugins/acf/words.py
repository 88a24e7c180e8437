"""The words of an access security file with their lines, without comments, macros filled in."""

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
    r"""(?P<mark>[(){},])
    | "(?P<quoted>(?:[^"\\]|\\.)*)"
    | (?P<open>".*)
    | (?P<bare>[\w\-+:.\[\]<>;/@]+)
    | (?P<other>\S)""",
    re.X,
)
_INPUT = re.compile(f"INP[{LETTERS}]")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of the file.

    :param kind: ``'name'``, ``'number'``, ``'INP'``, one of :data:`KEYWORDS`, or the mark itself
    :param text: without the quotes
    :param line: its number, the first line is 1
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
    :param macros: name -> text for ``$(name)``
    :raises AcfError: for an unknown macro, a quote that is not closed, a character out of place
    """
    return [
        word
        for number, line in enumerate(text.split("\n"), 1)  # the lines that an editor counts
        for word in _split(_fill(_CODE.findall(line)[0], macros, file, number), file, number)
    ]


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
    for match in _WORD.finditer(line):
        text = match[0]
        if match["other"]:
            raise AcfError(file, number, f"{text!r} is not expected here; are quotes missing?")
        if match["open"]:
            raise AcfError(file, number, f"{text.rstrip()} has no closing quote")
        if match["mark"]:
            yield Word(text, text, number)
        elif match["bare"]:
            yield Word(_kind(text), text, number)
        else:
            yield Word("name", match["quoted"], number)


def _kind(bare: str) -> str:
    if bare in KEYWORDS:
        return bare
    if _INPUT.fullmatch(bare):
        return "INP"
    return "number" if bare.isascii() and bare.isdigit() else "name"
