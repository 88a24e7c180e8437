"""Commands of a page, and what they print."""

import pytest
from support.docs.made_pages import fails


def test_commands_run_in_the_directory_and_their_output_is_compared(play):
    play(
        "<!-- snippet: file=a.txt -->",
        "'''text",
        "hello",
        "'''",
        "'''console",
        "$ cat a.txt",
        "hello",
        "$ cat \\",
        ">   a.txt a.txt",
        "hello",
        "...",
        "$ cd / && pwd",
        "/",
        "$ basename $PWD",
        "page",
        "'''",
    )


def test_errors_are_output_too_and_a_status_can_be_expected(play):
    play("'''console", "$ echo out; echo error >&2; exit 2  # exit status 2", "out", "error", "'''")


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (
            ["$ echo a", "b"],
            "page.md:2: `echo a` printed something else\nexpected:\n    b\ngot:\n    a",
        ),
        (["$ echo a"], "page.md:2: `echo a` printed something else\nexpected:\n    (nothing)"),
        (["$ true", "$ echo a; echo b", "a"], "page.md:3: `echo a; echo b` printed"),
        (["$ true", "a"], "got:\n    (nothing)"),
        (["$ exit 1"], "page.md:2: `exit 1` ended with exit status 1 instead of 0"),
        (["$ true  # exit status 2"], "`true` ended with exit status 0 instead of 2"),
        (["$ no-such-command"], "ended with exit status 127 instead of 0"),
        (["echo a"], "page.md:2: a console block begins with '$ ', not with 'echo a'"),
        ([], "page.md:1: a console block without a command"),
    ],
)
def test_a_command_that_does_something_else_fails(play, lines, text):
    fails(lambda: play("'''console", *lines, "'''"), text)


def test_a_command_without_end_fails_and_is_ended(play):
    fails(
        lambda: play("'''console", "$ sleep 600", "'''", limit=0.2),
        "`sleep 600` had no end within 0.2 s",
    )
