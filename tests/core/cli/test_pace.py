"""``--update-rate`` and ``--deadband``: for all PVs or by glob, over what the file says."""

import pytest
from p4p.client.thread import Context
from support.trees import LIMIT

from roguebridge.core.cli.server_options import ServerOptions
from roguebridge.core.server.server import PvServer

USAGE = 2


@pytest.mark.parametrize(
    ("given", "argument"),
    [
        ([("", 10.0)], 10.0),
        ([("", 10.0), ("", 5.0)], 5.0),
        ([("", None)], None),
        ([("Top.A", 1.0), ("Top.*", None)], {"Top.A": 1.0, "Top.*": None}),
        ([("", 10.0), ("Top.A", 1.0)], {"Top.A": 1.0, "*": 10.0}),
    ],
)
def test_what_is_for_all_counts_last(tree, given, argument, monkeypatch):
    made = []
    monkeypatch.setattr(PvServer, "__init__", lambda self, **arguments: made.append(arguments))
    monkeypatch.setattr(PvServer, "broken_plugins", {})
    root = tree.pr.Root(name="Top", pollEn=False)
    monkeypatch.setattr(root, "addProtocol", lambda server: None)
    ServerOptions(base="B", update_rate=given, deadband=given).servers(root)
    assert made[0]["update_rate"] == made[0]["deadband"] == argument


@pytest.mark.parametrize("option", ["--update-rate", "--deadband"])
@pytest.mark.parametrize("value", ["0", "-1", "x", "nan", "inf", "", "Top.*=", "Top.*=x"])
def test_a_wrong_value_is_an_error_of_usage(shell, option, value):
    done = shell.run("check", "my_tree.py:MyRoot", "--base", "B", option, value)
    assert done.returncode == USAGE
    assert f"{value!r} is not [GLOB=]VALUE with a value such as" in done.stderr


def test_a_share_is_no_rate_and_a_glob_is_not_empty(shell):
    for option, text in (
        (("--update-rate", "1%"), "'1%' is not [GLOB=]VALUE with a value such as 10, 0.5 or none"),
        (("--deadband", "-1%"), "'-1%' is not [GLOB=]VALUE with a value such as 0.1, 1% or none"),
        (("--deadband", "=1%"), "'=1%' has no glob"),
    ):
        done = shell.run("check", "my_tree.py:MyRoot", "--base", "B", *option)
        assert done.returncode == USAGE
        assert text in done.stderr


def test_the_check_tells_of_a_glob_that_no_node_matches(shell):
    shell.write("site.yaml", "base: B\ndeadband: {'MyRoot.Gian': 1}\nupdate_rate: {Gone: 1}\n")
    done = shell.run(
        "check", "my_tree.py:MyRoot", "--config", "site.yaml", "--update-rate", "MyRoot.G[a-b]*=2",
        "--update-rate", "X*=none", "--strict",
    )  # fmt: skip
    told = [
        line.partition(";")[0] for line in done.stdout.splitlines() if "no node matches" in line
    ]
    assert told == [
        "Problem: update_rate: no node matches the path 'X*'",
        "Problem: deadband: no node matches the path 'MyRoot.Gian'",
    ]
    assert done.returncode == 1


def test_what_is_served_has_the_pace(shell):
    arguments = ("my_tree.py:MyRoot", "--base", "B", "--isolate", "--deadband", "MyRoot.Gain=50%")
    with shell.start("serve", *arguments, "--update-rate", "1e-6") as process:
        with Context("pva", conf=process.clients(), useenv=False) as client:
            for value in (2, 3):
                client.put("B:MyRoot:Gain", value, wait=True, timeout=3 * LIMIT)
                assert client.get("B:MyRoot:Gain", timeout=3 * LIMIT) == value
        process.signal(2)
        assert process.end() == 0


def test_options_of_the_pace_need_a_server_to_describe(shell):
    done = shell.run("check", "my_tree.py:MyRoot", "--update-rate", "5")
    assert done.returncode == USAGE
    assert "--update-rate needs --base: it describes a new server" in done.stderr
