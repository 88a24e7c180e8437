"""The tables of the reference say what the code does."""

import dataclasses
import enum
import inspect
import re
import runpy
import typing
from collections import OrderedDict
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache, partial
from itertools import count

import numpy as np
import pytest
from support.docs.messages import FOLDERS, messages, pattern, records
from support.docs.page_tables import code, codes, table
from support.docs.pages import ROOT
from support.each import each
from support.trees import running

import roguebridge.backends.epics
import roguebridge.core
import roguebridge.plugins.recipes
import roguebridge.testing
from roguebridge.backends.epics import EpicsPvServer
from roguebridge.backends.epics.pva.nt_types import nt_type
from roguebridge.core import Backend, PvOwner, ServedPv, errors
from roguebridge.core.config.options import OPTIONS
from roguebridge.core.hooks.hookspecs import Hooks
from roguebridge.core.hooks.sources import BUILT_IN
from roguebridge.core.requests.policy import AccessPolicy
from roguebridge.core.requests.request import RequestRecord
from roguebridge.core.server.server import PvServer
from roguebridge.core.values import alarm as alarms
from roguebridge.core.values import converter
from roguebridge.core.values.command_result import describe_result
from roguebridge.core.values.spec import NtKind, ScalarType
from roguebridge.plugins.converters import make_converter

TYPES = "docs/reference/pv-types.md"
NUMPY_NAMES = {ScalarType.String: "string"}


def name_of(spec):
    """How the tables write a PV's type."""
    if spec.kind in (NtKind.ENUM, NtKind.NDARRAY, NtKind.TABLE):
        return spec.kind.value
    return f"{spec.kind.value} {NUMPY_NAMES.get(spec.scalar, spec.scalar.value)}"


# PV types -------------------------------------------------------------------------------------


class Color(enum.Enum):
    RED = 1


def build(tree, expressions):
    """Return a root with the nodes of the table, and their paths in its order."""
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False)
    memory = tree.memory()
    root.addInterface(memory)
    device = pr.Device(name="Dev", memBase=memory, offset=0)
    root.add(device)
    source = pr.LocalVariable(name="Source", value=1, minimum=0, maximum=9)
    device.add(source)
    offsets = count(0, 0x100)
    names = {**vars(pr), "np": np, "Color": Color, "OrderedDict": OrderedDict, "source": source}
    names |= {"Decimal": Decimal, "Fraction": Fraction}
    names |= {kind.__name__: kind for kind in (datetime, date, time, timedelta)}
    paths = []
    for number, expression in enumerate(expressions):
        name = f"N{number}"
        kinds = ("LocalVariable", "LinkVariable", "LocalCommand", "DataReceiver", "Device")
        makers = {kind: partial(getattr(pr, kind), name=name) for kind in kinds}
        for kind in ("RemoteVariable", "RemoteCommand"):
            makers[kind] = partial(getattr(pr, kind), name=name, offset=next(offsets))
        maker, child = re.fullmatch(r"(\w+\(.*\))(?:\.(\w+))?", expression).groups()
        device.add(eval(maker, {**names, **makers}))  # noqa: S307
        paths.append(f"Top.Dev.{name}" + (f".{child}" if child else ""))
    return root, paths


def known(tree, node):
    """Tell whether the tree has the node's model; SLAC's has them all."""
    model = re.search(r"base=(\w+)", node)
    return tree.name == "pyrogue" or model is None or hasattr(tree.pr, model.group(1))


def test_each_node_of_the_table_becomes_the_pv_it_says(tree):
    rows = table(TYPES, "node")
    said = [(node, row["PV"]) for row in rows for node in codes(row["node"]) if known(tree, node)]
    root, paths = build(tree, [node for node, _ in said])
    with running(root):
        found = [name_of(make_converter(root.getNode(path)).spec) for path in paths]
    assert [(node, pv) for (node, _), pv in zip(said, found, strict=True)] == said


def test_every_model_and_every_kind_of_node_is_in_the_table(tree):
    said = " ".join(row["node"] for row in table(TYPES, "node"))
    public = {name: kind for name, kind in vars(tree.pr).items() if inspect.isclass(kind)}
    for name, kind in public.items():
        if issubclass(kind, tree.pr.Model) and kind is not tree.pr.Model:
            assert re.search(rf"base={name}\b", said), name
    for name in (
        "RemoteVariable",
        "LocalVariable",
        "LinkVariable",
        "LocalCommand",
        "RemoteCommand",
    ):
        assert f"{name}(" in said


def test_every_kind_of_pv_and_every_element_type_is_in_the_table():
    said = {row["PV"] for row in table(TYPES, "node")} | {
        row["reply"] for row in table(TYPES, "result")
    }
    assert {text.split()[0] for text in said} == {kind.value for kind in NtKind}
    missing = {NUMPY_NAMES.get(scalar, scalar.value) for scalar in ScalarType}
    missing -= {text.split()[-1] for text in said}
    assert not missing


def test_each_result_of_a_command_is_replied_as_it_says():
    for row in table(TYPES, "result"):
        for result in codes(row["result"]):
            spec = describe_result(eval(result, {"np": np}))[0]  # noqa: S307
            assert name_of(spec) == row["reply"], result


def fields_of(kind, scalar):
    fields = []
    for name, value in nt_type(kind, scalar)().items():
        nested = value.items() if hasattr(value, "items") else None
        for inner, content in nested or ():
            deeper = [f".{n}" for n, _ in content.items()] if hasattr(content, "items") else [""]
            fields += [f"{name}.{inner}{suffix}" for suffix in deeper]
    return fields


def test_every_field_of_metadata_is_in_the_table():
    found = [
        name for row in table(TYPES, "field") for name in re.findall(r"`([^`]+)`", row["field"])
    ]
    assert sorted(found) == sorted(fields_of(NtKind.SCALAR, ScalarType.Float64))
    for row in table(TYPES, "field"):
        names = set(re.findall(r"`([^`]+)`", row["field"]))
        text = names & set(fields_of(NtKind.SCALAR, ScalarType.String))
        enum = names & set(fields_of(NtKind.ENUM, ScalarType.Int32))
        where = "all" if enum else "all but NTEnum" if text else "numbers"
        assert row["of"] == where, row


def test_the_alarm_table_is_that_of_the_code():
    said = [
        (row["message"].strip("`").strip(), row["severity"], row["status"])
        for row in table(TYPES, "severity")
    ]
    known = [a for a in vars(alarms).values() if isinstance(a, alarms.Alarm)]
    real = [
        (a.message, f"{a.severity:d} {a.severity.name}", f"{a.status:d} {a.status.name}")
        for a in known
    ]
    assert sorted(said) == sorted(real)


def plain(hint):
    """How the reference writes a type."""
    text = hint.__name__ if isinstance(hint, type) else str(hint)
    return re.sub(r"[A-Za-z_.]+\.(?=\w)", "", text)


# Constructor ----------------------------------------------------------------------------------


def constructor_rows():
    """The rows that signature and docstring make of what a file has not, or has otherwise."""
    described = re.findall(r":param (\w+): (.*?)(?=\n:|\Z)", inspect.getdoc(PvServer), re.S)
    texts = {
        name: re.sub(r":meth:`(\w+)`", r"`\1()`", " ".join(text.split())).replace("``", "`")
        for name, text in described
    }
    rows = []
    for name, parameter in inspect.signature(EpicsPvServer).parameters.items():
        optional = parameter.default is not parameter.empty
        if OPTIONS[name].kind and not OPTIONS[name].in_yaml:
            continue  # the page of the configuration file has it, and a test of its own
        rows.append(
            {
                "argument": f"`{name}`",
                "default": f"`{parameter.default!r}`" if optional else "",
                "meaning": texts[name],
            }
        )
    return rows


def test_the_table_of_arguments_is_that_of_signature_and_docstring():
    assert table("docs/reference/constructor.md", "argument") == constructor_rows()


# Hooks ----------------------------------------------------------------------------------------

HOOKS = {name: hook for name, hook in vars(Hooks).items() if inspect.isfunction(hook)}
HOOKS_PAGE = "docs/reference/hooks.md"


def hook_sections():
    text = (ROOT / HOOKS_PAGE).read_text(encoding="utf-8")
    parts = re.split(r"^### (.*)$", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_hook_has_an_entry_and_every_entry_a_hook():
    assert sorted(hook_sections()) == sorted(HOOKS)
    assert [code(row["hook"]) for row in table(HOOKS_PAGE, "called")] == list(hook_sections())


@pytest.mark.parametrize("name", HOOKS)
def test_the_entry_of_a_hook_has_its_signature_and_an_example(name):
    hints = {"return": type(None), **typing.get_type_hints(HOOKS[name])}
    result = "None" if hints["return"] is type(None) else plain(hints["return"])
    names = [each for each in inspect.signature(HOOKS[name]).parameters if each != "self"]
    arguments = ", ".join(f"{each}: {plain(hints[each])}" for each in names)
    section = hook_sections()[name]
    assert section.split("\n\n")[1].strip() == f"`{name}({arguments}) -> {result}`"
    examples = re.findall(r"^```python\n(.*?)^```", section, re.M | re.S)
    assert any(f"def {name}(self" in example for example in examples)


def test_the_members_of_policies_and_the_fields_of_records_are_named():
    for hook, members in (
        ("policy_rules", [name for name in vars(AccessPolicy) if not name.startswith("_")]),
        ("request_done", [field.name for field in dataclasses.fields(RequestRecord)]),
    ):
        named = set(re.findall(r"`(\w+)", hook_sections()[hook]))
        assert set(members) <= named, hook


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_implemented_in_a_test(name):
    """Beside its example, which is run too."""
    implemented = re.compile(rf"@hookimpl(\(.*\))?\n\s*def {name}\(")
    files = (ROOT / "tests").rglob("test_*.py")
    assert any(implemented.search(file.read_text(encoding="utf-8")) for file in files)


def test_every_built_in_plugin_is_in_the_table():
    said = " ".join(row["name"] for row in table("docs/reference/plugins.md", "brings"))
    assert set(re.findall(r"`(\w+)`", said)) == {one.name for one in BUILT_IN}


# API ------------------------------------------------------------------------------------------


PACKAGES = [
    roguebridge.core,
    roguebridge.backends.epics,
    roguebridge.plugins.recipes,
    roguebridge.testing,
]


@pytest.mark.parametrize("package", PACKAGES, ids=str)
def test_every_public_name_is_in_the_api(package):
    text = (ROOT / "docs/reference/api.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\.\. (?:auto)?\w+:: (?:\w+\.)*(\w+)", text, re.M))
    assert {name for name in package.__all__ if not name.startswith("__")} <= documented


def test_the_pages_to_read_in_the_repository_are_made_of_the_docstrings():
    made = runpy.run_path(str(ROOT / "docs/api_pages.py"))["pages"]()
    kept = {
        file.name: file.read_text(encoding="utf-8")
        for file in (ROOT / "docs/reference/api").glob("*.md")
    }
    changed = [name for name in made.keys() | kept.keys() if made.get(name) != kept.get(name)]
    assert not changed, "run: python docs/api_pages.py"


def test_the_methods_of_a_backend_are_in_the_table_with_who_writes_them():
    rows = table("docs/extend/write-a-backend.md", "method")
    said = {}
    for row in rows:
        for method in codes(row["method"]):
            said[method] = row["default"]
    methods = {
        name: one
        for kind in (Backend, ServedPv)
        for name, one in vars(kind).items()
        if not name.startswith("_") and (callable(one) or isinstance(one, property))
    }
    assert {method.partition("(")[0] for method in said} == set(methods)
    for method, default in said.items():
        one = methods[method.partition("(")[0]]
        assert (default == "yours") is getattr(one, "__isabstractmethod__", False), method
        if not isinstance(one, property):
            names = [name for name in inspect.signature(one).parameters if name != "self"]
            assert method.partition("(")[2] == f"{', '.join(names)})", method


def test_the_calls_of_an_owner_are_in_the_table():
    said = [
        call
        for row in table("docs/extend/write-a-backend.md", "call")
        for call in codes(row["call"])
    ]
    for call in said:
        name, _, rest = call.partition("(")
        names = list(inspect.signature(getattr(PvOwner, name)).parameters)[1:]
        assert rest == f"{', '.join(names)})", call


# Messages -------------------------------------------------------------------------------------

MESSAGE_PAGES = ("docs/reference/errors.md", "docs/reference/mapping.md")
# Texts of the source that are no messages: nobody reads them as they are.
NO_MESSAGES = {
    "inherited alarms",  # the name of a job
    "keep the value shown",  # the value of an enum
    "show it",  # of another, as the next three
    "its value may be older than that of a put: read the node again and show that",
    "a put is being written: only note that something came",
    "the tree has kept a refused value: show nothing",
    "no variable",  # parts of "DeviceTable {pv}: {device} has {} {name}"
    "a write-only variable",
    "pending requests",  # part of "stopping {base} failed at {step}"
    "an integer",  # part of "{pv}: {value} is not an integer"
    "{} is not {}",
    "{} is not JSON",  # caught where it is raised
    "the class {}",  # parts of "..., not a PyRogue Root"
    "served as",  # a column of a table
    "roguebridge %(version)s",  # what commands print when all is well
    "building the tree",
    "looking at every node",
    "something that does not end",  # part of "the tree has left ..."
    "its text cannot be made, {}",  # in place of an exception's text
    "its text cannot be made",
    "an object of type {}",
    "attempted relative import",  # Python's own text
    "Serving {} PVs of {} as {}:... over {}.",
    "  served as    {}: {}",
    "  not served   {}",
    "  not whole    {}",
    "{}  (plugin {}; selects {})",
    "every node",
    "no puts while RB:ReadOnly is on",  # what it says of policies
    "no puts in group {}",
    "no puts: it {}",
    "puts by {} only",
    "True: no put, and no call of a command, is permitted",  # a description
    "Clients on this machine find it with",
    "Stopping (a second signal ends it at once).",
    "TCP port {} on {}",
    "Reading the configuration again.",
    "Reads the access security file again",  # the description of a PV
    "ASG({}), level {}",  # how a policy calls itself
    "Failed to extract",  # rogue's own texts
    "Timeout waiting for register",
    "Transaction error for block",
    "Verify error",
    "ZMQ Interface Exception",
    "range error",
    "Overflow error for passed",
    "Invalid number of",
}

# The meanings of the server's arguments.
NO_MESSAGES |= {
    text for option in OPTIONS.values() for text in (option.text, option.in_yaml) if text
}
NO_MESSAGES &= messages().keys()
# Types of PVAccess, as tables of members: "severity:i status:i message:s".
NO_MESSAGES |= {
    text
    for text, where in messages().items()
    if where.startswith("backends/epics/pva/nt_types.py") and re.search(r"\w:[\w*?]", text)
}
NO_MESSAGES |= {text for text in messages() if text.startswith("\b\n")}  # help, laid out by hand


@cache
def listed_messages():
    return [code(row["message"]) for page in MESSAGE_PAGES for row in table(page, "message")]


@each("message", listed_messages())
def test_each_message_listed_is_one_of_the_source(message):
    patterns = [pattern(text) for text in messages() if text not in NO_MESSAGES]
    patterns += [re.compile(r"\{pv\} \(\{path\}\): (put|rpc) (denied|failed): \{error\}")]
    # What a converter raises gets the path or the PV's name before it, what a command does not
    # foresee the error behind it.
    forms = [message, message.removeprefix("{pv}: "), message.removesuffix(": {error}")]
    forms.append(message.removeprefix("{path}: "))
    forms.append(message.partition(" of a policy ")[2])  # what one has done stands behind its name
    assert any(known.fullmatch(form) for known in patterns for form in forms)


RIDDLES = re.compile(
    r"\b(?:had|told|heard|whatever|nobody)\b|gone without|(?:^|, )what |what .*\bwhat\b"
)
MOST_WORDS = 25


def faults(text):
    """What makes a message hard to read, or its end or its lines look unlike the others."""
    if "\n" in text or "  " in text:
        yield "it is not one line with single blanks"
    if re.search(r"(?<!\.\.)[.!]$", text):
        yield "it ends with a period"
    if RIDDLES.search(text):
        yield f"it has the words {RIDDLES.search(text)[0]!r}"
    if len(text.split()) > MOST_WORDS:
        yield f"it has more than {MOST_WORDS} words"


@each("text", [text for text in messages() if text not in NO_MESSAGES])
def test_each_message_of_the_source_is_one_plain_line(text):
    assert not list(faults(text)), messages()[text]


@pytest.mark.parametrize(
    "text",
    [
        "{} cannot be had",
        "{} was told {}",
        "what {} sent cannot be answered",
        "{} shows what it holds, whatever becomes of what it reads",
        "{} is wrong.",
        "{} is\nwrong",
        "{} is  wrong",
        "{} " * 26,
    ],
)
def test_a_message_that_is_hard_to_read_is_found(text):
    assert list(faults(text))


@each("record", records())
def test_each_record_of_the_log_names_its_subject_or_has_a_traceback(record):
    assert "{}" in record.text or record.traceback, record.where


def test_texts_that_are_no_messages_are_still_in_the_source():
    assert set(messages()) >= NO_MESSAGES


def test_each_class_of_errors_is_listed_with_its_base():
    classes = {
        name: kind.__bases__[0].__name__
        for module in (errors, converter)
        for name, kind in vars(module).items()
        if inspect.isclass(kind) and issubclass(kind, Exception)
    }
    rows = table(MESSAGE_PAGES[0], "class")
    assert {code(row["class"]): code(row["is a"]) for row in rows} == classes


# Loggers --------------------------------------------------------------------------------------

LEVELS = {"exception": {"ERROR"}, "log": set(), "isEnabledFor": set()}


def loggers_of_the_source():
    found = {}
    for folder in FOLDERS + ("backends/soft", "backends/web"):
        for file in (ROOT / folder).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            used = re.findall(r"\b_?log\.(\w+)\(", text)
            levels = set().union(*(LEVELS.get(name, {name.upper()}) for name in used))
            for level in re.findall(r"\b_?log\.log\((.*)", text):
                levels |= set(re.findall(r"logging\.([A-Z]+)", level))
            if shared := re.search(r"^from (\.+)log import log$", text, re.M):  # of a package
                folder_of_log = file.parents[len(shared[1]) - 1]
                text += (folder_of_log / "log.py").read_text(encoding="utf-8")
            for name in re.findall(r'(?:getLogger\(|logger_name.* = )"([\w.]+)"', text):
                found.setdefault(name, set()).update(levels)
    return found


def test_the_table_of_loggers_is_that_of_the_source():
    said = {
        code(row["logger"]): set(row["levels"].split(", "))
        for row in table("docs/reference/loggers.md", "logger")
    }
    found = loggers_of_the_source()
    assert said.keys() == found.keys()
    for name in said.keys() - {"pyrogue.EpicsPvServer", "roguebridge.server"}:
        assert said[name] == found[name], name
