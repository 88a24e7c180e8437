"""Commands of a page that stay until they are interrupted."""

import threading

import pytest
from support.docs.made_pages import background, fails, interrupt
from support.docs.pages import SnippetError

SERVER = [
    "<!-- snippet: file=server.py -->",
    "'''python",
    "import pathlib, signal, sys",
    "try:",
    "    print('starting')",
    "    print('ready')",
    "    signal.pause()",
    "except KeyboardInterrupt:",
    "    print('ended')",
    "    pathlib.Path('ended').touch()",
    "    sys.exit(int(sys.argv[1]))",
    "'''",
]

READY = background("$ python server.py 0", "...", "ready")


def test_a_background_command_runs_until_the_end_of_the_page(play):
    here = play(*SERVER, *READY, "'''console", "$ ls", "server.py", "'''")
    assert (here / "ended").exists()


def test_a_background_command_is_interrupted_where_the_page_says_so(play):
    after = ["'''console", "$ ls", "ended", "server.py", "'''"]
    play(*SERVER, *READY, *interrupt("ended"), *after)


@pytest.mark.parametrize("language", ["text", "console"])
def test_ctrl_c_may_be_shown(play, language):
    play(*SERVER, *READY, *interrupt("^C", "ended", language=language))


def test_a_background_command_may_end_with_the_status_shown(play):
    play(*SERVER, *background("$ python server.py 3  # exit status 3", "...", "ready"))


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ([*READY, *interrupt("something")], "after Ctrl-C something else was printed"),
        ([*READY, *interrupt()], "after Ctrl-C something else was printed"),
        ([*READY, *interrupt("$ ls")], "'interrupt' shows further output, no command"),
        (interrupt("ended"), "no background command runs here"),
        ([*READY, *READY], "a background command of this page runs already"),
        (background("$ python server.py 0"), "shows at least one line, to wait for"),
        (background("$ python server.py 0", "..."), "shows at least one line, to wait for"),
        (background("$ true", "a", "$ true"), "a background block has one command"),
        (background("$ python server.py 5", "...", "ready"), "exit status 5 instead of 0"),
        (background("$ echo a; echo b", "b"), "`echo a; echo b` printed something else"),
    ],
)
def test_a_background_command_that_does_something_else_fails(play, lines, text):
    fails(lambda: play(*SERVER, *lines), text)


def test_a_line_that_never_comes_fails_in_time(play):
    lines = background("$ python server.py 0", "never")
    fails(lambda: play(*SERVER, *lines, limit=3.0), "expected:\n    never\ngot:\n    starting")


def test_a_background_command_does_not_outlive_a_page_that_fails(play):
    before = threading.active_count()
    with pytest.raises(SnippetError):
        play(*SERVER, *READY, "'''python", "1 / 0", "'''")
    assert threading.active_count() == before
