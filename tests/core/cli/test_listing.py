"""``roguebridge map`` and ``roguebridge check``: what would be served, with nothing served."""

import csv
import io
import json
import os
import signal
import socket
import subprocess

import pytest

from roguebridge.core.mapping.map_file import read_map

MAP = ("map", "my_tree.py:MyRoot", "--base", "X")
CHECK = ("check", "my_tree.py:MyRoot", "--base", "X")


def output(shell, *arguments):
    done = shell.run(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_table_has_a_line_per_pv_in_tree_order(shell):
    header, *lines = output(shell, *MAP, "--include", "Slow", "--no-status").splitlines()
    assert header.split() == ["PV", "path", "type", "served", "as", "mode", "units", "groups"]
    line, switch = lines
    assert switch.split()[:2] == ["X:RB:ReadOnly", "RB.ReadOnly"]
    assert line.split() == [
        "X:MyRoot:Gain", "MyRoot.Gain", "int", "NTScalar", "int32", "RW", "counts", "Slow",
        "Tuning",
    ]  # fmt: skip


def test_json_holds_everything(shell):
    pvs = json.loads(output(shell, *MAP, "--format", "json", "--filter", "*:Gain"))
    assert pvs == [
        {
            "pv_name": "X:MyRoot:Gain", "path": "MyRoot.Gain", "kind": "variable", "type": "int",
            "served_as": "NTScalar int32", "mode": "RW", "units": "counts",
            "groups": ["Slow", "Tuning"], "description": "", "aliases": [],
        }
    ]  # fmt: skip


def test_csv_is_read_by_a_spreadsheet(shell):
    rows = list(csv.DictReader(io.StringIO(output(shell, *MAP, "--format", "csv"))))
    own = [row["path"].startswith("RB.") for row in rows]
    assert own == sorted(own) and True in own
    of_tree = rows[: own.index(True)]
    assert [row["path"] for row in of_tree][-2:] == ["MyRoot.Gain", "MyRoot.Reset"]
    assert of_tree[-2]["groups"] == "Slow Tuning"
    assert of_tree[-1]["kind"] == "command"


def test_the_switches_and_the_status_pvs_are_listed_with_type_and_units(shell):
    rows = json.loads(output(shell, *MAP, "--format", "json", "--filter", "*:RB:*"))
    by_name = {row["pv_name"]: row for row in rows}
    assert by_name["X:RB:UPTIME"]["served_as"] == "NTScalar int32"
    assert by_name["X:RB:UPTIME"]["units"] == "s"
    assert "X:RB:ReadOnly" in by_name
    rows = json.loads(output(shell, *MAP, "--format", "json", "--no-status", "--filter", "*:RB:*"))
    assert [row["pv_name"] for row in rows] == ["X:RB:ReadOnly"]


def test_text_is_a_map_that_serve_reads(shell):
    text = output(shell, *MAP, "--format", "text")
    shell.write("own.map", text)
    assert read_map(shell.folder / "own.map")["MyRoot.Gain"] == ["X:MyRoot:Gain"]
    assert output(shell, *MAP, "--format", "text", "--pv-map", "own.map") == text


@pytest.mark.parametrize("glob", ["X:MyRoot:[GR]*", "MyRoot.[GR]*"])
def test_the_filter_looks_at_names_and_paths(shell, glob):
    lines = output(shell, *MAP, "--format", "text", "--filter", glob).splitlines()
    assert "X:MyRoot:Gain -> MyRoot.Gain" in lines
    assert "X:MyRoot:Reset -> MyRoot.Reset" in lines
    assert not [line for line in lines if "PollEn" in line]


ARRAY = """
import {module} as pr
from my_tree import MyRoot

class Array(MyRoot):
    def __init__(self):
        super().__init__()
        for n in range(2):
            dev = pr.Device(name=f'Dev[{n}]')
            dev.add(pr.LocalVariable(name='Var', value=n))
            self.add(dev)
"""


@pytest.mark.parametrize(
    "glob, found",
    [("*:Dev[1]:Var", [1]), ("MyRoot.Dev[0].Var", [0]), ("*Dev[[]1].Var", [1]),
     ("*Dev?[01]?.Var", [0, 1])],
)  # fmt: skip
def test_brackets_in_a_filter_stand_for_themselves_or_for_a_choice(shell, glob, found):
    shell.write("arrays_tree.py", ARRAY)
    arguments = (
        "map",
        "./arrays_tree.py:Array",
        "--base",
        "X",
        "--format",
        "text",
        "--filter",
        glob,
    )
    assert output(shell, *arguments).splitlines() == [
        f"X:MyRoot:Dev[{n}]:Var -> MyRoot.Dev[{n}].Var" for n in found
    ]


ODD_NODES = """
import {module} as pr
from my_tree import MyRoot

class Odd(MyRoot):
    def __init__(self):
        super().__init__()
        self.add(pr.LocalVariable(name='Größe', value=1, units=5, description=7, groups=[8]))
        self.add(pr.LocalVariable(name='Split', value=1, units='a\\nb', groups=['x y']))
"""


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_odd_nodes_are_listed_in_every_format_and_encoding(shell, encoding):
    shell.write("odd.py", ODD_NODES)
    shell.environ["PYTHONIOENCODING"] = encoding
    lines = {}
    for form in ("table", "csv", "json", "text"):
        lines[form] = output(
            shell, "map", "odd:Odd", "--base", "X", "--format", form, "--filter", "*Größe"
        )
    assert lines["table"].splitlines()[1].split() == [
        "X:MyRoot:Größe", "MyRoot.Größe", "int", "NTScalar", "int64", "RW", "5", "8",
    ]  # fmt: skip
    (pv,) = csv.DictReader(io.StringIO(lines["csv"]))
    assert (pv["units"], pv["groups"], pv["description"]) == ("5", "8", "7")
    (pv,) = json.loads(lines["json"])
    assert (pv["units"], pv["groups"], pv["description"]) == ("5", ["8"], "7")
    assert lines["text"] == "X:MyRoot:Größe -> MyRoot.Größe\n"
    table = output(shell, "map", "odd:Odd", "--base", "X", "--filter", "*Split").splitlines()
    assert len(table) == 2


NOISY = """
import ctypes
import os
from my_tree import MyRoot
print('imported')

class Noisy(MyRoot):
    def start(self):
        print('starting')
        os.write(1, b'as C++ does')
        ctypes.CDLL(None).puts(b'and what it keeps back')
        super().start()
"""


def test_what_the_tree_prints_does_not_get_into_the_output(shell):
    shell.write("noisy.py", NOISY)
    shell.environ.pop("PYTHONUNBUFFERED", None)  # which is for C++ too
    done = shell.run("map", "noisy.py:Noisy", "--base", "X", "--format", "json")
    assert json.loads(done.stdout)
    for text in ("imported", "starting", "as C++ does", "and what it keeps back"):
        assert text in done.stderr


def test_a_reader_that_has_seen_enough_is_no_error(shell):
    read, write = os.pipe()
    os.close(read)
    try:
        done = shell.run(*MAP, stdout=write)
    finally:
        os.close(write)
    assert done.returncode == 141
    assert "Error" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["map", "check"])
def test_a_result_that_cannot_be_written_is_an_error(shell, command):
    with open("/dev/full", "w") as full:
        done = shell.run(command, "my_tree.py:MyRoot", "--base", "X", stdout=full)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    errors = [line for line in done.stderr.splitlines() if "No space" in line]
    assert errors == ["Error: the result cannot be written: No space left on device"]


BAD = """
import {module} as pr
import roguebridge.backends.epics as pep

class Bad(pr.Root):
    def __init__(self, serve=False):
        super().__init__(name='Bad', pollEn=False)
        self.add(pr.LocalVariable(name='Odd name', value=1))
        self.add(pr.LocalVariable(name='Mode', value=5, enum={0: 'Off', 1: 'On', 5: 'Lost'},
                                  localGet=lambda: 7))
        if serve:
            self.addProtocol(pep.EpicsPvServer(base='Own', root=self))

def served():
    return Bad(serve=True)
"""
ODD = "Problem: Bad.Odd name: PV name 'X:Bad:Odd name' contains ' '"
DOUBT = "Warning: Bad.Mode: X:Bad:Mode would open INVALID: "


def test_check_prints_every_problem_and_its_status_tells(shell):
    shell.write("bad.py", BAD)
    done = shell.run("check", "bad.py:Bad", "--base", "X")
    assert done.returncode == 1
    *texts, summary = done.stdout.splitlines()
    assert texts[0] == ODD
    assert texts[1].startswith(DOUBT)
    assert texts[2].startswith("Warning: getters without dependencies")
    assert len(texts) == 3
    assert summary.endswith(" PVs, 1 problem, 2 warnings")


def test_check_of_a_good_tree_finds_nothing(shell):
    assert output(shell, *CHECK).endswith(" PVs, no problems\n")


def test_warnings_are_problems_with_strict(shell):
    shell.write("bad.py", BAD)
    arguments = ("check", "bad.py:Bad", "--base", "X")
    shell.write("one.map", "A -> Bad.Mode\n")
    relaxed = shell.run(*arguments, "--pv-map", "one.map")
    assert (relaxed.returncode, relaxed.stdout.splitlines()[-1]) == (0, "1 PVs, 2 warnings")
    strict = shell.run(*arguments, "--pv-map", "one.map", "--strict")
    assert (strict.returncode, strict.stdout.splitlines()[-1]) == (1, "1 PVs, 1 problem, 1 warning")


def test_check_tells_what_a_protocol_would_not_show_whole_and_that_is_no_problem(shell):
    lossy = [*CHECK, "--exclude", "", "--backend", "pva", "--backend", "ca", "--strict"]
    *lines, last = output(shell, *lossy).splitlines()
    (line,) = [line for line in lines if "a text is cut after 39 bytes" in line]
    assert line.startswith("Warning: over ca, ") and line.endswith(" in all)")
    assert last.endswith(f" PVs, {len(lines)} warnings")
    assert "over " not in output(shell, *CHECK)


def test_a_group_that_no_node_is_in_is_a_problem(shell):
    done = shell.run(*CHECK, "--include", "Slow", "--include", "Slwo")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "Problem: no node is in group 'Slwo': nothing is served for it; "
        "the nearest group is 'Slow'",
        "1 PVs, 1 problem",
    ]


def test_check_names_every_entry_of_a_map_that_is_wrong(shell):
    shell.write("own.map", "A -> MyRoot.Gian\nB -> MyRoot\nC -> MyRoot.Gain\nD -> Nowhere.At.All\n")
    done = shell.run(*CHECK, "--pv-map", "own.map")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "Problem: 'MyRoot.Gian' is not in the tree; the nearest path is MyRoot.Gain",
        "Problem: MyRoot is a device: only variables and commands can be served",
        "Problem: 'Nowhere.At.All' is not in the tree; the nearest path is "
        + done.stdout.splitlines()[2].rpartition(" ")[2],
        "1 PVs, 3 problems",
    ]


def test_the_roots_own_server_is_surveyed_and_not_started(shell):
    shell.write("bad.py", BAD)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        shell.environ["EPICS_PVAS_SERVER_PORT"] = str(taken.getsockname()[1])
        done = shell.run("check", "bad.py:served")
    assert done.returncode == 1
    assert ODD.replace("X:", "Own:") in done.stdout.splitlines()


PLUGIN = """
from roguebridge.core import ConverterRule, PolicyRule, Select, hookimpl

@hookimpl
def converter_rules():
    return [ConverterRule(lambda node: None, Select(path='*.Gain'))]

@hookimpl
def policy_rules():
    return [PolicyRule(lambda node: 'no policy', Select(path='*.Reset'))]

@hookimpl
def time_source_rules():
    return [('no', 'rule')]
"""


def test_check_finds_what_is_wrong_with_plugins(shell):
    shell.write("site_rules.py", PLUGIN)
    done = shell.run(*CHECK, "--plugin", "site_rules")
    assert done.returncode == 1
    *texts, summary = done.stdout.splitlines()
    assert summary.endswith(" PVs, 3 problems")
    assert sorted(texts) == [
        "Problem: MyRoot.Gain: X:MyRoot:Gain would open INVALID: plugin site_rules: "
        "PluginError: MyRoot.Gain: no converter rule matches, or it made None",
        "Problem: plugin site_rules: MyRoot.Reset: a rule of policy_rules made 'no policy', "
        "no AccessPolicy",
        "Problem: plugin site_rules: time_source_rules returned ('no', 'rule') as item 0, "
        "not a TimeSourceRule",
    ]


STUCK = """
import threading
from my_tree import MyRoot

class Stuck(MyRoot):
    def start(self):
        super().start()
        print('started', flush=True)
        never = threading.Event()
        while not never.wait(0.05):  # a signal right before a wait without end would not end it
            pass

    def stop(self):
        super().stop()
        open('stopped', 'w').close()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_with_the_tree_stopped(shell, number):
    shell.write("stuck.py", STUCK)
    with shell.start("check", "stuck.py:Stuck", "--base", "X", stderr=subprocess.STDOUT) as process:
        process.until("started")
        process.signal(number)
        assert process.end() == 128 + number
    assert (shell.folder / "stopped").exists()


LEFT = """
import threading
from my_tree import MyRoot

class Left(MyRoot):
    def start(self):
        super().start()
        threading.Thread(target=threading.Event().wait, name='left behind').start()
"""


def test_threads_that_the_tree_leaves_behind_do_not_keep_it(shell):
    shell.write("left.py", LEFT)
    done = shell.run("check", "left.py:Left", "--base", "X")
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1] == (
        "Warning: the tree has left threads running: left behind"
    )
