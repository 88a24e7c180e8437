"""Tables of Markdown pages, so that tests can hold them against the source."""

import re
from pathlib import Path

from support.docs.pages import ROOT

_BAR = re.compile(r"(?<!\\)\|")


def tables(page: str) -> list[list[dict[str, str]]]:
    """Return the tables of a page, each as its rows, each row by column title.

    :param page: path within the repository
    """
    found: list[list[dict[str, str]]] = []
    titles: list[str] | None = None
    for line in (Path(ROOT) / page).read_text(encoding="utf-8").splitlines():
        if not line.startswith("|"):
            titles = None
            continue
        cells = [cell.strip().replace("\\|", "|") for cell in _BAR.split(line)[1:-1]]
        if titles is None:
            titles = cells
            found.append([])
        elif not all(set(cell) <= set("-:") for cell in cells):
            found[-1].append(dict(zip(titles, cells, strict=True)))
    return found


def table(page: str, title: str) -> list[dict[str, str]]:
    """Return the rows of all tables of a page that have a column ``title``."""
    rows = [row for rows in tables(page) for row in rows if title in row]
    assert rows, f"{page} has no table with a column {title!r}"
    return rows


def code(cell: str) -> str:
    """Return the text of a cell that is one piece of code."""
    match = re.fullmatch(r"`+ ?(.*?) ?`+", cell)
    assert match is not None, f"{cell!r} is not code"
    return match.group(1)


def codes(cell: str) -> list[str]:
    """Return the pieces of code in a cell, which has nothing else but commas between them."""
    assert re.fullmatch(r"`[^`]+`(, `[^`]+`)*", cell), f"{cell!r} is not pieces of code"
    return re.findall(r"`([^`]+)`", cell)
