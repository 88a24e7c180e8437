"""The rarer ends of a command: readers that are gone, trees and plugins that misbehave."""

import os
import signal
import subprocess

import pytest

TREES = """
import logging, os, signal, threading
from my_tree import MyRoot
from roguebridge.core.server.server import PvServer


class Own(MyRoot):
    '''Brings a server that serves nothing there is.'''

    def __init__(self):
        super().__init__()
        self.addProtocol(PvServer('Own', self, pvMap=self.pv_map, backends=['soft']))


class Unreadable(Own):
    pv_map = 'gone.map'


class Lost(Own):
    pv_map = {'MyRoot.Nope': 'A'}

    def getNode(self, path):
        if path == 'MyRoot.Nope':
            raise RuntimeError('lost\\nthe link')
        return super().getNode(path)


class Unstoppable(MyRoot):
    def stop(self):
        super().stop()
        raise OSError('no link')


class Hopeless(Unstoppable):
    def start(self):
        super().start()
        raise OSError('no power')


class Interrupted(MyRoot):
    def __init__(self):
        super().__init__()
        print('building', flush=True)
        never = threading.Event()
        while not never.wait(0.05):  # a signal right before a wait without end would not end it
            pass


class Lingering(MyRoot):
    def stop(self):
        super().stop()
        print('stopping', flush=True)
        never = threading.Event()
        while not never.wait(0.05):
            pass


class Muddled(MyRoot):
    def __init__(self):
        super().__init__()
        logging.getLogger('my.tree').warning('%d boards', 'no')


class Asking(MyRoot):
    '''Uses a signal itself.'''

    def start(self):
        super().start()
        signal.signal(signal.SIGUSR1, lambda number, frame: os.write(1, b'asked\\n'))
"""

PLUGIN = """
import sys
import click
from roguebridge.core import hookimpl

@click.command()
def refuse():
    sys.exit('no beam')

@click.command()
def give_up():
    raise click.Abort

@click.command()
def count():
    sys.exit(7)

@hookimpl
def cli_commands(group):
    for command in (refuse, give_up, count):
        group.add_command(command)
"""

BACKEND = """
from roguebridge.core import hookimpl

def make(options):
    raise ValueError('no socket')

@hookimpl
def register_backends():
    return {'odd': make}
"""


@pytest.fixture
def shell(shell):
    shell.write("trees.py", TREES)
    return shell


def install(shell, name, text):
    """Make a module an installed plugin; without text there is no such module."""
    info = shell.folder / "site" / f"{name}-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[roguebridge]\n{name} = {name}\n")
    if text:
        shell.write(f"site/{name}.py", text)
    path = [str(shell.folder / "site"), shell.environ.get("PYTHONPATH", "")]
    shell.environ["PYTHONPATH"] = ":".join(filter(None, path))


# What the command line says about itself --------------------------------------------------


def test_shells_complete_the_names_of_trees(shell):
    shell.environ["_ROGUEBRIDGE_COMPLETE"] = "bash_complete"
    shell.environ.update(COMP_WORDS="roguebridge check my_t", COMP_CWORD="2")
    assert shell.run().stdout.splitlines() == ["file,my_t"]


# Trees ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "target", "text"),
    [
        (4, "trees.py:Unreadable", "cannot read the map file gone.map: "),
        (3, "trees.py:Lost", "MyRoot cannot be surveyed: RuntimeError: lost the link"),
        (2, "./notes.txt:MyRoot", "./notes.txt is not a Python file"),
    ],
)
def test_a_tree_that_cannot_be_looked_at_ends_it(shell, status, target, text):
    shell.write("notes.txt", "not yet\n")
    assert shell.fails(status, "check", target).startswith(text)


def test_a_tree_that_does_not_stop_as_it_should_is_a_warning(shell):
    done = shell.run("check", "trees.py:Unstoppable", "--base", "X")
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1] == "Warning: stopping MyRoot: OSError: no link"


def test_what_a_tree_that_did_not_start_cannot_undo_is_no_news(shell):
    done = shell.run("check", "trees.py:Hopeless", "--base", "X")
    assert done.returncode == 3
    assert "no power" in done.stderr.splitlines()[-1]
    assert "no link" not in done.stderr


def test_a_signal_while_the_tree_is_built_ends_it(shell):
    command = ["check", "trees.py:Interrupted", "--base", "X"]
    with shell.start(*command, stderr=subprocess.STDOUT) as process:
        process.until("building")
        process.signal(signal.SIGTERM)
        assert process.end() == 128 + signal.SIGTERM
    assert not [line for line in process.lines if "Error" in line or "Traceback" in line]


def test_a_signal_while_the_tree_stops_ends_it(shell):
    command = ["check", "trees.py:Lingering", "--base", "X"]
    with shell.start(*command, stderr=subprocess.STDOUT) as process:
        process.until("stopping")
        process.signal(signal.SIGTERM)
        assert process.end() == 128 + signal.SIGTERM
    assert not [line for line in process.lines if "Error" in line or "Traceback" in line]


def test_a_log_record_that_cannot_be_written_does_not_end_it(shell):
    done = shell.run("check", "trees.py:Muddled", "--base", "X")
    assert done.returncode == 0
    assert "--- Logging error ---" in done.stderr


def test_a_signal_that_the_tree_has_a_use_for_does_not_stop_it(shell):
    command = ["serve", "trees.py:Asking", "--base", "X", "--isolate"]
    with shell.start(*command) as process:
        process.until("Serving")
        process.signal(signal.SIGUSR1)
        process.until("asked")
        assert not [line for line in process.lines if line.startswith("Stopping")]
        process.signal(signal.SIGTERM)
        assert process.end() == 0


def test_a_server_of_a_running_root_that_cannot_start_ends_it(shell):
    shell.write("running.py", "from my_tree import MyRoot\nroot = MyRoot()\nroot.start()\n")
    shell.write("twice.map", "A -> MyRoot.Gain\nA -> MyRoot.Reset\n")
    done = shell.run("serve", "running.py:root", "--base", "X", "--pv-map", "twice.map")
    assert done.returncode == 4
    assert "Error: the mapping cannot be served:" in done.stderr
    assert "Traceback" not in done.stderr


# Readers ----------------------------------------------------------------------------------


def test_problems_of_a_map_go_to_stderr(shell):
    shell.write("odd.map", "A -> MyRoot.Gain\nB -> MyRoot.Gian\n")
    done = shell.run(
        "map", "my_tree.py:MyRoot", "--base", "X", "--pv-map", "odd.map", "--format", "text"
    )
    assert (done.returncode, done.stdout) == (0, "A -> MyRoot.Gain\n")
    (problem,) = [line for line in done.stderr.splitlines() if line.startswith("Problem: ")]
    assert "MyRoot.Gian" in problem


def test_the_result_of_a_check_is_its_status_though_nobody_reads_it(shell):
    shell.environ.pop("PYTHONUNBUFFERED", None)  # something is left to flush at the end
    read, write = os.pipe()
    os.close(read)
    try:
        done = shell.run("check", "my_tree.py:MyRoot", "--base", "X", stdout=write)
    finally:
        os.close(write)
    assert done.returncode == 0
    assert "BrokenPipe" not in done.stderr


def test_a_log_that_nobody_reads_does_not_keep_it_from_stopping(shell):
    command = ["serve", "my_tree.py:MyRoot", "--base", "X", "--isolate", "--log-level", "info"]
    read, write = os.pipe()
    with shell.start(*command, stderr=write) as process:
        os.close(write)
        process.until("Serving")
        os.close(read)
        process.signal(signal.SIGTERM)
        assert process.end() == 0
        assert process.lines[-1] == "Stopped."


def test_nothing_is_offered_to_clients_of_a_backend_without_network(shell):
    command = ["serve", "my_tree.py:MyRoot", "--base", "X", "--backend", "soft", "--isolate"]
    with shell.start(*command) as process:
        assert process.until("Serving").endswith(" PVs of MyRoot as X:... over soft.")
        process.signal(signal.SIGTERM)
        assert process.end() == 0
        assert not [line for line in process.lines if "export" in line]


# Plugins ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "status", "said"),
    [("refuse", 1, ["Error: no beam"]), ("give-up", 130, []), ("count", 7, [])],
)
def test_a_command_of_a_plugin_ends_as_it_likes(shell, command, status, said):
    install(shell, "site_ends", PLUGIN)
    done = shell.run(command)
    assert (done.returncode, done.stderr.splitlines()) == (status, said)


def test_an_installed_plugin_that_is_broken_is_a_problem_and_no_more(shell):
    install(shell, "site_gone", "")
    done = shell.run("check", "my_tree.py:MyRoot", "--base", "X")
    assert done.returncode == 1
    (problem,) = [line for line in done.stdout.splitlines() if line.startswith("Problem: ")]
    assert problem.startswith("Problem: plugin site_gone cannot be used: ")


def test_a_backend_of_a_plugin_that_cannot_be_made_ends_it(shell):
    shell.write("odd_plugin.py", BACKEND)
    options = ["--base", "X", "--plugin", "odd_plugin", "--backend", "odd"]
    text = shell.fails(2, "check", "my_tree.py:MyRoot", *options)
    assert (
        text == "plugin odd_plugin: the factory of the backend 'odd' failed: ValueError: no socket"
    )
