"""The runner of snippets, on made-up pages: what is wrong fails, with page, line and reason."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from tempfile import mkdtemp

import pytest
from support.page_world import epics_settings, page_world, write_scripts
from support.pages import SnippetError, blocks_of
from support.shell import consumed
from support.snippets import PageRun
from support.trees import TREES


@pytest.fixture
def play(tmp_path):
    """Run a page, given by its lines, on the stand-in tree; return the directory it ran in."""

    def run(*lines, limit=30.0):
        blocks = blocks_of(page(*lines), "page.md")
        directory = Path(mkdtemp(dir=tmp_path))
        with page_world(TREES[0], directory, False) as here, PageRun(limit) as page_run:
            page_run.run(blocks)
        return here

    return run


def page(*lines):
    """A page of these lines, in which three apostrophes stand for a fence."""
    return "".join(line.replace("'''", "```") + "\n" for line in lines)


def fails(run, text):
    with pytest.raises(SnippetError) as caught:
        run()
    assert text in str(caught.value), str(caught.value)


# Which blocks a page has ----------------------------------------------------------------------


def test_blocks_have_language_line_and_what_the_comment_asks_for():
    found = blocks_of(
        page(
            "# Title",
            "'''python",
            "a = 1",
            "'''",
            "- in a list",
            "  <!-- snippet: file=a/b.yaml -->",
            "  '''yaml",
            "  x:",
            "    y: 1",
            "  '''",
            "~~~~{note}",
            "'''text",
            "as it is",
            "'''",
            "~~~~",
            "'''{toctree}",
            "page",
            "'''",
        ),
        "page.md",
    )
    assert [(b.line, b.language, b.text, b.ask, b.argument) for b in found] == [
        (2, "python", "a = 1\n", "", ""),
        (7, "yaml", "x:\n  y: 1\n", "file", "a/b.yaml"),
        (12, "text", "as it is\n", "", ""),
    ]
    assert [b.runs for b in found] == [True, True, False]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["'''yaml", "'''"], "page.md:1: a block in yaml needs '<!-- snippet: file=NAME -->'"),
        (["", "'''", "'''"], "page.md:2: a block without a language needs"),
        (["'''{code-block} python", "'''"], "page.md:1: write a plain fence"),
        (["<!-- snippet: not run -->", "'''yaml", "'''"], "page.md:2: 'not run' needs a reason"),
        (["<!-- snippet: not run: -->", "'''yaml", "'''"], "page.md:2: 'not run' needs a reason"),
        (["<!-- snippet: skip -->", "'''text", "'''"], "page.md:2: unknown: 'snippet: skip'"),
        (["<!-- snippet: file=../x -->", "'''text", "'''"], "must name a file in the page's own"),
        (["<!-- snippet: file=/x -->", "'''text", "'''"], "must name a file in the page's own"),
        (["<!-- snippet: file= -->", "'''text", "'''"], "must name a file in the page's own"),
        (["<!-- snippet: output -->", "'''python", "'''"], "'output' stands before a text block"),
        (["<!-- snippet: background -->", "'''text", "'''"], "before a console block"),
        (["<!-- snippet: interrupt -->", "'''python", "'''"], "'interrupt' shows console or text"),
        (["<!-- snippet: output -->", "", "'''text", "'''"], "page.md:1: a snippet comment is"),
        (["'''python", "a"], "page.md:1: this block has no end"),
    ],
)
def test_a_page_against_the_convention_is_refused(lines, text):
    fails(lambda: blocks_of(page(*lines), "page.md"), text)


# Python ---------------------------------------------------------------------------------------


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


# Lines ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (["a", "b"], ["a", "b  ", ""]),
        (["...", "b"], ["b"]),
        (["...", "b"], ["x", "y", "b"]),
        (["a", "..."], ["a"]),
        (["a ... c"], ["a b c"]),
        (["a.c(*"], ["a.c(*"]),
        ([], []),
    ],
)
def test_these_lines_are_equal(expected, got):
    assert consumed(expected, got, whole=True) is not None


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (["a"], ["a", "b"]),
        (["a", "b"], ["a"]),
        (["a", "b"], ["b", "a"]),
        (["a.c"], ["abc"]),
        (["a ... c"], ["a b", "c"]),
        ([], ["a"]),
        (["a", "", "b"], ["a", "b"]),
    ],
)
def test_these_lines_differ(expected, got):
    assert consumed(expected, got, whole=True) is None


def test_the_fewest_lines_that_are_the_expected_ones_are_taken():
    assert consumed(["...", "b"], ["a", "b", "b"], whole=False) == 2
    assert consumed(["a"], [], whole=False) is None


# Commands -------------------------------------------------------------------------------------


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


# Commands that stay ---------------------------------------------------------------------------

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


def background(*lines):
    return ["<!-- snippet: background -->", "'''console", *lines, "'''"]


def interrupt(*lines, language="text"):
    return ["<!-- snippet: interrupt -->", f"'''{language}", *lines, "'''"]


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


# Where a page runs ----------------------------------------------------------------------------

WHICH = [
    "import pyrogue as pr",
    "import pyrogue.interfaces.simulation as prs",
    "import pyrogue.interfaces.stream",
    "prs.MemEmulate()",
]


def test_pyrogue_is_the_tree_here_and_in_commands(run_page, tree):
    name = tree.pr.__name__
    run_page(
        page(
            "'''python",
            *WHICH,
            "print(pr.__name__)",
            "'''",
            "<!-- snippet: output -->",
            "'''text",
            name,
            "'''",
            "<!-- snippet: file=which.py -->",
            "'''python",
            *WHICH,
            "print(pr.__name__, pr.Root.__module__.split('.')[0])",
            "'''",
            "'''console",
            "$ python which.py",
            f"{name} {name.split('.')[0]}",
            "'''",
        )
    )


def test_the_real_rogue_is_out_of_reach_of_a_page_on_the_stand_in(run_page, tree):
    if tree.name == "simtree":
        block = ["'''python", "import pyrogue", "import rogue", "'''"]
        fails(lambda: run_page(page(*block)), "page.md:3: raised ModuleNotFoundError")


def test_a_command_cannot_reach_the_real_rogue_from_the_stand_in(run_page, tree):
    if tree.name == "simtree":
        call = "$ python -c 'import pyrogue, rogue'  # exit status 1"
        run_page(
            page("'''console", call, "...", "ModuleNotFoundError: No module named 'rogue'", "'''")
        )


def test_a_page_that_leaves_a_root_running_fails(run_page):
    block = ["import pyrogue", "root = pyrogue.Root(name='Left', pollEn=False)", "root.start()"]
    started = []
    try:
        with pytest.raises(AssertionError, match="threads that keep the process alive"):
            sys.modules["_started"] = started  # hands the root out of the page
            hand_over = ["import sys", "sys.modules['_started'].append(root)"]
            run_page(page("'''python", *block, *hand_over, "'''"))
    finally:
        del sys.modules["_started"]
        for root in started:
            root.stop()


def test_a_server_and_a_client_of_a_page_meet(run_page):
    run_page(
        page(
            "<!-- snippet: file=serve.py -->",
            "'''python",
            "import signal",
            "import pyrogue as pr",
            "import roguebridge.backends.epics as pep",
            "class Top(pr.Root):",
            "    def __init__(self):",
            "        super().__init__(name='Top', pollEn=False)",
            "        self.add(pr.LocalVariable(name='A', value=3.5))",
            "        self.addProtocol(pep.EpicsPvServer(base='B', root=self))",
            "with Top():",
            "    try:",
            "        print('serving')",
            "        signal.pause()",
            "    except KeyboardInterrupt:",
            "        pass",
            "print('stopped')",
            "'''",
            *background("$ python serve.py", "serving"),
            "'''python",
            "from p4p.client.thread import Context",
            "with Context('pva') as client:",
            "    client.put('B:Top:A', 4.5)",
            "    print(client.get('B:Top:A') + 1)",
            "'''",
            "<!-- snippet: output -->",
            "'''text",
            "5.5",
            "'''",
            "'''console",
            "$ python -m p4p.client.cli get B:Top:A",
            "B:Top:A ... 4.5",
            "'''",
            *interrupt("^C", "stopped"),
        )
    )


def test_the_world_of_a_page_is_gone_after_it(tree, tmp_path):
    environment, modules, path = dict(os.environ), dict(sys.modules), list(sys.path)
    with page_world(tree, tmp_path, True):
        assert os.environ["EPICS_PVAS_SERVER_PORT"] == "0"
        os.environ["ONE_MORE"] = "x"
        import pyrogue

        assert pyrogue is tree.pr
    assert dict(os.environ) == environment
    assert sys.path == path
    assert {n: m for n, m in sys.modules.items() if n in modules} == modules


def test_a_server_and_a_client_share_a_free_port():
    first = epics_settings()
    assert first["EPICS_PVAS_BROADCAST_PORT"] == first["EPICS_PVA_BROADCAST_PORT"] != "0"


def test_commands_that_are_not_installed_are_written(tmp_path):
    folder = write_scripts(tmp_path / "scripts", {"where": "os:getcwd"})
    done = subprocess.run([folder / "where", "x"], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, f"{tmp_path}\n")
