"""The grammar of access security files: p4p's, on words that it cannot misread.

Each word is handed to p4p as its number in quotes, so that no name can be taken for a keyword, a
bare address is a name like any other, and what comes back knows its line. p4p says little of what
is wrong, and nothing of what was expected: its grammar is asked again with other words instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from p4p.asLib.yacc import parse

from .words import AcfError, Word

_TRAPS = ("TRAPWRITE", "NOTRAPWRITE")
_CANDIDATES = {
    "UAG": "UAG", "HAG": "HAG", "ASG": "ASG", "RULE": "RULE", "INP": "an INP", "CALC": "CALC",
    "name": "a name", "number": "a number", "(": "'('", ")": "')'", "{": "'{'", "}": "'}'",
    ",": "','",
}  # fmt: skip

Item = tuple[Any, ...]


def items_of(words: Sequence[Word], file: str) -> list[Item]:
    """Return p4p's syntax tree, whose texts and numbers are positions in ``words``.

    :param words: of the file
    :param file: its name, for errors
    :raises AcfError: if they are no access security file
    """
    if not words:
        raise AcfError(file, 1, "the file is empty")
    _check_traps(words, file)
    try:
        items: list[Item] = parse(" ".join(_spelled(words)))
    except Exception as exc:
        raise _explained(words, file) from exc
    return items


def _check_traps(words: Sequence[Word], file: str) -> None:
    # p4p takes any other word for NOTRAPWRITE.
    for number, word in enumerate(words):
        if word.kind != "RULE" or len(words) < number + 7 or words[number + 5].kind != ",":
            continue
        trap = words[number + 6]
        if trap.kind == "name" and trap.text not in _TRAPS:
            text = f"{trap.text!r} is neither TRAPWRITE nor NOTRAPWRITE"
            raise AcfError(file, trap.line, text)


def _spelled(words: Sequence[Word]) -> list[str]:
    return [_spell(word.kind, number, _is_trap(words, number)) for number, word in enumerate(words)]


def _spell(kind: str, number: int, literal: str = "") -> str:
    if kind == "name":
        return f'"{literal or number}"'
    return str(number) if kind == "number" else "INPA" if kind == "INP" else kind


def _is_trap(words: Sequence[Word], number: int) -> str:
    text = words[number].text
    inside = number >= 6 and words[number - 6].kind == "RULE" and words[number - 1].kind == ","
    return text if inside and text in _TRAPS else ""


# What is wrong --------------------------------------------------------------------------------


def _explained(words: Sequence[Word], file: str) -> AcfError:
    spelled = _spelled(words)
    good, bad = 0, len(spelled) + 1  # the longest beginning that p4p takes is in between
    while bad - good > 1:
        half = (good + bad) // 2
        good, bad = (half, bad) if _begins(spelled[:half]) else (good, half)
    expected = [
        said
        for kind, said in _CANDIDATES.items()
        if _begins([*spelled[:good], _spell(kind, 0, "TRAPWRITE")])
    ]
    wanted = " or ".join(expected)
    if good == len(words):
        return AcfError(file, words[-1].line, f"the file ends here, expected {wanted}")
    found = words[good]
    return AcfError(file, found.line, f"found {found.text!r}, expected {wanted}")


def _begins(spelled: Sequence[str]) -> bool:
    """Tell whether a file may begin so."""
    end = str(len(spelled) + 10**6)  # of two numbers p4p never takes the second
    try:
        parse(" ".join([*spelled, end, end]))
    except Exception as exc:
        return f"'{end}'" in str(exc)
    return False  # pragma: no cover - see above
