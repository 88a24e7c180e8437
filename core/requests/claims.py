r"""Names that clients claim, as they are shown: none can hide, forge a line, or be long.

What cannot be printed is escaped, never removed. A backslash is escaped only where it would read
as one of these escapes, so that no two names look alike and ``DOMAIN\user`` stays as it is.
"""

from __future__ import annotations

import re

MAX_NAME = 256  # characters of a name, unless a server says otherwise
_CUT = "…"
# Control characters (C0, DEL, C1), what turns the direction of text or has no width, ends of lines,
# and lone surrogates, which stand for bytes that are no UTF-8.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
_LIKE_ESCAPE = re.compile(r"\\(?=x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")
_ODD = re.compile(f"{_UNSEEN.pattern}|{_LIKE_ESCAPE.pattern}")


def decoded(raw: bytes) -> str:
    """Return the text of a name; bytes that are no UTF-8 become lone surrogates, shown escaped."""
    return raw.decode("utf-8", "surrogateescape")


def shown_name(name: str, longest: int = MAX_NAME) -> tuple[str, str | None]:
    """Return how a name is shown, and the name to compare with those of rules.

    :param name: as it came over the wire
    :param longest: characters that are shown
    :returns: the second is None for a name with characters that cannot be shown, or too many:
        however it is shown, it is equal to no name
    """
    if len(name) <= longest and _ODD.search(name) is None:
        return name, name
    pieces, size = [], 0
    for character in _split(name[: longest + 1]):
        pieces.append(character)
        size += len(character)
        if size > longest:
            return _cut(pieces, size, longest), None
    return "".join(pieces), None if _UNSEEN.search(name) else name


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
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _cut(pieces: list[str], size: int, longest: int) -> str:
    while size > longest - len(_CUT):
        size -= len(pieces.pop())
    return "".join(pieces) + _CUT
