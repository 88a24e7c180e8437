"""What plugins find wrong with what they were asked for is logged, reported and surveyed."""

import logging

import pytest

from roguebridge.core.errors import PluginError
from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.hooks.rules import PolicyRule
from roguebridge.core.mapping.select import Select
from roguebridge.plugins.audit import Audit


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
        (RuntimeError("no"), ("plugin Finds: find_problems failed: RuntimeError: no",)),
        (5, ("plugin Finds: find_problems failed: TypeError: it returned 5, not a list of str",)),
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


def test_an_audit_file_that_cannot_be_written_is_told_before_a_start(tree, serve, tmp_path):
    missing, folder, good = tmp_path / "no" / "audit", tmp_path / "folder", tmp_path / "audit"
    folder.mkdir()
    for file, why in ((missing, "No such file or directory"), (folder, "it is no regular file")):
        site = serve(tree.pr.LocalVariable(name="A", value=1), plugins=[Audit(file)], start=False)
        survey = site.server.survey()
        assert survey.errors == (f"the audit file {file} cannot be written: {why}",)
        assert survey.warnings == ()
        with pytest.raises(PluginError, match="the server must not start: the audit file"):
            site.server.start()
    site = serve(tree.pr.LocalVariable(name="A", value=1), plugins=[Audit(good)], start=False)
    assert site.server.survey().warnings == ()
    assert not good.exists()
    good.touch()
    assert site.server.survey().warnings == ()


def test_an_audit_logger_that_drops_records_is_told_before_a_start(tree, serve):
    logger = logging.getLogger(f"site.audit.{tree}")
    plugin = Audit(logger=logger.name, level="INFO")
    site = serve(tree.pr.LocalVariable(name="A", value=1), plugins=[plugin], start=False)
    assert site.server.survey().errors == ()  # the start sets the level of a logger that has none
    logger.setLevel("ERROR")
    told = f"the logger {logger.name} drops audit records: INFO is off"
    assert site.server.survey().errors == (told,)
    logger.setLevel("INFO")
    logger.propagate = False
    told = f"the logger {logger.name} drops audit records: it has no handler"
    assert site.server.survey().errors == (told,)
    with pytest.raises(PluginError, match=told):
        site.server.start()


class Refuses:
    """A plugin that lets no server start, as the test says."""

    def __init__(self, found):
        self.found = found

    @hookimpl
    def find_refusals(self):
        if isinstance(self.found, Exception):
            raise self.found
        return self.found

    @hookimpl
    def find_problems(self):
        return ["closed"]


@pytest.mark.parametrize(
    ("found", "errors", "warnings"),
    [
        (None, (), ("closed",)),
        (["closed", "no key"], ("closed", "no key"), ()),
        (RuntimeError("no"), ("plugin Refuses: find_refusals failed: RuntimeError: no",), None),
    ],
)
def test_what_would_stop_a_start_is_an_error_of_the_survey(tree, serve, found, errors, warnings):
    plugins = [Refuses(found)]
    site = serve(tree.pr.LocalVariable(name="A", value=1), plugins=plugins, start=False)
    survey = site.server.survey()
    assert survey.errors == errors
    assert survey.warnings == (("closed",) if warnings is None else warnings)


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
