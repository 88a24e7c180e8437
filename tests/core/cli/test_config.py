"""``--config``: a server described by a file, with options going over it."""

import signal

import pytest
from p4p.client.thread import Context

PROBLEMS, USAGE = 1, 2

GUARD = """
from roguebridge.core import AccessPolicy, Deny, PolicyRule, Select, hookimpl


class Refuse(AccessPolicy):
    def __init__(self, reason):
        self.reason = reason

    def decide(self, request):
        return Deny(self.reason)


class Guard:
    def __init__(self, path, reason='guarded'):
        self.path, self.reason = path, reason

    @hookimpl
    def policy_rules(self):
        return [PolicyRule(lambda node: Refuse(self.reason), Select(path=self.path))]
"""
NAMES = """
from roguebridge.core import NamingRule, Select, hookimpl

@hookimpl
def naming_rules(base):
    return [NamingRule(lambda node: f'{base}-gain', Select(path='*.Gain'))]
"""
SITE = """
base: Site
isolate: true
excGroups: []
plugins:
  - site_names
  - plugin: guard:Guard
    options: {path: MyRoot.Gain, reason: not by you}
"""


@pytest.fixture
def site(shell):
    shell.write("guard.py", GUARD)
    shell.write("site_names.py", NAMES)
    shell.write("site.yaml", SITE)
    return shell


def lines(done):
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def mapped(shell, *arguments):
    """PV name -> path, as ``map`` prints it."""
    printed = lines(shell.run("map", "my_tree:MyRoot", "--format", "text", *arguments))
    return dict(line.split(" -> ") for line in printed)


def test_what_the_file_says_is_served(site):
    with site.start("serve", "my_tree.py:MyRoot", "--config", "site.yaml") as process:
        assert "as Site:... over pva (TCP port" in process.until("Serving")
        with Context("pva", conf=process.clients(), useenv=False) as client:
            assert client.get("Site-gain") == 1
            assert client.get("Site:MyRoot:Secret") == "x"
            with pytest.raises(Exception, match="not by you"):
                client.put("Site-gain", 7)
        process.signal(signal.SIGTERM)
        assert process.end() == 0, process.errors


def test_options_go_over_the_file_but_a_plugin_adds_to_its_plugins(site):
    site.write("more.py", NAMES.replace("*.Gain", "*.Secret").replace("-gain", "-secret"))
    arguments = ["--base", "Mine", "--plugin", "more", "--include", "NoServe", "--include", "Slow"]
    arguments.append("--no-status")
    with site.start("serve", "my_tree:MyRoot", "--config", "site.yaml", *arguments) as process:
        assert process.until("Serving").startswith("Serving 3 PVs of MyRoot as Mine:...")
        with Context("pva", conf=process.clients(), useenv=False) as client:
            assert client.get("Mine-secret") == "x"
            with pytest.raises(Exception, match="not by you"):
                client.put("Mine-gain", 7)
        process.signal(signal.SIGTERM)
        assert process.end() == 0, process.errors


def test_map_shows_what_the_file_serves(site):
    assert mapped(site, "--config", "site.yaml", "--filter", "*gain") == {
        "Site-gain": "MyRoot.Gain"
    }
    found = mapped(site, "--config", "site.yaml", "--plugin", "no:site_names", "--exclude", "Slow")
    assert "Site:MyRoot:Secret" in found
    assert "MyRoot.Gain" not in found.values()
    assert "Site:MyRoot:Reset" in found


def test_a_map_file_is_looked_for_beside_the_configuration(site):
    site.write("conf/site.yaml", "base: X\npvMap: site.map\n")
    site.write("conf/site.map", "Mapped -> MyRoot.Gain\n")
    site.write("other.map", "Other -> MyRoot.Gain\n")
    assert mapped(site, "--config", "conf/site.yaml") == {"Mapped": "MyRoot.Gain"}
    found = mapped(site, "--config", "conf/site.yaml", "--pv-map", "other.map")
    assert found == {"Other": "MyRoot.Gain"}
    (site.folder / "conf/site.map").unlink()
    error = site.fails(USAGE, "check", "my_tree:MyRoot", "--config", "conf/site.yaml")
    assert error.startswith(f"cannot read the map file {site.folder}/conf/site.map: ")


def test_the_base_may_come_from_the_command_line(site):
    site.write("site.yaml", "incGroups: [Slow]\n")
    assert mapped(site, "--config", "site.yaml", "--base", "B") == {"B:MyRoot:Gain": "MyRoot.Gain"}
    error = site.fails(USAGE, "map", "my_tree:MyRoot", "--config", "site.yaml", "--base", "")
    assert error == "--base is empty"


def test_options_of_names_go_over_those_of_the_file_one_by_one(site):
    names = "names: {template: '{base}-{name}', aliases: '{name}'}\n"
    site.write("site.yaml", f"base: b\nincGroups: [Slow]\n{names}")
    found = mapped(site, "--config", "site.yaml", "--name-case", "upper")
    assert found == {"B-GAIN": "MyRoot.Gain", "Gain": "MyRoot.Gain"}
    site.write("site.yaml", "base: b\nincGroups: [Slow]\nnames: '{base}-{name}'\n")
    found = mapped(site, "--config", "site.yaml", "--name-case", "upper")
    assert found == {"B-GAIN": "MyRoot.Gain"}
    site.write("site.yaml", "base: b\npvMap: {MyRoot.Gain: G}\n")
    arguments = ["my_tree:MyRoot", "--config", "site.yaml", "--name-case", "upper"]
    assert site.fails(USAGE, "map", *arguments) == "the pvMap of site.yaml has names of its own"


def test_a_map_in_the_file_may_give_a_node_several_names(site):
    site.write("site.yaml", "base: b\npvMap:\n  MyRoot.Gain: [G, Gain]\n")
    assert mapped(site, "--config", "site.yaml") == {"G": "MyRoot.Gain", "Gain": "MyRoot.Gain"}


WRONG = "bas: X\nstuck_after: '5'\nconf: {EPICS_PVAS_SERVER_PORT: 5075}\n"
TOLD = """\
Error: the configuration wrong.yaml cannot be used:
  wrong.yaml:1: base: it is missing: the first part of every PV name
  wrong.yaml:1: bas: it is not known; the nearest is base
  wrong.yaml:2: stuck_after: expected a number, found the text '5'
  wrong.yaml:3: conf.EPICS_PVAS_SERVER_PORT: expected text, found 5075: put it in quotes
"""


@pytest.mark.parametrize("command", ["serve", "map", "check"])
def test_every_mistake_of_the_file_is_told_before_the_tree_is_built(site, command):
    site.write("wrong.yaml", WRONG)
    site.write("raising.py", "raise RuntimeError('the tree is built')\n")
    done = site.run(command, "--config", "wrong.yaml", "raising:MyRoot")
    assert (done.returncode, done.stdout, done.stderr) == (USAGE, "", TOLD)


def test_a_file_without_base_asks_for_one(site):
    site.write("site.yaml", "strict: true\n")
    done = site.run("serve", "my_tree:MyRoot", "--config", "site.yaml")
    assert done.returncode == USAGE
    assert done.stderr.splitlines() == [
        "Error: the configuration site.yaml cannot be used:",
        "  site.yaml:1: base: it is missing: the first part of every PV name",
    ]


def test_a_file_that_is_not_there(site):
    error = site.fails(USAGE, "check", "my_tree:MyRoot", "--config", "gone.yaml")
    assert error.startswith("cannot read the configuration gone.yaml: ")


def test_check_prints_every_problem_of_plugins_and_mapping(site):
    site.write("raising.py", NAMES.replace("return", "raise OSError('no database')\n    return"))
    site.write(
        "site.yaml",
        "base: X\nplugins: [gone, raising]\nstrict: true\nisolate: true\n"
        "pvMap: {MyRoot.Gain: Gain, MyRoot.Gian: b, MyRoot: c, MyRoot.Reset: a b}\n",
    )
    done = site.run("check", "my_tree:MyRoot", "--config", "site.yaml")
    assert done.returncode == PROBLEMS, done.stderr
    *told, count = done.stdout.splitlines()
    for words in (
        "plugin gone cannot be used",
        "no database",
        "'MyRoot.Gian' is not in the tree",
        "MyRoot is a device",
        "MyRoot.Reset: PV name 'a b' contains ' '",
    ):
        (line,) = [line for line in told if words in line]
        assert line.startswith("Problem: ")
    assert count == "1 PVs, 5 problems"


FINDS = """
from roguebridge.core import hookimpl

@hookimpl
def find_problems():
    return ['it looks odd']
"""


def test_check_counts_warnings_if_the_file_is_strict(site):
    site.write("finds.py", FINDS)
    warned = "base: X\nplugins: [finds]\nisolate: true\n"
    for text, status in ((warned, 0), (f"{warned}strict: true\n", PROBLEMS)):
        site.write("site.yaml", text)
        done = site.run("check", "my_tree:MyRoot", "--config", "site.yaml")
        assert done.returncode == status
        assert "Warning: it looks odd" in done.stdout


@pytest.mark.parametrize("command", ["serve", "map"])
def test_a_broken_plugin_of_the_file_ends_the_command(site, command):
    site.write("site.yaml", "base: X\nplugins: [gone]\nisolate: true\n")
    error = site.fails(USAGE, command, "my_tree:MyRoot", "--config", "site.yaml")
    assert error.startswith("plugin gone cannot be used: ")


@pytest.mark.parametrize("command", ["serve", "check"])
def test_a_plugin_that_does_not_take_its_options_names_the_line(site, command):
    site.write("site.yaml", SITE.replace("path:", "pth:"))
    done = site.run(command, "my_tree:MyRoot", "--config", "site.yaml")
    assert done.returncode == USAGE
    (line,) = [line for line in done.stderr.splitlines() if "plugins[1]" in line]
    assert line.startswith("  site.yaml:7: plugins[1]: guard:Guard cannot be made: TypeError: ")


def test_what_a_section_is_refused_for_names_the_line(site):
    site.write("site.yaml", "base: X\npolicies:\n  operators: [role/]\n")
    done = site.run("check", "my_tree:MyRoot", "--config", "site.yaml")
    assert done.returncode == USAGE
    assert done.stderr.splitlines()[-1].startswith("  site.yaml:3: policies.operators: ")
    site.write("site.yaml", "base: X\nnames:\n  index: none\npolicies: {operators: [role/]}\n")
    done = site.run("check", "my_tree:MyRoot", "--config", "site.yaml")
    first, *told = done.stderr.splitlines()[-3:]  # PyRogue greets before
    assert first == "Error: the configuration site.yaml cannot be used:"
    assert [line.partition(": ")[0] for line in told] == ["  site.yaml:2", "  site.yaml:4"]


def test_explain_takes_it_too(site):
    arguments = ["explain", "my_tree:MyRoot", "MyRoot.Gain", "--config", "site.yaml"]
    assert "Site-gain" in lines(site.run(*arguments))[1]
