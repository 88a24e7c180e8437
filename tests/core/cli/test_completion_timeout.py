"""``--completion-timeout``: how long an answer waits, over what the file says."""

import pytest
from support.trees.stopped import StoppedRoot

from roguebridge.core.cli import server_options
from roguebridge.core.cli.server_options import ServerOptions, Timeout


class Root(StoppedRoot):
    """A root without servers of its own."""

    deviceList = ()
    _ifAndProto = ()

    def addProtocol(self, server):
        pass


@pytest.fixture
def made(monkeypatch):
    """The arguments of the servers that are made."""
    made = []
    monkeypatch.setattr(
        server_options,
        "PvServer",
        type(
            "Server",
            (),
            {"__init__": lambda self, **given: made.append(given), "broken_plugins": {}},
        ),
    )
    return made


@pytest.mark.parametrize("seconds", [2.5, 0.0, None])
def test_what_is_given_is_the_argument_of_the_server(made, seconds):
    ServerOptions(base="B", completion_timeout=Timeout(seconds)).servers(Root())
    assert made[0]["completion_timeout"] == seconds


def test_what_is_not_given_is_left_to_the_server(made):
    ServerOptions(base="B").servers(Root())
    assert "completion_timeout" not in made[0]


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "soon", "True", ""])
def test_what_is_no_time_is_refused(shell, text):
    done = shell.run("check", "my_tree.py:MyRoot", "--base", "B", "--completion-timeout", text)
    assert done.returncode == 2
    assert f"{text!r} is not one such as 2, 0 or none" in done.stderr


@pytest.mark.parametrize("text", ["2", "0.5", "0", "none"])
def test_times_are_taken(shell, text):
    done = shell.run("check", "my_tree.py:MyRoot", "--base", "B", "--completion-timeout", text)
    assert done.returncode == 0, done.stderr
