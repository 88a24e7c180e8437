"""Options that name PVs: a template, its spelling, and further names of each node."""

import csv
import io
import json

import pytest
from p4p.client.thread import Context
from support.trees import LIMIT

TREE = """
import {module} as pr
from my_tree import MyRoot

class Crate(MyRoot):
    def __init__(self):
        super().__init__()
        for n in range(2):
            rack = pr.Device(name=f'Rack[{n}]')
            rack.add(pr.LocalVariable(name='Temp', value=20 + n))
            self.add(rack)
"""
MAP = ("map", "crate.py:Crate", "--base", "Lab", "--filter", "*Temp")
NAMES = ("--names", "{base}:{device}:{name}", "--name-case", "upper", "--name-index", "_{:02d}",
         "--name-separator", "-", "--name-prefix", "MyRoot.Rack[1]=R-ONE",
         "--name-alias", "{base}:{path}")  # fmt: skip


@pytest.fixture
def crate(shell):
    shell.write("crate.py", TREE)
    return shell


def output(shell, *arguments):
    done = shell.run(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_each_option_has_its_part_in_the_names(crate):
    assert output(crate, *MAP, *NAMES, "--format", "text").splitlines() == [
        "LAB:RACK_00:TEMP -> MyRoot.Rack[0].Temp",
        "Lab:MyRoot:Rack[0]:Temp -> MyRoot.Rack[0].Temp",
        "LAB:R-ONE:TEMP -> MyRoot.Rack[1].Temp",
        "Lab:MyRoot:Rack[1]:Temp -> MyRoot.Rack[1].Temp",
    ]


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (["--names", "{parent}-{name}"], "Rack[0]-Temp"),
        (["--name-case", "lower"], "lab:myroot:rack[0]:temp"),
        (["--name-index", "{}"], "Lab:MyRoot:Rack0:Temp"),
        (["--name-separator", ";"], "Lab:MyRoot;Rack[0];Temp"),
        (["--name-prefix", "root.Rack[0]="], "Lab:Temp"),
        (["--name-prefix", "root=A=B"], "Lab:A=B:Rack[0]:Temp"),
    ],
)
def test_each_option_may_be_given_alone(crate, options, name):
    lines = output(crate, *MAP, *options, "--format", "text").splitlines()
    assert lines[0] == f"{name} -> MyRoot.Rack[0].Temp"


def test_every_format_tells_the_aliases(crate):
    header, first, _ = output(crate, *MAP, *NAMES).splitlines()
    assert header.split()[-2:] == ["groups", "aliases"]
    assert first.split()[0] == "LAB:RACK_00:TEMP"
    assert first.split()[-1] == "Lab:MyRoot:Rack[0]:Temp"
    pv = json.loads(output(crate, *MAP, *NAMES, "--format", "json"))[0]
    assert (pv["pv_name"], pv["aliases"]) == ("LAB:RACK_00:TEMP", ["Lab:MyRoot:Rack[0]:Temp"])
    text = output(crate, *MAP, *NAMES, "--format", "csv", "--name-alias", "{name}-{parent}")
    assert [row["aliases"] for row in csv.DictReader(io.StringIO(text))] == [
        f"Lab:MyRoot:Rack[{n}]:Temp Temp-Rack[{n}]" for n in range(2)
    ]


def test_the_filter_looks_at_aliases_too(crate):
    lines = output(crate, *MAP[:-1], "Lab:MyRoot:Rack[1]:*", *NAMES, "--format", "text")
    assert lines.splitlines()[:1] == ["LAB:R-ONE:ENABLE -> MyRoot.Rack[1].enable"]


def test_the_text_is_a_map_that_serves_the_same_names(crate):
    text = output(crate, *MAP, *NAMES, "--format", "text")
    crate.write("own.map", text)
    assert output(crate, *MAP, "--pv-map", "own.map", "--format", "text") == text


def test_collisions_are_problems_of_the_check(crate):
    done = crate.run("check", "crate.py:Crate", "--base", "Lab", "--names", "{base}:{name}")
    assert done.returncode == 1
    assert (
        "Problem: MyRoot.Rack[0].Temp and MyRoot.Rack[1].Temp both map to PV Lab:Temp"
        in done.stdout.splitlines()
    )


def test_serve_serves_all_names_and_warns_of_a_prefix_that_no_node_has(crate):
    arguments = ("crate.py:Crate", "--base", "Lab", "--isolate", "--name-prefix", "MyRoot.Rak=R")
    with crate.start("serve", *arguments, *NAMES) as process:
        conf = process.clients()
        with Context("pva", conf=conf, useenv=False) as client:
            for name in ("LAB:R-ONE:TEMP", "Lab:MyRoot:Rack[1]:Temp"):
                assert client.get(name, timeout=3 * LIMIT) == 21
        process.signal(2)
        assert process.end() == 0
    (line,) = [line for line in process.errors if "no node is named by" in line]
    assert line.partition(": ")[2].startswith(
        "names: no node is named by the prefix of 'MyRoot.Rak'"
    )
