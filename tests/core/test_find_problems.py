"""What plugins find wrong with what they were asked for is logged, reported and surveyed."""

import pytest

from roguebridge.core.hookspecs import hookimpl
from roguebridge.core.rules import PolicyRule, Select
from roguebridge.plugins.audit import Audit
from roguebridge.plugins.operators import Operators


class Finds:
    """A plugin that finds what the test says."""

    def __init__(self, found):
        self.found = found

    @hookimpl
    def find_problems(self, server):
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (None, ()),
        ([], ()),
        (["no shift"], ("no shift",)),
        (("one", "two"), ("one", "two")),
        (RuntimeError("no"), ("plugin Finds: find_problems failed: RuntimeError('no')",)),
        (5, ("plugin Finds: find_problems failed: TypeError('it returned 5, not a list of str')",)),
    ],
)
def test_it_is_told_wherever_one_looks(tree, serve, caplog, found, told):
    site = serve(tree.pr.LocalVariable(name="A", value=1), plugins=[Finds(found)], start=False)
    assert site.server.report() == ()
    assert site.server.survey().warnings == told
    assert site.server.survey().errors == ()
    site.server.start()
    assert site.server.report() == told
    assert site.server.survey().warnings == told
    assert all(text in caplog.messages for text in told)


def test_a_glob_of_operators_that_no_node_matches_is_told(tree, serve):
    plugin = Operators("ada", paths=["Top.A", "Top.Magnett.*"])
    site = serve(tree.pr.LocalVariable(name="A", value=1), plugins=[plugin])
    assert site.server.report() == (
        "policies: operators: no node matches the path 'Top.Magnett.*'",
    )


def test_an_audit_file_that_cannot_be_written_is_told_before_a_start(tree, serve, tmp_path):
    missing, folder, good = tmp_path / "no" / "audit", tmp_path / "folder", tmp_path / "audit"
    folder.mkdir()
    for file in (missing, folder):
        site = serve(tree.pr.LocalVariable(name="A", value=1), plugins=[Audit(file)], start=False)
        assert site.server.survey().warnings == (f"the audit file {file} cannot be written",)
    site = serve(tree.pr.LocalVariable(name="A", value=1), plugins=[Audit(good)], start=False)
    assert site.server.survey().warnings == ()
    assert not good.exists()
    good.touch()
    assert site.server.survey().warnings == ()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((5,), "PolicyRule: make must be a function, not 5"),
        ((Select(), len), "PolicyRule: make must be a function, not Select"),
        ((len, "*.A"), "PolicyRule: select must be a Select or a function, not '*.A'"),
    ],
)
def test_a_rule_is_two_functions(arguments, text):
    with pytest.raises(TypeError) as caught:
        PolicyRule(*arguments)
    assert str(caught.value).startswith(text)
