"""The table in docs/explanation/simtree.md names tests that exist; the names are PyRogue's."""

import ast
import importlib
import re
from pathlib import Path

import pytest
from support.trees import TREES, running

import roguebridge.simtree as sim

HERE = Path(__file__).parent
TEXT = (HERE.parents[1] / "docs" / "explanation" / "simtree.md").read_text()
ADDITIONS = {"GeneralError"}
BOXES = {
    "Structure": 4,
    "Lifecycle": 2,
    "Types": 7,
    "Updates": 5,
    "Commands, polling and errors": 4,
    "Crashes": 1,
}


def rows():
    """Section and both cells of each row of the tables."""
    section = None
    for line in TEXT.splitlines():
        if line.startswith("### "):
            section = line.removeprefix("### ")
        cells = [c.strip() for c in line.strip("|").split("|")]
        if line.startswith("| ") and cells[0] != "Statement":
            yield section, cells[0], cells[1]


ROWS = list(rows())


def names_in(module):
    """Functions and classes of a test module."""
    tree = ast.parse((HERE / f"{module}.py").read_text())
    return {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)}


def test_each_box_has_its_row():
    found = {section: sum(1 for s, _, _ in ROWS if s == section) for section in BOXES}
    assert found == BOXES


@pytest.mark.parametrize(("statement", "proof"), [(s, p) for _, s, p in ROWS])
def test_the_tests_of_a_row_exist(statement, proof):
    references = re.findall(r"`([^`]+)`", proof)
    assert references
    for reference in references:
        module, _, name = reference.partition("::")
        assert (HERE / f"{module}.py").exists(), reference
        assert not name or name in names_in(module), reference


def test_every_module_is_named():
    modules = {p.relative_to(HERE).with_suffix("").as_posix() for p in HERE.rglob("test_*.py")}
    named = {r.partition("::")[0] for _, _, p in ROWS for r in re.findall(r"`([^`]+)`", p)}
    assert modules - named == {"test_local_callbacks", "test_trees"} - named


@pytest.fixture
def real():
    for tree in TREES:
        if tree.name == "pyrogue":
            return tree.pr
    pytest.skip("pyrogue is not importable")


def test_every_exported_name_is_pyrogues(real):
    importlib.import_module(f"{real.__name__}.interfaces.simulation")
    assert {n for n in sim.__all__ if not hasattr(real, n)} == ADDITIONS
    for name in ADDITIONS | {"interfaces.stream.send", "interfaces.stream.Frame"}:
        assert f"`{name}" in TEXT


@pytest.mark.parametrize(
    "name",
    ["Node", "BaseVariable", "LocalVariable", "LinkVariable", "BaseCommand", "VariableValue"],
)
def test_public_methods_are_pyrogues(real, name):
    internal = {"block", "dependents", "replaceDefault", "requestedPollInterval", "typeCheck"}
    ours = {n for n in dir(getattr(sim, name)) if not n.startswith("_")}
    theirs = {n for n in dir(getattr(real, name)) if not n.startswith("_")}
    assert ours - theirs <= internal


def public(node):
    return {n for n in dir(node) if not n.startswith("_")}


@pytest.mark.parametrize("name", ["Root", "Device", "Process", "DataReceiver", "RunControl"])
def test_the_same_names_are_taken(real, name):
    here, there = (getattr(pr, name)(name="D") for pr in (sim, real))
    wrong = []
    for taken in sorted(public(here) | public(there)):
        for pr, node in ((sim, here), (real, there)):
            try:
                node.add(pr.LocalVariable(name=taken, value=1))
            except pr.NodeError:
                continue
            wrong.append((pr.__name__, taken))
    assert wrong == []


def test_the_docstring_leads_there():
    assert "docs/explanation/simtree.md" in sim.__doc__


def test_a_root_of_each_tree_has_the_same_defaults(tree):
    with running(tree.pr.Root(pollEn=False)) as root:
        assert (root.name, root.path, root.description) == ("Root", "Root", "")
