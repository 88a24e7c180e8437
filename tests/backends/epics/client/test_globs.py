"""``get``, ``monitor`` and ``info`` with names that have wildcards, and who may write."""

import json
import os
import subprocess
import sys

import pytest
from support.each import each
from support.engine.site_plugins import Guard
from support.trees import running

from roguebridge.backends.epics import EpicsPvServer
from roguebridge.backends.epics.client.globs import bases_of, is_glob
from roguebridge.core.mapping import Select
from roguebridge.core.requests import Deny

LIMIT = 60.0
BOTH = pytest.mark.parametrize("protocol", [[], ["--ca"]], ids=["pva", "ca"])
NONE = "no server answered as {} over PVAccess in 1 s; wildcards need a Roguebridge server with"
NONE += " status PVs, else write whole names"


class Locked(Guard):
    """Lets nobody write ``Locked``, and tells clients."""

    def __init__(self):
        super().__init__(lambda request: Deny("locked"), select=Select(path="*.Locked"))
        self.policy.may = lambda *_: Deny("locked")


@pytest.fixture(scope="module")
def run(tree):
    """Serve a tree as ``B`` and, without status PVs, as ``C``; give a function that runs us."""
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False)
    for n in range(3):
        board = pr.Device(name=f"Amc[{n}]")
        board.add(pr.LocalVariable(name="Temp", value=20.0 + n, units="degC", disp="{:.1f}"))
        board.add(pr.LocalVariable(name="Id", value=n, mode="RO"))
        board.add(pr.LocalVariable(name="Locked", value=n))
        board.add(pr.LocalCommand(name="Reset", function=lambda: None))
        root.add(board)
    server = EpicsPvServer("B", root, isolate=True, backends=["pva", "ca"], plugins=[Locked()])
    bare = EpicsPvServer("C", root, isolate=True, backends=["pva", "ca"], status=False)
    root.addProtocol(server)
    root.addProtocol(bare)
    with running(root):

        def run(*words):
            one = bare if any(word.startswith("C:") for word in words) else server
            env = os.environ | one.client_conf("pva") | one.client_conf("ca") | {"NO_COLOR": "1"}
            done = subprocess.run(
                [sys.executable, "-m", "roguebridge", *words],
                env=env, capture_output=True, text=True, timeout=LIMIT,
            )  # fmt: skip
            return done.returncode, done.stdout.splitlines(), done.stderr.splitlines()

        yield run


def shown(lines):
    """Name, value and units of each line."""
    return [" ".join(line.split()[:3]) for line in lines]


TEMPS = [f"B:Top:Amc[{n}]:Temp 2{n}.0 degC" for n in range(3)]


@BOTH
def test_get_prints_each_pv_that_matches_in_the_order_of_the_tree(run, protocol):
    status, lines, errors = run("get", *protocol, "B:Top:Amc*:Temp", "B:Top:Amc[1]:Temp")
    assert (status, errors, shown(lines)) == (0, [], [*TEMPS, TEMPS[1]])
    status, lines, _ = run("get", *protocol, "B:*Amc[0-1]:T???")
    assert shown(lines) == TEMPS[:2]


@BOTH
def test_monitor_watches_each_pv_that_matches(run, protocol):
    status, lines, errors = run("monitor", *protocol, "--count", "3", "B:*:Temp")
    assert (status, errors, sorted(shown(lines))) == (0, [], TEMPS)


@BOTH
def test_what_nothing_matches_is_said_and_the_others_are_printed(run, protocol):
    status, lines, errors = run("get", *protocol, "B:Top:Bmc*:Temp", "B:Top:Amc[0]:Temp")
    assert (status, shown(lines)) == (1, TEMPS[:1])
    assert errors[0].startswith("'B:Top:Bmc*:Temp': no PV matches 'B:Top:Bmc*:Temp'; the nearest")


@BOTH
@pytest.mark.parametrize("command", ["get", "monitor", "info"])
def test_without_a_server_that_answers_it_says_who_was_asked_and_what_to_do(run, command, protocol):
    names = {"C:Top:Amc*:Temp": "C:Top:RB:LIST or C:RB:LIST", "No:*": "No:RB:LIST"}
    status, lines, errors = run(command, *protocol, "--timeout", "1", *names)
    assert (status, lines) == (1, [])
    assert errors == [f"{name!r}: {NONE.format(asked)}" for name, asked in names.items()]


def test_a_wildcard_in_the_base_and_a_glob_without_end_are_refused(run):
    status, _, errors = run("get", "*:Temp", "B:" + "*" * 10_000)
    assert status == 1
    base = "'*:Temp': write the base of the server before the first wildcard, as in X:*"
    assert errors[0] == base
    assert errors[1].endswith("a glob has at most 1000 characters, not 10002")
    assert len(errors[1]) < 200


def test_info_says_who_may_write(run):
    names = [f"B:Top:Amc[0]:{name}" for name in ("Temp", "Id", "Locked", "Reset")]
    status, lines, errors = run("info", "--json", *names)
    assert (status, errors) == (0, [])
    told = {(one["access"], one["may_write"]) for one in map(json.loads, lines)}
    assert told == {
        ("you may read and write", True), ("you may read, not write", False),
        ("you may call it", True),
    }  # fmt: skip
    locked = json.loads(run("info", "--json", "B:*[0]:Locked")[1][0])
    assert locked["may_write"] is False
    for words, may in (((), [True, False]), (("--ca",), [True, False])):
        lines = run("info", "--json", *words, *names[:2])[1]
        assert [json.loads(line)["may_write"] for line in lines] == may, words
    _, lines, _ = run("info", "B:Top:Amc[0]:Temp")
    assert [line.split()[1:] for line in lines if "access" in line] == [
        ["you", "may", "read", "and", "write"]
    ]


def test_of_a_server_without_status_pvs_info_says_that_rights_are_not_known(run):
    status, lines, errors = run("info", "--json", "C:Top:Amc[0]:Temp", "C:Top:Amc[1]:Temp")
    assert (status, errors) == (0, [])
    for line in lines:
        told = json.loads(line)
        assert told["access"] == "not known: no status PVs of a Roguebridge server answered"
        assert told["may_write"] is None


@each(
    "name, glob, bases",
    [
        ("B:Top:Gain", False, ["B:Top", "B"]),
        ("B:Top:Amc[3]:Gain", False, ["B:Top:Amc[3]", "B:Top", "B"]),
        ("B:Top:Amc[0-3]:Gain", True, ["B:Top", "B"]),
        ("B:Top:Amc[*]:Gain", True, ["B:Top", "B"]),
        ("B:T?p:Gain", True, ["B"]),
        ("a:b:c*", True, ["a:b", "a"]),
        ("*", True, []),
        ("B*:x", True, []),
        (":x*", True, []),
        ("", False, []),
        ("[" * 10_000, True, []),
        ("a:" + "[1]" * 10_000, False, ["a"]),
    ],
)
def test_which_names_are_globs_and_which_servers_they_mean(name, glob, bases):
    assert (is_glob(name), bases_of(name)) == (glob, bases)
