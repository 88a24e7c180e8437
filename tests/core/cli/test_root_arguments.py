"""``--arg`` and ``args`` of the file: the arguments that a root is made with."""

import signal

import pytest
from p4p.client.thread import Context
from support.each import each

USAGE, TREE = 2, 3
TREES = """
from __future__ import annotations
import enum
import pathlib
from typing import TYPE_CHECKING, Literal
import {module} as pr
if TYPE_CHECKING:
    from nowhere import Unknown


class Mode(enum.Enum):
    FAST = 'fast'
    SLOW = 'slow'


class Base(pr.Root):
    def __init__(self, seen=None, **kwargs):
        super().__init__(name='Top', pollEn=False, **kwargs)
        self._doHeartbeat = False
        self.add(pr.LocalVariable(name='Seen', value=repr(seen), mode='RO'))


class Board(Base):
    def __init__(self, ip: str, lane: int = 0, *, scale: float = 1.0, sim: bool = False,
                 gains: list[int] = (), pair: tuple[int, int] = (1, 2), note: str | None = None,
                 key: int | str = 0, mode: Mode = Mode.FAST, side: Literal['left', 'right'] = 'left',
                 path: pathlib.Path = None, free=None, odd: Unknown = None):
        super().__init__(seen=dict(
            ip=ip, lane=lane, scale=scale, sim=sim, gains=gains, pair=pair, note=note, key=key,
            mode=mode.name, side=side, path=path, free=free, odd=odd))


class Passing(Base):
    def __init__(self, speed: int = 1, **kwargs):
        super().__init__(seen=speed, **kwargs)


class Inner(Base):
    def __init__(self, address, **kwargs):
        super().__init__(seen=address, **kwargs)


class Outer(Inner):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)


def by_place(first: int, /, second: int = 2):
    return Base(seen=(first, second))


class Refusing(Base):
    def __init__(self, ip: str = ''):
        raise TypeError('no board')

def passing(**kwargs):
    return Passing(**kwargs)


made = Passing()
"""  # noqa: E501


@pytest.fixture
def board(shell):
    shell.write("board.py", TREES)
    return shell


def seen(shell, *arguments, config=None, root="board.py:Board"):
    """Return what the constructor was given."""
    extra = ["--config", config] if config else ["--base", "B"]
    done = shell.run("explain", root, "Top.Seen", *extra, *arguments)
    assert done.returncode == 0, done.stderr
    with shell.start("serve", root, "--isolate", *extra, *arguments) as process:
        with Context("pva", conf=process.clients(), useenv=False) as client:
            found = client.get("B:Top:Seen").raw.value
        process.signal(signal.SIGTERM)
        assert process.end() == 0
    return found


def test_each_argument_is_read_as_its_annotation_says(board):
    given = [
        "ip=10", "lane=0x10", "scale=3", "sim=yes", "gains=[1, 2]", "pair=[3, 4]", "note=a # b: c",
        "key=7", "mode=slow", "side=right", "path=a/b", "free={a: 1.5}", "odd=[x]",
    ]  # fmt: skip
    assert seen(board, *(word for one in given for word in ("--arg", one))) == (
        "{'ip': '10', 'lane': 16, 'scale': 3.0, 'sim': True, 'gains': [1, 2], 'pair': (3, 4), "
        "'note': 'a # b: c', 'key': 7, 'mode': 'SLOW', 'side': 'right', "
        "'path': PosixPath('a/b'), 'free': {'a': 1.5}, 'odd': ['x']}"
    )


def test_a_file_gives_them_too_and_the_command_line_replaces_them_one_by_one(board):
    board.write("b.yaml", "base: B\nargs:\n  ip: '10'\n  lane: 3\n  pair: [5, 6]\n  note: null\n")
    found = seen(board, "--arg", "lane=010", "--arg", "key=null", config="b.yaml")
    assert found.startswith("{'ip': '10', 'lane': 10, 'scale': 1.0, ")
    assert "'pair': (5, 6), 'note': None, 'key': 'null'," in found


def test_map_and_check_take_them(board):
    for command in ("map", "check"):
        done = board.run(command, "board.py:Board", "--base", "B", "--arg", "ip=x")
        assert done.returncode == 0, done.stderr


def test_a_function_and_arguments_without_a_name_take_them(board):
    assert seen(board, "--arg", "first=1", root="board:by_place") == "(1, 2)"


def test_what_a_class_hands_on_goes_to_its_base(board):
    assert seen(board, "--arg", "timeout=2", "--arg", "speed=5", root="board:Passing") == "5"
    assert seen(board, "--arg", "address=7", root="board:Outer") == "7"


WHAT = "board.py:Board"
WRONG = [
    (WHAT, ["lane=fast"], f"--arg lane: {WHAT} takes int, found 'fast'"),
    (WHAT, ["lane=true"], f"--arg lane: {WHAT} takes int, found 'true'"),
    (WHAT, ["lane="], f"--arg lane: {WHAT} takes int, found ''"),
    (WHAT, ["lane=1.5"], f"--arg lane: {WHAT} takes int, found '1.5'"),
    (WHAT, ["gains=[1, a]"], f"--arg gains: {WHAT} takes list[int], found '[1, a]'"),
    (WHAT, ["gains=[1, "], f"--arg gains: {WHAT} takes list[int], found '[1, '"),
    (WHAT, ["side=up"], f"--arg side: {WHAT} takes Literal['left', 'right'], found 'up'"),
    (WHAT, ["free=[1, "], "--arg free: '[1, ': it is no YAML, column "),
    (WHAT, ["free=!!python/object:os.x a"], "--arg free: '!!python/object:os.x a': the tag "),
    (WHAT, ["lnae=1"], f"--arg lnae: {WHAT} has no argument 'lnae'; the nearest is lane"),
    ("board.py:by_place", ["x=1"],
     "--arg x: board.py:by_place has no argument 'x'; there are first, second"),
    ("my_tree.py:make", ["x=1"], "--arg x: my_tree.py:make has no argument 'x'; it takes none"),
    (WHAT, ["ip=1", "ip=2"], "--arg ip is given twice: '1' and '2'"),
    (WHAT, [], f"{WHAT} needs the argument ip (str): add --arg ip=VALUE, or the key args to the "
               "configuration file"),
    ("board.py:Outer", [], "board.py:Outer needs the argument address: add --arg address=VALUE"),
    ("board.py:Passing", ["sped=1"],
     "--arg sped: board.py:Passing has no argument 'sped'; the nearest is speed"),
    ("board.py:passing", ["sped=1"], "board.py:passing has no argument 'sped'"),
    ("board.py:made", ["x=1"], "board.py:made is made already: it takes no arguments"),
    (WHAT, ["=1"], "Invalid value for '--arg': '=1' is not NAME=VALUE, as in ip=10.0.0.2"),
    (WHAT, ["ip"], "Invalid value for '--arg': 'ip' is not NAME=VALUE, as in ip=10.0.0.2"),
]  # fmt: skip


@each("root,given,told", WRONG)
def test_each_wrong_argument_is_named_with_what_is_allowed(board, root, given, told):
    words = [word for one in given for word in ("--arg", one)]
    assert board.fails(USAGE, "map", root, "--base", "B", *words).startswith(told)


def test_what_the_constructor_itself_raises_is_a_fault_of_the_tree(board):
    error = board.fails(TREE, "map", "board.py:Refusing", "--base", "B", "--arg", "ip=1")
    assert error == "board.py:Refusing cannot be built: TypeError: no board"


def test_every_wrong_argument_of_a_file_is_named_with_its_line(board):
    board.write(
        "b.yaml", "base: B\nargs:\n  ip: 10\n  lane: '5'\n  sim: 1\n  scal: 2\n  gains:\n    - a\n"
    )
    done = board.run("map", "board.py:Board", "--config", "b.yaml")
    assert done.returncode == USAGE
    assert done.stderr.splitlines()[-5:] == [
        "Error: the configuration b.yaml cannot be used:",
        f"  b.yaml:3: args.ip: {WHAT} takes str, found 10: put it in quotes",
        f"  b.yaml:4: args.lane: {WHAT} takes int, found the text '5'",
        f"  b.yaml:6: args.scal: {WHAT} has no argument 'scal'; the nearest is scale",
        f"  b.yaml:7: args.gains: {WHAT} takes list[int], found ['a']",
    ]
    board.write("b.yaml", "base: B\nargs: [ip]\n")
    done = board.run("map", "board.py:Board", "--config", "b.yaml")
    assert "  b.yaml:2: args: expected a mapping, found a list" in done.stderr.splitlines()


def test_a_server_made_from_the_file_leaves_them_to_the_root(board, tree):
    from roguebridge.backends.epics import EpicsPvServer

    board.write("b.yaml", "base: B\nargs: {ip: x}\n")
    server = EpicsPvServer.from_yaml(tree.pr.Root(name="Top"), board.folder / "b.yaml")
    assert server.base == "B"
