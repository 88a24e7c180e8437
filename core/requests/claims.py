r"""Names that clients claim, as they are shown: none can hide, forge a line, or be long.

What cannot be printed is escaped, never removed. A backslash is escaped only where it would read
as one of these escapes, so that no two names look alike and ``DOMAIN\user`` stays as it is.
A changed name is a :class:`ChangedName`: it holds a mark before each change, so that no text of a
rule equals it, however a policy compares (``==``, a set, ``lower()``, a pattern).
"""

from __future__ import annotations

import re

MAX_NAME = 256  # characters of a name, unless a server says otherwise
# A noncharacter of Unicode: none is meant for interchange, and a client's own are escaped.
_MARK = "\ufdd0"
_CUT = f"{_MARK}…"
# Control characters (C0, DEL, C1), what turns the direction of text or has no width, ends of lines,
# lone surrogates, which stand for bytes that are no UTF-8, and noncharacters.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\ufdd0"
    "\U000e0000-\U000e007f]"
)
_LIKE_ESCAPE = re.compile(r"\\(?=x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")
_ODD = re.compile(f"{_UNSEEN.pattern}|{_LIKE_ESCAPE.pattern}")


class ChangedName(str):
    """A name that is shown otherwise than it came: as text it is what is shown, without marks."""

    __slots__ = ()

    def __str__(self) -> str:
        return self.replace(_MARK, "")

    def __repr__(self) -> str:
        return repr(str(self))

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


def decoded(raw: bytes) -> str:
    """Return the text of a name; bytes that are no UTF-8 become lone surrogates, shown escaped."""
    return raw.decode("utf-8", "surrogateescape")


def shown_name(name: str, longest: int = MAX_NAME) -> tuple[str, str | None]:
    """Return how a name is shown, and the name to compare with those of rules.

    :param name: as it came over the wire
    :param longest: characters that are shown
    :returns: the first is a :class:`ChangedName` unless it is the name itself; the second is None
        for a name with characters that cannot be shown, or too many
    """
    if len(name) <= longest and _ODD.search(name) is None:
        return name, name
    pieces, size = [], 0
    for character in _split(name[: longest + 1]):
        pieces.append(character)
        size += len(character)
        if size > longest:
            return ChangedName(_cut(pieces, size, longest)), None
    return ChangedName("".join(pieces)), None if _UNSEEN.search(name) else name


def _split(name: str) -> list[str]:
    """Return the characters of a name, each as it is shown."""
    found, at = [], 0
    for odd in _ODD.finditer(name):
        found += [*name[at : odd.start()], _escaped(odd.group())]
        at = odd.end()
    return [*found, *name[at:]]


def _escaped(character: str) -> str:
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:  # a byte, see decoded()
        number -= 0xDC00
    if number < 0x100:
        return f"{_MARK}\\x{number:02x}"
    return f"{_MARK}\\u{number:04x}" if number < 0x10000 else f"{_MARK}\\U{number:08x}"


def _cut(pieces: list[str], size: int, longest: int) -> str:
    while size > longest - len(_CUT):
        size -= len(pieces.pop())
    return "".join(pieces) + _CUT
