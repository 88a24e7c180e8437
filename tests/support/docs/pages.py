"""The snippets of a Markdown page: its fenced blocks, and what the comment before each asks for.

CONTRIBUTING.md describes the convention for who writes pages.
"""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]

_FENCE = re.compile(r"(?P<indent> *)(?P<fence>`{3,}|~{3,}) *(?P<info>[^`]*)")
_ASK = re.compile(r" *<!-- *snippet: *(?P<what>.*?) *-->")
_CODE_DIRECTIVES = ("{code", "{sourcecode", "{literalinclude", "{parsed-literal")
WORDS = ("background", "interrupt", "output")
RUNNABLE = ("python", "console")


class SnippetError(AssertionError):
    """A page does not hold to the convention, or is not true."""

    def __init__(self, page: str, line: int, text: str) -> None:
        super().__init__(f"{page}:{line}: {text}")


@dataclass(frozen=True)
class Block:
    """One fenced block.

    :param page: name of its page, for messages
    :param line: number of the opening fence's line
    :param ask: what the comment before it asks for, without its argument; '' without comment
    :param argument: the file name of ``file``, the reason of ``not run``
    """

    page: str
    line: int
    language: str
    lines: tuple[str, ...]
    ask: str = ""
    argument: str = ""

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)

    @property
    def runs(self) -> bool:
        """True if a page with nothing but this has something to run."""
        return self.ask != "not run" and (self.ask == "file" or self.language in RUNNABLE)

    def error(self, text: str, offset: int = 0) -> SnippetError:
        """An error in the block's line ``offset``; 0 is the opening fence."""
        return SnippetError(self.page, self.line + offset, text)


def pages() -> list[Path]:
    """The README and every page of the documentation."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def name_of(page: Path) -> str:
    """How messages call a page."""
    return page.relative_to(ROOT).as_posix()


def blocks_of(text: str, page: str) -> list[Block]:
    """Return the blocks of a page that are code or text.

    :raises SnippetError: if a block or a comment is not as the convention has it
    """
    return _blocks(text.splitlines(), page, 1)


def _blocks(lines: list[str], page: str, start: int) -> list[Block]:
    found = []
    number = 0
    while number < len(lines):
        opening = _FENCE.fullmatch(lines[number])
        if opening is None:
            _check_comment(lines, number, page, start)
            number += 1
            continue
        end = _end(lines, number, opening, page, start)
        indent = len(opening["indent"])
        content = [line[min(indent, _blanks(line)) :] for line in lines[number + 1 : end]]
        info = opening["info"].strip()
        if info.startswith("{") and not info.startswith(_CODE_DIRECTIVES):
            found += _blocks(content, page, start + number + 1)
        else:
            before = lines[number - 1] if number else ""
            found.append(_block(page, start + number, info, tuple(content), before))
        number = end + 1
    return found


def _end(lines: list[str], number: int, opening: re.Match[str], page: str, start: int) -> int:
    fence = opening["fence"]
    closing = re.compile(rf" *{fence[0]}{{{len(fence)},}} *")
    for end in range(number + 1, len(lines)):
        if closing.fullmatch(lines[end]):
            return end
    raise SnippetError(page, start + number, "this block has no end")


def _blanks(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _check_comment(lines: list[str], number: int, page: str, start: int) -> None:
    following = lines[number + 1] if number + 1 < len(lines) else ""
    if "<!-- snippet" in lines[number] and not (
        _ASK.fullmatch(lines[number]) and _FENCE.fullmatch(following)
    ):
        raise SnippetError(
            page,
            start + number,
            "a snippet comment is '<!-- snippet: WORD -->', alone on the line before a block",
        )


def _block(page: str, line: int, language: str, content: tuple[str, ...], before: str) -> Block:
    asked = _ASK.fullmatch(before)
    ask, argument = _parse(asked["what"] if asked else "")
    block = Block(page, line, language, content, ask, argument)
    problem = _problem(block)
    if problem is not None:
        raise block.error(problem)
    return block


def _parse(what: str) -> tuple[str, str]:
    if what.startswith("file="):
        return "file", what.removeprefix("file=").strip()
    if what.startswith("not run"):
        return "not run", what.removeprefix("not run").strip().removeprefix(":").strip()
    return what, ""


def _problem(block: Block) -> str | None:
    language, ask = block.language, block.ask
    if language.startswith("{"):
        return f"write a plain fence instead of {language}, so that it is run"
    if ask == "not run":
        return (
            None if block.argument else "'not run' needs a reason: '<!-- snippet: not run: WHY -->'"
        )
    if ask == "file":
        name = Path(block.argument)
        if not block.argument or name.is_absolute() or ".." in name.parts:
            return f"file={block.argument} must name a file in the page's own directory"
        return None
    if ask == "output":
        return None if language == "text" else "'output' stands before a text block"
    if ask == "background":
        return None if language == "console" else "'background' stands before a console block"
    if ask == "interrupt":
        return None if language in ("console", "text") else "'interrupt' shows console or text"
    if ask:
        return f"unknown: 'snippet: {ask}'; there are file=, not run, {', '.join(WORDS)}"
    if language in (*RUNNABLE, "text"):
        return None
    what = f"a block in {language}" if language else "a block without a language"
    return f"{what} needs '<!-- snippet: file=NAME -->' or '<!-- snippet: not run: WHY -->'"
