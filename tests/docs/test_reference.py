"""The tables of the reference say what the code does."""

import inspect
import re
import typing
from datetime import datetime
from functools import partial
from itertools import count

import numpy as np
import pytest
from support.tables import code, table
from support.trees import running

import roguebridge.backends.epics
import roguebridge.core
from roguebridge.backends.epics import EpicsPvServer
from roguebridge.backends.epics.pva.nt import nt_type
from roguebridge.core import alarm as alarms
from roguebridge.core.nt import NtKind, ScalarType
from roguebridge.core.result import describe_result
from roguebridge.core.server import PvServer
from roguebridge.plugins.converters import make_converter
from support.pages import ROOT

TYPES = "docs/reference/pv-types.md"
NUMPY_NAMES = {ScalarType.String: "string"}


def name_of(spec):
    """How the tables write a PV's type."""
    if spec.kind in (NtKind.ENUM, NtKind.NDARRAY):
        return spec.kind.value
    return f"{spec.kind.value} {NUMPY_NAMES.get(spec.scalar, spec.scalar.value)}"


# PV types -------------------------------------------------------------------------------------


def build(tree, expressions):
    """Return a root with the nodes of the table, in its order."""
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False)
    memory = tree.memory()
    root.addInterface(memory)
    device = pr.Device(name="Dev", memBase=memory, offset=0)
    root.add(device)
    offsets = count(0, 0x100)
    names = {**vars(pr), "np": np, "datetime": datetime}
    for number, expression in enumerate(expressions):
        name = f"N{number}"
        makers = {
            "RemoteVariable": partial(pr.RemoteVariable, name=name, offset=next(offsets)),
            "LocalVariable": partial(pr.LocalVariable, name=name),
            "LinkVariable": partial(pr.LinkVariable, name=name),
            "LocalCommand": partial(pr.LocalCommand, name=name),
        }
        device.add(eval(expression, {**names, **makers}))  # noqa: S307
    return root, device


def known(tree, row):
    """Tell whether the tree has the row's model; SLAC's has them all."""
    model = re.search(r"base=(\w+)", row["node"])
    return tree.name == "pyrogue" or model is None or hasattr(tree.pr, model.group(1))


def test_each_node_of_the_table_becomes_the_pv_it_says(tree):
    rows = [row for row in table(TYPES, "node") if known(tree, row)]
    root, device = build(tree, [code(row["node"]) for row in rows])
    with running(root):
        nodes = [device.node(f"N{number}") for number in range(len(rows))]
        found = [(str(node.typeStr), name_of(make_converter(node).spec)) for node in nodes]
    assert found == [(code(row["typeStr"]), row["PV"]) for row in rows]


def test_every_kind_of_pv_and_every_element_type_is_in_the_table():
    said = {row["PV"] for row in table(TYPES, "node")} | {
        row["reply"] for row in table(TYPES, "result")
    }
    assert {text.split()[0] for text in said} == {kind.value for kind in NtKind}
    missing = {NUMPY_NAMES.get(scalar, scalar.value) for scalar in ScalarType}
    missing -= {text.split()[-1] for text in said}
    assert missing == {"int8"}  # as uint8


def test_each_result_of_a_command_is_replied_as_it_says():
    for row in table(TYPES, "result"):
        result = eval(code(row["result"]), {"np": np})  # noqa: S307
        assert name_of(describe_result(result)[0]) == row["reply"], row


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


# Constructor ----------------------------------------------------------------------------------


def constructor_rows():
    """The rows that signature and docstring make."""
    described = re.findall(r":param (\w+): (.*?)(?=\n:|\Z)", inspect.getdoc(PvServer), re.S)
    texts = {
        name: re.sub(r":meth:`(\w+)`", r"`\1()`", " ".join(text.split())).replace("``", "`")
        for name, text in described
    }
    hints = typing.get_type_hints(PvServer.__init__)
    rows = []
    for name, parameter in inspect.signature(EpicsPvServer).parameters.items():
        hint = hints[name]
        hint = hint.__name__ if isinstance(hint, type) else str(hint)
        optional = parameter.default is not parameter.empty
        rows.append(
            {
                "argument": f"`{name}`",
                "type": "`" + re.sub(r"[A-Za-z_.]+\.(?=\w)", "", hint) + "`",
                "default": f"`{parameter.default!r}`" if optional else "",
                "meaning": texts[name],
            }
        )
    return rows


def test_the_table_of_arguments_is_that_of_signature_and_docstring():
    assert table("docs/reference/constructor.md", "argument") == constructor_rows()


# API ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("package", [roguebridge.core, roguebridge.backends.epics], ids=str)
def test_every_public_name_is_in_the_api(package):
    text = (ROOT / "docs/reference/api.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\.\. (?:auto)?\w+:: (?:\w+\.)*(\w+)", text, re.M))
    assert set(package.__all__) <= documented
