"""The model of a configuration file is the constructor; its JSON schema is the published one."""

import importlib
import inspect
import json
import re
import subprocess
import sys
import typing

import jsonschema
import pytest
import yaml
from support.docs.page_tables import table
from support.docs.pages import ROOT

from roguebridge.backends.epics import EpicsPvServer
from roguebridge.core.config.arguments import plugin_options
from roguebridge.core.config.options import OPTIONS
from roguebridge.core.config.schema import ServerConfig, json_schema
from roguebridge.core.config.sections import (
    AcfOptions,
    AuditOptions,
    NamesOptions,
    OperatorsOptions,
    PoliciesOptions,
    WebOptions,
)
from roguebridge.core.hooks.sources import BUILT_IN
from roguebridge.core.server.server import PvServer

SCHEMA = ROOT / "docs/reference/config.schema.json"
PAGE = "docs/reference/config-file.md"
SECTIONS = ("names", "policies", "acf", "audit", "web")
FROM_PYTHON = {"root", "clock"}  # what no file can give
VALIDATOR = jsonschema.Draft202012Validator(json_schema())
PARAMETERS = {
    name: parameter
    for name, parameter in inspect.signature(EpicsPvServer).parameters.items()
    if name not in FROM_PYTHON
}


def test_every_argument_of_the_constructor_is_a_key_in_its_order():
    assert list(ServerConfig.model_fields) == [*PARAMETERS, "args"]  # which are the root's


def test_the_constructor_has_the_arguments_and_defaults_that_are_declared():
    parameters = inspect.signature(PvServer).parameters.values()
    empty = inspect.Parameter.empty
    found = {one.name: ... if one.default is empty else one.default for one in parameters}
    assert list(found) == list(OPTIONS)
    assert found == {name: option.default for name, option in OPTIONS.items()}


def test_the_constructor_says_of_each_argument_what_is_declared():
    text = inspect.getdoc(PvServer)
    said = re.findall(r":param (\w+): (.*?)(?=\n:|\Z)", text, re.S)
    assert {name: " ".join(meaning.split()) for name, meaning in said} == {
        name: option.text for name, option in OPTIONS.items()
    }


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_key_has_the_default_of_its_argument(name):
    default = PARAMETERS[name].default
    key = json_schema()["properties"][name]
    if name in SECTIONS or name == "base":
        assert default in (None, inspect.Parameter.empty)
        assert "default" not in key
        return
    assert (
        tuple(key["default"]) if isinstance(key["default"], list) else key["default"]
    ) == default


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_key_may_be_null_where_its_argument_may_be_none(name):
    hint = typing.get_type_hints(PvServer.__init__)[name]
    known = typing.get_args(ServerConfig.model_fields[name].annotation)
    # But a section that somebody forgot to fill in must not mean that there is no such rule.
    wanted = type(None) in typing.get_args(hint) and name not in SECTIONS
    assert (type(None) in known) == wanted


#: arguments that no file can give
OF_TESTS = {"resolve"}


@pytest.mark.parametrize(
    ("plugin", "section"),
    {
        "names": NamesOptions,
        "operators": OperatorsOptions,
        "acf": AcfOptions,
        "audit": AuditOptions,
        "web": WebOptions,
    }.items(),
)
def test_a_section_has_the_keys_and_defaults_of_its_plugin(plugin, section):
    (target,) = (built_in.target for built_in in BUILT_IN if built_in.name == plugin)
    module, _, name = target.partition(":")
    made = getattr(importlib.import_module(module), name)
    arguments = {
        argument.name: None if argument.default is argument.empty else argument.default or None
        for argument in inspect.signature(made).parameters.values()
        if argument.name not in OF_TESTS
    }
    keys = {
        name: None if key.is_required() else key.default or None
        for name, key in section.model_fields.items()
    }
    assert keys == arguments


def test_the_policies_are_those_of_the_constructor():
    with pytest.raises(ValueError, match=re.escape(str(list(PoliciesOptions.model_fields)))):
        plugin_options(names=None, policies={"x": 1}, acf=None, audit=None, web=None)


def test_the_published_schema_is_that_of_the_model():
    published = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert published == json_schema(), "run this file as a script, with tests/ on the path"


def test_the_schema_is_one_and_describes_every_key():
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    sections = [schema, *schema["$defs"].values()]
    for section in sections:
        assert section["additionalProperties"] is False
        assert all(key["description"] for key in section["properties"].values())
        for key in section["properties"].values():
            assert not re.search("``|None|True|:[a-z]+:`", key["description"])


def examples():
    """The YAML files of the page, by name."""
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    found = re.findall(r"file=(\S+) -->\n```yaml\n(.*?)```", text, re.S)
    return {name: yaml.safe_load(content) for name, content in found}


def test_the_schema_judges_the_examples_of_the_page():
    names = []
    for name, value in examples().items():
        if name == "wrong.yaml":
            assert not VALIDATOR.is_valid(value)
        else:
            VALIDATOR.validate(value)
            ServerConfig.model_validate(value)
        names.append(name)
    assert names == ["site.yaml", "wrong.yaml", "with_plugins.yaml"]


GOOD = [
    {},
    {"base": "X", "pvMap": "a.map"},
    {"pvMap": {"Top.A": "A", "Top.B": ["B", "C"]}, "incGroups": "a", "excGroups": ["a", "b"]},
    {"plugins": ["a.b", "no:acf", {"plugin": "a:B", "options": {"c": [1]}}], "backends": ["pva"]},
    {"poll_watched": None, "missed_polls": 3, "put_reply_timeout": 0, "stuck_after": 1.5},
    {"update_rate": None, "deadband": None},
    {"update_rate": 10, "deadband": 0.5},
    {"update_rate": 0.5, "deadband": "1%"},
    {"deadband": " 1.5e-3 % "},
    {"update_rate": {"Top.Cam.*": 2, "Top.Fast": None}, "deadband": {"*": "1%", "Top.A": 2}},
    {"update_rate": {}, "deadband": {}},
    {"update_rate": {"Top.A": {"value": 2, "optional": True}, "Top.B": {"value": None}}},
    {"deadband": {"Top.A": {"value": "1%", "optional": True}, "Top.B": {"value": 2.5}}},
    {"clamp": ["Top.A", {"path": "Top.B", "optional": True}], "allow_nan": [{"path": "Top.B"}]},
    {"conf": {"EPICS_PVAS_SERVER_PORT": "5075"}, "isolate": True},
    {"names": "{base}:{name}", "policies": {}, "acf": "site.acf", "audit": "puts.log"},
    {"names": {"case": "upper", "index": "_{}", "prefixes": {"Top.A": "A"}, "aliases": "{name}"}},
    {"names": {"aliases": ["{name}", {"template": "{base}-{name}", "case": "lower"}]}},
    {"names": {"aliases": {"index": "_{}"}}},
    {"policies": {"read_only": True, "no_write": [], "operators": ["ann", "role/ops"]}},
    {"policies": {"no_write": "Fixed", "operators": {"users": "ann", "paths": ["Top.Magnet.*"]}}},
    {"acf": {"file": "a.acf", "assign": [{"asg": "A", "path": "Top.*", "level": 1}]}},
    {"acf": {"file": "a.acf", "macros": {"A": "1"}, "resolve_every": 5, "client_conf": None}},
    {"audit": {"file": "a", "max_bytes": 0, "backups": 1, "only": "trapwrite"}},
    {"audit": {"logger": "site.audit", "level": "INFO"}},
    {"web": {}},
    {"web": {"host": "10.0.0.5", "port": 0, "hosts": ["daq"], "tokens": "t", "read": "users"}},
    {"web": {"proxies": ["10.0.0.0/8"], "frames": ["https://a.b"], "frame_rate": 5}},
]
BAD = [
    {"bass": "X"},
    {"base": ""},
    {"base": None},
    {"incGroups": [1]},
    {"pvMap": {"Top.A": []}},
    {"pvMap": {"Top.A": 1}},
    {"pvMap": 7},
    {"backends": "pva"},
    {"plugins": [{"options": {}}]},
    {"plugins": [{"plugin": "a", "x": 1}]},
    {"conf": {"EPICS_PVAS_SERVER_PORT": 5075}},
    {"stuck_after": 0},
    {"stuck_after": "5"},
    {"stuck_after": None},
    {"stop_timeout": -1},
    {"update_rate": 0},
    {"update_rate": -1.0},
    {"update_rate": "10"},
    {"update_rate": True},
    {"update_rate": [10]},
    {"update_rate": {"Top.A": 0}},
    {"update_rate": {"Top.A": "10"}},
    {"update_rate": {"": 10}},
    {"deadband": 0},
    {"deadband": "1"},
    {"deadband": "-1%"},
    {"deadband": "%"},
    {"deadband": False},
    {"deadband": {"Top.A": "one"}},
    {"deadband": {"Top.A": -1}},
    {"deadband": {"Top.A": {}}},
    {"deadband": {"Top.A": {"optional": True}}},
    {"update_rate": {"Top.A": {"value": "1%"}}},
    {"update_rate": {"Top.A": {"value": 1, "optional": "yes"}}},
    {"clamp": [{"glob": "Top.A"}]},
    {"allow_nan": [{"path": "Top.A", "optional": 1}]},
    {"strict": 1},
    {"names": None},
    {"names": {"case": "title"}},
    {"names": {"aliases": [1]}},
    {"names": {"aliases": [{"aliases": []}]}},
    {"names": {"prefixes": {"Top.A": 1}}},
    {"policies": None},
    {"policies": {"operators": None}},
    {"policies": {"operators": {"paths": ["Top.A"]}}},
    {"policies": {"read_only": "yes"}},
    {"policies": {"readonly": True}},
    {"acf": None},
    {"acf": {}},
    {"acf": {"file": "a.acf", "assign": [{"asg": "A", "paths": "Top.*"}]}},
    {"acf": {"file": "a.acf", "assign": [{"asg": "A", "path": "Top.*", "level": 2}]}},
    {"audit": ""},
    {"audit": {"only": "denied"}},
    {"audit": {"level": True}},
    {"audit": {"backups": 1.5}},
    {"web": None},
    {"web": {"port": 65_536}},
    {"web": {"port": "80"}},
    {"web": {"read": "nobody"}},
    {"web": {"hosts": "daq"}},
    {"web": {"frame_rate": 0}},
    {"web": {"max_clients": 0}},
    {"web": {"token": "t"}},
]


@pytest.mark.parametrize("value", GOOD, ids=str)
def test_model_and_schema_take_what_is_right(value):
    ServerConfig.model_validate(value)
    VALIDATOR.validate(value)


@pytest.mark.parametrize("value", BAD, ids=str)
def test_model_and_schema_refuse_what_is_wrong(value):
    with pytest.raises(ValueError):
        ServerConfig.model_validate(value)
    assert not VALIDATOR.is_valid(value)


def test_the_tables_of_the_page_are_those_of_the_schema():
    assert table(PAGE, "key") == rows()


def test_an_alias_takes_what_names_take():
    sections = json_schema()["$defs"]
    names = list(sections["NamesOptions"]["properties"].items())
    assert names[:5] == list(sections["AliasOptions"]["properties"].items())


def test_what_may_be_optional_is_a_mapping_of_two_keys():
    sections = json_schema()["$defs"]
    found = {name: list(sections[name]["properties"]) for name in IN_WORDS[1:]}
    assert found == {
        "OptionalRate": ["value", "optional"],
        "OptionalDeadband": ["value", "optional"],
        "OptionalGroup": ["group", "optional"],
        "OptionalPath": ["path", "optional"],
    }


#: sections that the page describes in words
IN_WORDS = ("AliasOptions", "OptionalRate", "OptionalDeadband", "OptionalGroup", "OptionalPath")


#: where in a file each section is, in the order of the page
PLACES = {
    "names": "NamesOptions",
    "policies": "PoliciesOptions",
    "policies.operators": "OperatorsOptions",
    "acf": "AcfOptions",
    "acf.assign[]": "AsgOptions",
    "audit": "AuditOptions",
    "web": "WebOptions",
    "plugins[]": "PluginOptions",
}


def rows(place=None):
    """The rows of the page's tables, as the schema has them."""
    schema = json_schema()
    assert sorted([*PLACES.values(), *IN_WORDS]) == sorted(schema["$defs"])
    parts = {"": schema, **{where: schema["$defs"][name] for where, name in PLACES.items()}}
    return [
        {
            "key": f"`{where}.{key}`".replace("`.", "`"),
            "value": kind(part),
            "default": f"`{json.dumps(part['default'])}`" if "default" in part else "",
            "meaning": part["description"],
        }
        for where, section in parts.items()
        if place in (None, where)
        for key, part in section["properties"].items()
    ]


KINDS = {"string": "text", "object": "mapping", "array": "list"}


def kind(part):
    """What a key takes, in words."""
    if "enum" in part:
        return ", ".join(f"`{word}`" for word in part["enum"])
    if choices := part.get("oneOf") or part.get("anyOf"):
        return ", ".join(dict.fromkeys(kind(choice) for choice in choices))
    return KINDS.get(part.get("type", "object"), part.get("type"))


def test_who_has_no_configuration_file_pays_for_none():
    script = (
        "import sys, roguebridge.backends.epics, roguebridge.core.cli\n"
        "import roguebridge.simtree as pr\n"
        "root = pr.Root(name='Top', pollEn=False)\n"
        "roguebridge.backends.epics.EpicsPvServer('B', root)\n"
        "print({'pydantic', 'yaml'} & set(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "set()\n"


if __name__ == "__main__":
    SCHEMA.write_text(json.dumps(json_schema(), indent=2) + "\n", encoding="utf-8")
    for where in ("", *PLACES):
        print(f"\n{where}\n\n| key | value | default | meaning |\n|---|---|---|---|")
        for row in rows(where):
            print("|", " | ".join(cell.replace("|", "\\|") for cell in row.values()), "|")
