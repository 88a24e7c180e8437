"""A tree of a Rogue that is too old is refused in plain words; what cannot be told passes."""

import sys
from types import ModuleType

import pytest
from support.trees import TREES

from roguebridge.core.errors import RogueVersionError
from roguebridge.core.server.server import PvServer
from roguebridge.core.tree.rogue_version import LOWEST, check_version, version_of

LOWEST_TEXT = ".".join(map(str, LOWEST))


@pytest.fixture
def root_of(monkeypatch):
    """A root whose class is derived from that of a PyRogue of some version."""

    def root_of(version):
        module = ModuleType("pyrogue")
        if version is not None:
            module.__version__ = version
        monkeypatch.setitem(sys.modules, "pyrogue", module)
        base = type("Root", (), {"__module__": "pyrogue._Root"})
        return type("MyRoot", (base,), {"name": "Top", "running": True})()

    return root_of


@pytest.mark.parametrize("version", ["6.4.4", "v6.4.4", "6.4", "5.18.4", "0.0.0", "2.100.100"])
def test_an_older_one_is_refused_naming_both_versions(root_of, version):
    server = PvServer("B", root_of(version), backends=["soft"])
    told = f"^Rogue {version} is too old: Roguebridge needs {LOWEST_TEXT} or later$"
    for look in (server.start, server._start, server.survey, lambda: server.explain("Top.A")):
        with pytest.raises(RogueVersionError, match=told):
            look()
    assert not server.running


@pytest.mark.parametrize(
    "version",
    [LOWEST_TEXT, f"v{LOWEST_TEXT}", "6.5", "6.10.0", "7.0", "10.0.0", "100.0.0"],
)
def test_the_lowest_and_later_ones_pass(root_of, version):
    check_version(root_of(version))


@pytest.mark.parametrize(
    "version",
    ["6.1.0.dev3", "v5.0.0-12-g1234567", "unknown", "", "6", "6.x.1", "1" * 5000 + ".0", 5, None],
)
def test_what_is_no_release_passes(root_of, version):
    check_version(root_of(version))


def test_a_pyrogue_that_is_not_loaded_passes(monkeypatch, root_of):
    root = root_of("5.0.0")
    monkeypatch.delitem(sys.modules, "pyrogue")
    check_version(root)
    assert "pyrogue" not in sys.modules


def test_trees_that_are_no_pyrogue_have_no_version(root_of):
    root_of("5.0.0")
    check_version(object())
    sim = TREES[0].pr.Root(name="Top")
    assert version_of(sim) is None
    check_version(sim)


def test_this_trees_own_version_is_supported(tree):
    root = tree.pr.Root(name="Top")
    assert version_of(root) == getattr(tree.pr, "__version__", None)
    check_version(root)
