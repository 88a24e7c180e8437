"""Python blocks of a page: what is wrong fails, with page, line and reason."""

import sys
from pathlib import Path

import pytest
from support.docs.made_pages import fails


def test_python_blocks_share_a_namespace_and_a_directory_of_their_own(play):
    here = play(
        "<!-- snippet: file=mine.py -->",
        "'''python",
        "VALUE = 4",
        "'''",
        "'''python",
        "import mine",
        "a = mine.VALUE",
        "'''",
        "'''python",
        "from pathlib import Path",
        "assert __name__ == '__main__'",
        "Path('out.txt').write_text(f'{a}')",
        "'''",
    )
    assert (here / "out.txt").read_text() == "4"
    assert "mine" not in sys.modules
    assert Path.cwd() != here
    assert str(here) not in sys.path


def test_what_a_python_block_raises_fails_with_its_line(play):
    lines = ["text", "'''python", "a = 1", "b = a / 0", "'''"]
    fails(lambda: play(*lines), "page.md:4: raised ZeroDivisionError")


def test_python_that_does_not_parse_fails_with_its_line(play):
    fails(lambda: play("'''python", "a = 1", "b = (", "'''"), "page.md:3: SyntaxError")


def test_python_that_exits_fails(play):
    fails(lambda: play("'''python", "raise SystemExit(3)", "'''"), "raised SystemExit(3)")


PRINT = [
    "'''python",
    "for n in range(3):",
    "    print('line', n)",
    "'''",
    "<!-- snippet: output -->",
]


def test_output_is_compared(play):
    play(*PRINT, "'''text", "line 0", "...", "'''")
    play(*PRINT, "'''text", "line 0", "l...1", "line 2", "'''")


@pytest.mark.parametrize(
    "shown", [["line 0", "line 2"], ["line 0", "line 1"], [], ["..."] * 2 + ["x"]]
)
def test_other_output_fails(play, shown):
    fails(lambda: play(*PRINT, "'''text", *shown, "'''"), "page.md:6: the python block before")


def test_output_without_a_python_block_right_before_it_fails(play):
    lines = ["'''text", "...", "'''"]
    fails(
        lambda: play("<!-- snippet: output -->", *lines), "page.md:2: 'output' stands right after"
    )
    fails(lambda: play(*PRINT, *lines, "<!-- snippet: output -->", *lines), "stands right after")
