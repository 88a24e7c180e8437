"""From a file to the arguments of a server; every mistake with file, line and key."""

import os
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roguebridge.core import BackendError, ConfigError, PluginError, PvServer, hookimpl
from roguebridge.core.config.file import read_config
from roguebridge.core.config.schema import ServerConfig


class Given(PvServer):
    """Keeps what it was made with."""

    def __init__(self, **arguments):
        self.arguments = arguments


class Sized:
    """A plugin that takes an option."""

    def __init__(self, size, colour="red"):
        if size < 0:
            raise ValueError("a size is positive")
        self.size, self.colour = size, colour

    @hookimpl
    def server_started(self, server):
        pass


class Outer:
    Sized = Sized


def stop(**options):
    raise SystemExit("bye")


@pytest.fixture
def write(tmp_path):
    def write(content, name="site.yaml"):
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return write


def problems(file, **overrides):
    """What is wrong, without the name of the file, which is in each line of it."""
    with pytest.raises(ConfigError) as caught:
        Given.from_yaml(None, file, **overrides)
    assert str(caught.value).startswith(f"the configuration {file} cannot be used:\n  ")
    texts = caught.value.problems
    assert str(caught.value).splitlines()[1:] == [f"  {text}" for text in texts]
    assert all(text.startswith(f"{file}:") for text in texts)
    return [text.removeprefix(f"{file}:") for text in texts]


# Right ----------------------------------------------------------------------------------------


def test_a_server_gets_what_the_file_says_and_nothing_else(write):
    root = object()
    file = write("base: X\nincGroups: [a, b]\nstuck_after: 5\nconf: {A: '1'}\nmissed_polls: null\n")
    made = Given.from_yaml(root, file)
    assert type(made) is Given
    assert made.arguments == {
        "root": root,
        "base": "X",
        "incGroups": ["a", "b"],
        "stuck_after": 5,
        "conf": {"A": "1"},
        "missed_polls": None,
    }


TEXT = st.text(min_size=1, alphabet="abcXYZ:.[]{}*_ é0'\"#-")
TEXTS = TEXT | st.lists(TEXT)
OPTIONAL_GROUP = st.fixed_dictionaries({"group": TEXT}, optional={"optional": st.booleans()})
GROUPS = TEXT | st.lists(TEXT | OPTIONAL_GROUP)
NUMBER = st.floats(min_value=1e-3, max_value=1e6) | st.integers(min_value=1, max_value=10**6)
MEASURE = NUMBER | NUMBER.map(lambda number: f"{number} %")
VALUES = {
    "incGroups": st.none() | GROUPS,
    "excGroups": st.none() | GROUPS,
    "pvMap": st.none() | st.dictionaries(TEXT, TEXT | st.lists(TEXT, min_size=1)),
    "backends": st.lists(TEXT),
    "plugins": st.lists(TEXT),
    "names": TEXT | st.fixed_dictionaries({}, optional={"template": TEXT, "aliases": TEXTS}),
    "policies": st.fixed_dictionaries({}, optional={"read_only": st.booleans(), "no_write": TEXTS}),
    "acf": st.fixed_dictionaries({"file": st.just("/a.acf")}, optional={"resolve_every": NUMBER}),
    "audit": st.just("/a.log") | st.fixed_dictionaries({"logger": TEXT}),
    "web": st.fixed_dictionaries(
        {}, optional={"port": st.integers(0, 65_535), "hosts": st.lists(TEXT)}
    ),
    "strict": st.booleans(),
    "isolate": st.booleans(),
    "conf": st.none() | st.dictionaries(TEXT, st.text(alphabet="01:yn")),
    "put_reply_timeout": st.none() | NUMBER,
    "completion_timeout": st.none() | NUMBER,
    "open_timeout": NUMBER,
    "read_on_connect": st.booleans(),
    "poll_watched": st.none() | NUMBER,
    "missed_polls": st.none() | NUMBER,
    "stuck_after": NUMBER,
    "update_rate": st.none() | NUMBER | st.dictionaries(TEXT, st.none() | NUMBER),
    "deadband": st.none() | MEASURE | st.dictionaries(TEXT, st.none() | MEASURE),
    "clamp": st.booleans() | st.lists(TEXT),
    "allow_nan": st.booleans() | st.lists(TEXT),
    "queue_commands": st.booleans(),
    "max_queued_bytes": st.integers(1),
    "group_cache": NUMBER,
    "max_name": st.integers(16, 65_536),
    "status": st.booleans(),
    "command_status": st.booleans(),
    "stop_timeout": NUMBER,
}


def test_every_key_is_tried():
    assert ["base", *VALUES, "args"] == list(ServerConfig.model_fields)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(values=st.fixed_dictionaries({"base": TEXT}, optional=VALUES))
def test_every_argument_can_be_given_in_a_file(write, values):
    file = write(yaml.safe_dump(values, allow_unicode=True))
    assert Given.from_yaml(None, file).arguments == {"root": None, **values}


def test_names_of_files_are_taken_from_the_folder_of_the_file(write, tmp_path, monkeypatch):
    (tmp_path / "conf").mkdir()
    write("base: X\npvMap: a.map\nacf: ../b.acf\naudit: /c/d.log\n", "conf/one.yaml")
    write("base: X\nacf: {file: b.acf}\naudit: {file: d.log, backups: 3}\n", "conf/two.yaml")
    write("base: X\npvMap: {file: Y}\naudit: {logger: file}\n", "conf/three.yaml")
    monkeypatch.chdir(tmp_path)
    folder = str(tmp_path / "conf")
    one, two, three = (
        read_config(Path("conf", f"{name}.yaml")).values for name in ("one", "two", "three")
    )
    monkeypatch.chdir("/")
    assert one["pvMap"] == f"{folder}/a.map"
    assert os.path.normpath(one["acf"]) == str(tmp_path / "b.acf")
    assert one["audit"] == "/c/d.log"
    assert two["acf"] == {"file": f"{folder}/b.acf"}
    assert two["audit"] == {"file": f"{folder}/d.log", "backups": 3}
    assert three["pvMap"] == {"file": "Y"}
    assert three["audit"] == {"logger": "file"}


def test_overrides_count_instead_of_the_file(write):
    file = write("base: X\nincGroups: a\nplugins: [{plugin: 'gone:Gone'}]\n")
    arguments = Given.from_yaml(None, file, base="Y", plugins=["b"], strict=True).arguments
    assert arguments == {
        "root": None, "base": "Y", "incGroups": "a", "plugins": ["b"], "strict": True,
    }  # fmt: skip


def test_a_file_need_not_have_the_base_that_is_given(write):
    assert Given.from_yaml(None, write("strict: true"), base="Y").arguments["base"] == "Y"


def test_a_byte_order_mark_and_names_in_any_script_are_read(write):
    assert read_config(write("\ufeffbase: Größe\n")).values == {"base": "Größe"}


def test_a_plugin_with_options_is_made_of_them_for_each_server(write):
    me = __name__
    file = write(
        f"base: X\nplugins:\n- a.b\n- plugin: {me}:Sized\n  options: {{size: 3}}\n"
        f"- plugin: {me}:Outer.Sized\n  options: {{size: 4, colour: blue}}\n- no:acf\n"
    )
    first, second = (Given.from_yaml(None, file).arguments["plugins"] for _ in range(2))
    assert first[0] == "a.b"
    assert first[3] == "no:acf"
    assert [(p.size, p.colour) for p in first[1:3]] == [(3, "red"), (4, "blue")]
    assert first[1] is not second[1]


# Wrong ----------------------------------------------------------------------------------------

WRONG = {
    "an empty file": ("", ["1: the file is empty"]),
    "comments only": ("# base: X\n", ["1: the file is empty"]),
    "a list": ("- base\n", ["1: expected a mapping, found a list"]),
    "a word": ("base\n", ["1: expected a mapping, found the text 'base'"]),
    "no base": ("strict: true\n", ["1: base: it is missing: the first part of every PV name"]),
    "an empty base": ("\nbase: ''\n", ["2: base: it is empty"]),
    "no value": ("base:\n", ["1: base: expected text, found nothing"]),
    "a misspelt key": ("base: X\nstuck_afer: 1\n", ["2: stuck_afer: it is not known; the nearest is stuck_after"]),
    "a key in other cases": ("base: X\nPVMAP: a\n", ["2: PVMAP: it is not known; the nearest is pvMap"]),
    "a key twice": ("base: X\nstrict: true\nbase: Y\n", ["3: base: it is given twice, first in line 1"]),
    "syntax": ("base: X\nconf: {A: '1'\nstrict: true\n", ["3: it is no YAML, column 1: while parsing a flow mapping, expected ',' or '}', but got '<scalar>'"]),
    "a number for text": ("base: 5\n", ["1: base: expected text, found 5: put it in quotes"]),
    "a time for text": ("base: X\npvMap:\n  Top.A: 12:30\n", ["3: pvMap['Top.A']: expected a PV name or a list of them, found 12:30: put it in quotes"]),
    "a truth for text": ("base: X\nincGroups: [a, on]\n", ["2: incGroups[1]: expected a group, or a mapping of group and optional, found on: put it in quotes"]),
    "a port": ("base: X\nconf:\n  EPICS_PVAS_SERVER_PORT: 5075\n", ["3: conf.EPICS_PVAS_SERVER_PORT: expected text, found 5075: put it in quotes"]),
    "text for a number": ("base: X\nstuck_after: '5'\n", ["2: stuck_after: expected a number, found the text '5'"]),
    "a truth for a number": ("base: X\nstuck_after: yes\n", ["2: stuck_after: expected a number, found yes"]),
    "a date for a number": ("base: X\nstuck_after: 2024-01-02\n", ["2: stuck_after: expected a number, found 2024-01-02"]),
    "not a number": ("base: X\nstuck_after: .nan\n", ["2: stuck_after: expected a finite number, found .nan"]),
    "a number for a truth": ("base: X\nstrict: 1\n", ["2: strict: expected true or false, found 1"]),
    "text for a truth": ("base: X\nstrict: 'yes'\n", ["2: strict: expected true or false, found the text 'yes'"]),
    "zero seconds": ("base: X\nstuck_after: 0\n", ["2: stuck_after: expected a number greater than 0, found 0"]),
    "seconds before": ("base: X\nstop_timeout: -0.5\n", ["2: stop_timeout: expected 0 or more, found -0.5"]),
    "no updates at all": ("base: X\nupdate_rate: 0\n", ["2: update_rate: expected a number greater than 0, found 0"]),
    "text for a rate": ("base: X\nupdate_rate: '10'\n", ["2: update_rate: expected a number, or a mapping of path to number, found the text '10'"]),
    "wrong rates": ("base: X\nupdate_rate:\n  Top.*: -1\n  Top.B: x\n", [
        "3: update_rate['Top.*']: expected a number greater than 0, found -1",
        "4: update_rate['Top.B']: expected a number, found the text 'x'",
    ]),
    "text for a deadband": ("base: X\ndeadband: '1'\n", ["2: deadband: expected a share such as '1%', found the text '1'"]),
    "a list for a deadband": ("base: X\ndeadband: [1]\n", ["2: deadband: expected a number, a share such as '1%', or a mapping of path to these, found a list"]),
    "wrong deadbands": ("base: X\ndeadband:\n  Top.*: 0%\n  Top.B: []\n  '': 1\n", [
        "3: deadband['Top.*']: expected a share such as '1%', found the text '0%'",
        "4: deadband['Top.B']: expected a number or a share such as '1%', found a list",
        "5: deadband['']: it is empty",
    ]),
    "text for a list": ("base: X\nbackends: pva\n", ["2: backends: expected a list, found the text 'pva'"]),
    "a mapping for a list": ("base: X\nbackends: {pva: 1}\n", ["2: backends: expected a list, found a mapping"]),
    "a mapping of groups": ("base: X\nexcGroups: {a: b}\n", ["2: excGroups: expected text or a list of text, found a mapping"]),
    "a list for a map": ("base: X\npvMap: [a]\n", ["2: pvMap: expected a file name, or a mapping of path to PV name, found a list"]),
    "an odd path": ("base: X\npvMap:\n  <a: 7\n", ["3: pvMap['<a']: expected a PV name or a list of them, found 7: put it in quotes"]),
    "no name for a path": ("base: X\npvMap:\n  Top.A: []\n", ["3: pvMap['Top.A']: it is empty"]),
    "a long text": (f"base: X\nstrict: {'x' * 100}\n", [f"2: strict: expected true or false, found the text '{'x' * 60}...'"]),
    "a plugin of a number": ("base: X\nplugins: [7]\n", ["2: plugins[0]: expected the name of a plugin, or a mapping of plugin and options, found 7: put it in quotes"]),
    "a plugin without a class": ("base: X\nplugins:\n- plugin: a.b\n", ["3: plugins[0].plugin: it is not of the form package.module:Class"]),
    "options without a plugin": ("base: X\nplugins:\n- options: {}\n", ["3: plugins[0].plugin: it is missing"]),
    "an unknown key of a plugin": ("base: X\nplugins:\n- plugin: a:B\n  option: {}\n", ["4: plugins[0].option: it is not known; the nearest is options"]),
    "a section that is empty": ("base: X\npolicies:\n", ["2: policies: expected a mapping, found nothing"]),
    "no operators": ("base: X\npolicies:\n  operators:\n", ["3: policies.operators: expected a user, a list of users, or a mapping of users and paths, found nothing"]),
    "a misspelt policy": ("base: X\npolicies:\n  readonly: true\n", ["3: policies.readonly: it is not known; the nearest is read_only"]),
    "a misspelt key of operators": ("base: X\npolicies:\n  operators:\n    users: [ann]\n    path: [a]\n", ["5: policies.operators.path: it is not known; the nearest is paths"]),
    "a misspelt key of names": ("base: X\nnames:\n  template: a\n  prefix: {}\n", ["4: names.prefix: it is not known; the nearest is prefixes"]),
    "a misspelt key of an alias": ("base: X\nnames:\n  aliases:\n  - a\n  - case: upper\n    indx: _\n", ["6: names.aliases[1].indx: it is not known; the nearest is index"]),
    "a wrong case": ("base: X\nnames: {case: Upper}\n", ["2: names.case: expected 'upper' or 'lower', found the text 'Upper'"]),
    "an odd key of the ACF": ("base: X\nacf:\n  file: a\n  'odd key': 1\n", ["4: acf['odd key']: it is not known; there are file, assign, macros, resolve_every, client_conf"]),
    "a misspelt assignment": ("base: X\nacf:\n  file: a\n  assign:\n  - asg: A\n    path: b\n  - asg: B\n    groups: b\n", ["8: acf.assign[1].groups: it is not known; the nearest is group"]),
    "a level too high": ("base: X\nacf: {file: a, assign: [{asg: A, path: b, level: 2}]}\n", ["2: acf.assign[0].level: expected 1 or less, found 2"]),
    "no ACF file": ("base: X\nacf: {macros: {}}\n", ["2: acf.file: it is missing"]),
    "half a backup": ("base: X\naudit: {file: a, backups: 1.5}\n", ["2: audit.backups: expected an integer, found 1.5"]),
    "a key of Python": ("base: X\nclock: 1\nincGroups: a\n", [f"2: clock: it is not known; there are {', '.join(ServerConfig.model_fields)}"]),
    "several": ("bas: X\nstrict: 1\nconf: {A: 1}\n", [
        "1: base: it is missing: the first part of every PV name",
        "1: bas: it is not known; the nearest is base",
        "2: strict: expected true or false, found 1",
        "3: conf.A: expected text, found 1: put it in quotes",
    ]),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_with_file_line_and_key(write, case):
    content, told = WRONG[case]
    assert problems(write(content)) == told


@pytest.mark.parametrize("key", ServerConfig.model_fields)
def test_a_wrong_type_of_any_key_names_its_line(write, key):
    base = "" if key == "base" else "base: X"
    (text,) = problems(write(f"# a comment\n{base}\n\n{key}: [[]]\n"))
    assert text.startswith((f"4: {key}: expected ", f"4: {key}[0]: expected "))


def test_a_file_that_is_not_there_or_cannot_be_read(tmp_path):
    for file in (tmp_path / "gone.yaml", tmp_path):
        with pytest.raises(ConfigError, match="^cannot read the configuration ") as caught:
            Given.from_yaml(None, str(file))
        assert str(file) in str(caught.value)
        assert caught.value.problems == ()


def test_a_file_in_another_encoding(write):
    (text,) = problems(write("base: X\nincGroups: Größe\n".encode("latin-1")))
    assert text.startswith("2: it is not UTF-8: 'utf-8' codec can't decode byte 0xf6")


def test_every_plugin_that_cannot_be_made_is_told_with_its_line(write):
    me = __name__
    file = write(
        "base: X\nplugins:\n- plugin: no_such_module:Thing\n"
        f"- plugin: {me}:Gone\n- plugin: {me}:Sized\n  options: {{size: -1}}\n- a.b\n"
        f"- plugin: {me}:Sized\n  options: {{weight: 1}}\n- plugin: {me}:stop\n"
    )
    assert problems(file) == [
        "3: plugins[0]: no_such_module:Thing cannot be made: "
        "ModuleNotFoundError: No module named 'no_such_module'",
        f"4: plugins[1]: {me}:Gone cannot be made: "
        f"AttributeError: module '{me}' has no attribute 'Gone'",
        f"5: plugins[2]: {me}:Sized cannot be made: ValueError: a size is positive",
        f"8: plugins[4]: {me}:Sized cannot be made: "
        "TypeError: Sized.__init__() got an unexpected keyword argument 'weight'",
        f"10: plugins[5]: {me}:stop cannot be made: it ended itself with status 'bye'",
    ]


# What the constructor finds ----------------------------------------------------------------------


@pytest.fixture
def root(tree):
    return tree.pr.Root(name="Top", pollEn=False)


def test_a_section_that_its_plugin_refuses_is_told_with_its_line(write, root):
    file = write("base: X\nbackends: [soft]\npolicies:\n  read_only: true\n  operators: [role/]\n")
    with pytest.raises(ConfigError) as caught:
        PvServer.from_yaml(root, file)
    assert caught.value.problems == (
        f"{file}:5: policies.operators: ValueError: operators has an empty name: ['role/']",
    )
    assert isinstance(caught.value.__cause__, ValueError)


def test_every_section_that_is_refused_is_told(write, root):
    file = write(
        "base: X\nbackends: [soft]\naudit: {logger: pyrogue.audit}\nnames:\n  template: '{nope}'\n"
    )
    with pytest.raises(ConfigError) as caught:
        PvServer.from_yaml(root, file)
    audit, names = caught.value.problems
    assert audit.startswith(f"{file}:3: audit: ValueError: audit: the logger 'pyrogue.audit' is")
    assert names.startswith(f"{file}:4: names: ValueError: ")


def test_what_is_no_fault_of_the_file_is_raised_as_it_is(write, root):
    file = write("base: X\nbackends: [soft]\npolicies: {operators: [role/]}\n")
    with pytest.raises(TypeError, match="policies must be"):
        PvServer.from_yaml(root, file, policies=7)
    with pytest.raises(ValueError, match="operators has an empty name"):
        PvServer.from_yaml(root, file, policies={"operators": "role/"})
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        PvServer.from_yaml(root, write("base: X\n"), colour="red")
    with pytest.raises(BackendError, match="unknown backend 'cA'"):
        PvServer.from_yaml(root, write("base: X\nbackends: [cA]\n"))
    with pytest.raises(PluginError, match="plugin no_such_module cannot be used"):
        PvServer.from_yaml(root, write("base: X\nstrict: true\nplugins: [no_such_module]\n"))


def test_a_server_is_made_and_serves(write, root, running):
    file = write("base: X\nbackends: [soft]\npvMap:\n  Top.RogueVersion: Version\n")
    with running(root):
        server = PvServer.from_yaml(root, file)
        server.start()
        try:
            assert server.list() == {"Top.RogueVersion": "Version"}
        finally:
            server.stop()
