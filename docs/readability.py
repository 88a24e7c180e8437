"""How hard the pages are to read: ``python docs/readability.py`` prints it page by page.

Words are all words of a page, as ``wc -w`` counts. Sentences are those of running text and lists,
without code blocks, tables, headings and comments. Code within a line is one word of a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONG = 25  # words; a sentence of more is long
APART = {"docs/decisions", "docs/reference/api"}  # a record of the past, and generated pages

_HIDDEN = re.compile(r"<!--.*?-->|^(```+|:::+).*?^\1[ \t]*$|^\s*[|#].*?$", re.S | re.M)
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_CODE = re.compile(r"`+[^`]+`+")
_BLOCK = re.compile(r"\n\s*\n|\n(?=\s*(?:[-*+]|\d+\.)\s)")
_END = re.compile(r"(?<=[.!?])[\"')*_]*\s+(?=[\"'(*_]*[A-Z0-9])")
_WORD = re.compile(r"\w[\w'-]*")


@dataclass
class Readability:
    """The words of some text, and the lengths of its sentences in words."""

    words: int
    lengths: list[int]

    @classmethod
    def of(cls, *texts: str) -> Readability:
        """Count pages in Markdown."""
        lengths = [n for text in texts for s in sentences(text) if (n := len(_WORD.findall(s)))]
        return cls(sum(len(text.split()) for text in texts), lengths)

    @property
    def mean(self) -> float:
        """Words in a sentence, on average."""
        return sum(self.lengths) / max(1, len(self.lengths))

    @property
    def long(self) -> float:
        """The share of sentences of more than ``LONG`` words, from 0 to 1."""
        return sum(n > LONG for n in self.lengths) / max(1, len(self.lengths))

    def __str__(self) -> str:
        return f"{self.words:6} words  {self.mean:5.1f} a sentence  {self.long:6.1%} over {LONG}"


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a page."""
    text = _CODE.sub("X", _LINK.sub(r"\1", _HIDDEN.sub("", text)))
    for block in _BLOCK.split(text):
        if block.strip():
            yield from _END.split(block)


def pages() -> list[Path]:
    """Return the pages that readers are meant to read."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [p for p in found if not any(p.is_relative_to(ROOT / folder) for folder in APART)]


def main() -> None:
    """Print it."""
    texts = {file: file.read_text(encoding="utf-8") for file in pages()}
    for file, text in texts.items():
        print(Readability.of(text), file.relative_to(ROOT))
    print(Readability.of(*texts.values()), "in all")


if __name__ == "__main__":
    main()
