"""Writes the figures into the page of the documentation that reports them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .report import OTHERS, cells, headline

_OTHERS = [", ".join(kinds) for kinds in OTHERS]
_RATIOS = [f"/ {others}" for others in _OTHERS]
_HEAD = ("work", "ours / limit", *_RATIOS, "noise", *_OTHERS, "ours", "min..max")
_TITLES = {
    "start": "`root.start()`",
    "update": "Updates with one client on each PV",
    "array": "An array, as fast as it goes",
    "put": "Blocking puts of several clients",
    "ca": "Updates over Channel Access with one client on each PV",
}


def refresh(found: Mapping[str, Any], page: Path) -> None:
    """Replace the blocks of the page that hold figures.

    :param found: what the JSON says
    :raises ValueError: if the page lacks the marks of a block
    """
    text = page.read_text(encoding="utf-8")
    text = replaced(text, "figures", f"{_headline(found)}\n\n{_table(found)}", page)
    if found["profiles"]:
        text = replaced(text, "profiles", _profiles(found), page)
    page.write_text(text, encoding="utf-8")


def replaced(text: str, name: str, content: str, page: Path) -> str:
    """Return the text with another content between the marks of a block."""
    begin, end = f"<!-- {name}: written by make bench -->", f"<!-- {name}: end -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if len(pattern.findall(text)) != 1:
        raise ValueError(f"{page}: there is not one block between {begin} and {end}")
    return pattern.sub(lambda _: f"{begin}\n{content}\n{end}", text)


def _headline(found: Mapping[str, Any]) -> str:
    return "  \n".join(headline(found).splitlines())


def _table(found: Mapping[str, Any]) -> str:
    head = (*_HEAD, "must be", "")
    lines = [_line(head), _line(["---", *["--:"] * (len(_HEAD) - 1), "---", "---"])]
    lines += [_line([*cells(row), row["verdict"]]) for row in found["rows"]]
    lines += [f"\nFailed: {error.splitlines()[0]}" for error in found["errors"]]
    return "\n".join(lines)


def _profiles(found: Mapping[str, Any]) -> str:
    return "\n\n".join(
        f"**{_TITLES[name]}**\n\n"
        + "\n".join(
            [_line(["share", "whose", "function"]), _line(["--:", "---", "---"])]
            + [_line([f"{share:.0%}", owner, f"`{what}`"]) for owner, what, share in lines]
        )
        for name, lines in found["profiles"].items()
    )


def _line(texts: Any) -> str:
    return "| " + " | ".join(texts) + " |"
