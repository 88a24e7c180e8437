"""``roguebridge plugins`` and ``roguebridge explain``."""

import json

PLUGIN = """
from roguebridge.core import NamingRule, Select, hookimpl
__version__ = '1.2'

@hookimpl
def naming_rules(base):
    return [NamingRule(lambda node: base + ':G', Select(path='*.Gain'))]
"""
GUARD = """
import no_such_library
from roguebridge.core import hookimpl

@hookimpl
def policy_rules():
    return []
"""
EXPLAIN = ("explain", "my_tree:MyRoot", "MyRoot.Gain", "--base", "X")


def test_the_plugins_are_listed_first_asked_first(shell):
    shell.write("site_names.py", PLUGIN)
    done = shell.run("plugins", "--plugin", "site_names", "--plugin", "no:mode")
    assert (done.returncode, done.stderr) == (0, "")
    title, first, *rest = (line.split() for line in done.stdout.splitlines())
    assert title == ["plugin", "version", "source", "state", "hooks"]
    assert first == ["site_names", "1.2", "plugins", "used", "naming_rules"]
    by_name = {line[0]: line for line in rest}
    assert by_name["mode"][2:] == ["built-in", "off"]
    assert by_name["read_only"][2:] == ["built-in", "used", "policy_rules", "extra_nodes"]
    assert by_name["acf"][2:] == ["built-in", "unused"]


def test_the_environment_counts(shell):
    shell.write("site_names.py", PLUGIN)
    shell.environ["ROGUEBRIDGE_PLUGINS"] = "site_names"
    done = shell.run("plugins", "--format", "json")
    first = json.loads(done.stdout)[0]
    assert first == {
        "name": "site_names", "version": "1.2", "source": "ROGUEBRIDGE_PLUGINS",
        "hooks": ["naming_rules"], "state": "used",
    }  # fmt: skip
    assert json.loads(shell.run("map", "my_tree:MyRoot", "--base", "X", "--format", "json").stdout)
    assert (
        "X:G -> MyRoot.Gain"
        in shell.run("map", *EXPLAIN[1:2], *EXPLAIN[3:], "--format", "text").stdout
    )


def test_what_is_broken_is_said_and_the_status_tells(shell):
    shell.write("site_guard.py", GUARD)
    done = shell.run("plugins", "--plugin", "site_guard", "--plugin", "no:moed")
    assert done.returncode == 1
    assert done.stdout.splitlines()[1].split() == ["site_guard", "plugins", "broken"]
    problems = [line for line in done.stderr.splitlines() if line.startswith("Problem: ")]
    assert problems[0] == (
        "Problem: plugin site_guard cannot be used: ModuleNotFoundError: "
        "No module named 'no_such_library'"
    )
    assert problems[1].startswith("Problem: no:moed: there is no plugin 'moed'")


def test_nothing_is_served_without_access_rules_that_cannot_be_had(shell):
    shell.write("site_guard.py", GUARD)
    shell.environ["ROGUEBRIDGE_PLUGINS"] = "site_guard"
    text = shell.fails(4, "serve", "my_tree:MyRoot", "--base", "X")
    assert text.startswith("plugin site_guard cannot be used: ModuleNotFoundError: ")
    assert text.endswith("; to serve without it: no:site_guard")


def test_a_node_is_explained(shell):
    shell.write("site_names.py", PLUGIN)
    done = shell.run(*EXPLAIN, "--plugin", "site_names")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "MyRoot.Gain: variable",
        "  served as    X:G: its groups ['Slow', 'Tuning'] pass: "
        "included are all, excluded ['NoServe']",
        "  name         X:G  (plugin site_names; selects path='*.Gain')",
        "  converter    Number  (plugin converters; selects every node)",
        "  type         NTScalar int32",
        "  time         that of delivery",
        "  policy       no puts while RB:ReadOnly is on  "
        "(plugin read_only; selects ReadOnlySwitch._is_other)",
    ]


def test_a_node_that_is_not_served_is_explained_too(shell):
    done = shell.run("explain", "my_tree:MyRoot", "MyRoot.Secret", "--base", "X")
    assert done.returncode == 1
    assert done.stdout.splitlines()[:2] == [
        "MyRoot.Secret: variable",
        "  not served   it is in group 'NoServe', which is excluded",
    ]
    done = shell.run("explain", "my_tree:MyRoot", "MyRoot.Gian", "--base", "X")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "MyRoot.Gian: no variable or command",
        "  not served   'MyRoot.Gian' is not in the tree; the nearest path is MyRoot.Gain",
    ]


def test_an_explanation_can_be_read_by_a_program(shell):
    (found,) = json.loads(shell.run(*EXPLAIN, "--format", "json").stdout)
    assert found["pv_names"] == ["X:MyRoot:Gain"]
    assert found["converter"] == {
        "plugin": "converters", "selects": "every node", "made": "Number",
    }  # fmt: skip


def test_the_servers_that_a_root_brings_are_explained(shell):
    shell.write(
        "own.py",
        "from my_tree import MyRoot\n"
        "from roguebridge.backends.epics import EpicsPvServer\n"
        "def make():\n"
        "    root = MyRoot()\n"
        "    root.addProtocol(EpicsPvServer(base='One', root=root))\n"
        "    root.addProtocol(EpicsPvServer(base='Two', root=root, incGroups='None'))\n"
        "    return root\n",
    )
    done = shell.run("explain", "own.py:make", "MyRoot.Gain")
    served = [line for line in done.stdout.splitlines() if "served" in line]
    assert [line.split()[0] for line in served] == ["served", "not"]
    assert done.returncode == 1


def test_without_a_server_there_is_nothing_to_explain(shell):
    assert shell.fails(2, *EXPLAIN[:3]).startswith("give --base")


def test_what_a_configuration_file_says_of_plugins_counts(shell):
    shell.write("site.yaml", "policies: {operators: [ada]}\nplugins: ['no:mode']\n")
    done = shell.run("plugins", "--config", "site.yaml")
    listed = {line.split()[0]: line.split()[3] for line in done.stdout.splitlines()}
    assert (listed["operators"], listed["mode"], listed["acf"]) == ("used", "off", "unused")
    shell.write("bad.yaml", "policy: {}\n")
    done = shell.run("plugins", "--config", "bad.yaml")
    assert done.returncode == 2
    assert "bad.yaml:1: policy: " in done.stderr


def test_a_node_that_nothing_converts_is_explained(shell):
    shell.write("site_names.py", PLUGIN)
    done = shell.run(*EXPLAIN, "--plugin", "no:converters")
    assert "  converter    none" in done.stdout.splitlines()
    assert not any(line.startswith("  type") for line in done.stdout.splitlines())


def test_with_an_explicit_map_no_rule_names(shell):
    shell.write("map.txt", "G -> MyRoot.Gain\n")
    done = shell.run(*EXPLAIN, "--pv-map", "map.txt")
    lines = done.stdout.splitlines()
    assert lines[1] == "  served as    G: the explicit map lists MyRoot.Gain"
    assert not any(line.startswith("  name") for line in lines)
