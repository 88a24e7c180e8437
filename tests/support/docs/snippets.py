"""Runs the blocks of a page one after the other, and compares what they do with what it says."""

import contextlib
import io
import re
import traceback
from collections.abc import Sequence
from pathlib import Path

from support.docs.pages import Block, SnippetError
from support.docs.shell import ANY, LIMIT, Command, Process, commands_of, consumed, difference


class PageRun:
    """One run of a page, in the present directory; a context that leaves no process behind.

    :param limit: seconds that a command may take
    """

    def __init__(self, limit: float = LIMIT) -> None:
        self._limit = limit
        self._namespace = {"__name__": "__main__"}
        self._printed: list[str] | None = None
        self._background: _Background | None = None

    def __enter__(self) -> "PageRun":
        return self

    def __exit__(self, *exc: object) -> None:
        if self._background is not None:
            self._background.process.kill()

    def run(self, blocks: Sequence[Block]) -> None:
        """Run all blocks.

        :raises SnippetError: for the first that does not do what the page says
        """
        for block in blocks:
            self._run(block)
        if self._background is not None:
            self._background.interrupt()
            self._end_background()

    def _run(self, block: Block) -> None:
        printed, self._printed = self._printed, None
        if block.ask == "not run":
            return
        if block.ask == "file":
            file = Path(block.argument)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
        elif block.ask == "output":
            self._compare_printed(block, printed)
        elif block.ask == "background":
            self._start_background(block)
        elif block.ask == "interrupt":
            self._interrupt_background(block)
        elif block.language == "python":
            self._printed = self._python(block)
        elif block.language == "console":
            for command in commands_of(block):
                self._console(block, command)

    # Python ---------------------------------------------------------------------------------

    def _python(self, block: Block) -> list[str]:
        printed = io.StringIO()
        source = "\n" * block.line + block.text  # so that a traceback has the page's line
        try:
            code = compile(source, block.page, "exec", dont_inherit=True)
            with contextlib.redirect_stdout(printed):
                exec(code, self._namespace)  # noqa: S102
        except SyntaxError as exc:
            raise SnippetError(block.page, exc.lineno or block.line, f"{exc!r}") from exc
        except (Exception, SystemExit) as exc:
            frames = traceback.extract_tb(exc.__traceback__)
            line = max((f.lineno or 0 for f in frames if f.filename == block.page), default=0)
            text = f"raised {exc!r}; printed so far:\n{printed.getvalue()}"
            raise SnippetError(block.page, line or block.line, text) from exc
        return printed.getvalue().splitlines()

    def _compare_printed(self, block: Block, printed: list[str] | None) -> None:
        if printed is None:
            raise block.error("'output' stands right after a python block, whose output it shows")
        if consumed(block.lines, printed, whole=True) is None:
            text = "the python block before printed something else\n"
            raise block.error(text + difference(block.lines, printed))

    # Commands -------------------------------------------------------------------------------

    def _console(self, block: Block, command: Command) -> None:
        process = Process(command.text)
        try:
            status = process.wait(self._limit)
        finally:
            process.kill()
        _check_status(block, command, status, process.lines, self._limit)
        if consumed(command.expected, process.lines, whole=True) is None:
            raise _other_output(block, command, process.lines)

    def _start_background(self, block: Block) -> None:
        if self._background is not None:
            raise block.error("a background command of this page runs already")
        command, *more = commands_of(block)
        if more:
            raise block.error("a background block has one command", more[0].offset)
        if all(line.strip() in ("", ANY) for line in command.expected):
            text = "a background command shows at least one line, to wait for"
            raise block.error(text, command.offset)
        self._background = _Background(block, command, self._limit)
        self._background.wait_ready()

    def _interrupt_background(self, block: Block) -> None:
        if self._background is None:
            raise block.error("no background command runs here")
        if any(line.startswith("$ ") for line in block.lines):
            raise block.error("'interrupt' shows further output, no command")
        self._background.interrupt()
        got = self._end_background()
        expected = block.lines[1:] if block.lines[:1] == ("^C",) else block.lines
        if consumed(expected, got, whole=True) is None:
            text = "after Ctrl-C something else was printed\n"
            raise block.error(text + difference(expected, got))

    def _end_background(self) -> list[str]:
        background, self._background = self._background, None
        assert background is not None
        return background.end()


class _Background:
    """A command that stays while the page goes on."""

    def __init__(self, block: Block, command: Command, limit: float) -> None:
        self.block = block
        self.command = command
        self.process = Process(command.text)
        self._limit = limit

    def wait_ready(self) -> None:
        """Wait for the lines shown."""
        expected = self.command.expected

        def shown(lines: list[str]) -> bool:
            return consumed(expected, lines, whole=False) is not None

        if not self.process.wait_for(shown, self._limit):
            raise _other_output(self.block, self.command, self.process.lines)

    def interrupt(self) -> None:
        self.process.interrupt()

    def end(self) -> list[str]:
        """Wait for the end and return what was printed after the lines shown at the start."""
        try:
            status = self.process.wait(self._limit)
        finally:
            self.process.kill()
        lines = self.process.lines
        _check_status(self.block, self.command, status, lines, self._limit)
        return lines[consumed(self.command.expected, lines, whole=False) :]


def _check_status(
    block: Block, command: Command, status: int | None, lines: list[str], limit: float
) -> None:
    if status == command.status:
        return
    ended = "had no end" if status is None else f"ended with exit status {status}"
    wanted = f"within {limit:g} s" if status is None else f"instead of {command.status}"
    text = f"`{command.text}` {ended} {wanted}\n" + difference(command.expected, lines)
    raise block.error(text, command.offset)


def _other_output(block: Block, command: Command, lines: list[str]) -> SnippetError:
    text = f"`{command.text}` printed something else\n" + difference(command.expected, lines)
    return block.error(text, command.offset)


def says_pyrogue(text: str) -> bool:
    """Tell whether a page imports pyrogue by name."""
    return re.search(r"\b(import|from)\s+pyrogue\b", text) is not None
