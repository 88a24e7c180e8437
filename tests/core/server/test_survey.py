"""A survey says what a start would serve and what is wrong, and leaves no trace."""

import numpy as np
import pytest
from support.engine.fakes import bridge_threads

from roguebridge.core.errors import MappingError, NotRunningError
from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.hooks.rules import ConverterRule, PolicyRule, TimeSourceRule
from roguebridge.core.mapping.select import Select
from roguebridge.core.server.server import PvServer
from roguebridge.core.server.survey import SurveyedPv


def of(site, **wanted):
    """The surveyed PVs below Top that the tests made."""
    pvs = {pv.path.removeprefix("Top."): pv for pv in site.server.survey().pvs}
    return pvs if not wanted else pvs[wanted["name"]]


def test_every_pv_is_described(tree, serve):
    pr = tree.pr
    site = serve(
        pr.LocalVariable(
            name="A", description="A gain", value=1.5, units="V", mode="RO", groups=["Slow", "X"]
        ),
        pr.LocalVariable(name="Wave", value=np.zeros(4, np.int16)),
        pr.LocalVariable(name="Frame", value=np.zeros((2, 3), np.uint8)),
        pr.LocalVariable(name="Mode", value=0, enum={0: "Off", 1: "On"}),
        pr.LocalVariable(name="Text", value="x"),
        pr.LocalCommand(name="Go", function=lambda: None),
        start=False,
    )
    found = of(site)
    assert found["A"] == SurveyedPv(
        "B:Top:A", "Top.A", "variable", "float", "NTScalar float64", "RO", "V", ("Slow", "X"),
        "A gain",
    )  # fmt: skip
    assert [found[name].served_as for name in ("Wave", "Frame", "Mode", "Text")] == [
        "NTScalarArray int16", "NTNDArray uint8", "NTEnum", "NTScalar str",
    ]  # fmt: skip
    assert (found["Go"].kind, found["Go"].mode) == ("command", "WO")
    survey = site.server.survey()
    assert (survey.errors, survey.warnings) == ((), ())


def test_nothing_is_served_and_nothing_is_left(tree, serve):
    site = serve(tree.pr.LocalVariable(name="A", value=1), start=False)
    before = bridge_threads()
    site.server.survey()
    assert not site.server.running
    assert site.server.list() == {}
    assert bridge_threads() == before


def test_a_running_server_surveys_what_it_serves(tree, serve):
    site = serve(tree.pr.LocalVariable(name="A", value=1))
    assert [pv.pv_name for pv in site.server.survey().pvs] == list(site.server.list().values())


def test_a_root_that_does_not_run_is_not_touched(tree):
    root = tree.pr.Root(name="Top", pollEn=False)
    with pytest.raises(NotRunningError, match="the root 'Top' is not running"):
        PvServer("B", root, backends=["soft"]).survey()


def test_a_server_that_is_only_surveyed_does_not_start_with_its_root(tree, running):
    root = tree.pr.Root(name="Top", pollEn=False)
    server = PvServer("B", root, backends=["soft"])
    server.starts_with_root = False
    root.addProtocol(server)
    with running(root):
        assert not server.running
        assert server.survey().pvs


def test_a_value_that_does_not_fit_is_a_warning(tree, serve):
    pr = tree.pr
    site = serve(
        pr.LocalVariable(name="Mode", value=0, enum={0: "Off", 1: "On"}, localGet=lambda: 7),
        start=False,
    )
    (warning,) = site.server.survey().warnings
    assert warning.startswith("Top.Mode: B:Top:Mode would open INVALID: ")
    assert of(site, name="Mode").served_as == "NTEnum"


def test_a_variable_that_cannot_be_read_has_the_type_of_its_first_value(tree, serve):
    failing = []

    def get():
        if failing:
            raise RuntimeError("no contact")
        return 5

    site = serve(
        tree.pr.LocalVariable(name="V", mode="RO", localGet=get, pollInterval=0), start=False
    )
    failing.append(True)
    survey = site.server.survey()
    assert of(site, name="V").type == "int"
    (warning,) = survey.warnings
    assert warning.startswith("Top.V: B:Top:V would open INVALID: ")


class Broken:
    """Rules that are no rules, each for one node."""

    @hookimpl
    def converter_rules(self):
        return [ConverterRule(lambda node: None, Select(path="Top.A"))]

    @hookimpl
    def policy_rules(self):
        return [PolicyRule(lambda node: "no policy", Select(path="Top.A"))]

    @hookimpl
    def time_source_rules(self):
        return [TimeSourceRule(lambda node: "no function", Select(path="Top.A"))]


class NoRules:
    @hookimpl
    def policy_rules(self):
        raise RuntimeError("the site's database is down")

    @hookimpl
    def naming_rules(self, base):
        return "none"


def test_what_is_wrong_with_rules_is_said_once_per_node(tree, serve):
    site = serve(tree.pr.LocalVariable(name="A", value=1), plugins=[Broken()], start=False)
    survey = site.server.survey()
    assert sorted(survey.errors) == [
        "Top.A: B:Top:A would open INVALID: plugin Broken: "
        "PluginError: Top.A: no converter rule matches, or it made None",
        "plugin Broken: Top.A: a rule of policy_rules made 'no policy', no AccessPolicy",
        "plugin Broken: Top.A: a rule of time_source_rules failed: "
        "TypeError: 'no function' is not a function",
    ]
    assert survey.warnings == ()
    assert of(site, name="A").served_as == ""


def test_plugins_whose_rules_cannot_be_had_are_named(tree, serve):
    site = serve(tree.pr.LocalVariable(name="A", value=1), plugins=[NoRules()], start=False)
    for _ in range(2):  # however often it is asked
        assert site.server.survey().errors == (
            "plugin NoRules: naming_rules returned 'none', not a list of NamingRule",
            "plugin NoRules: policy_rules failed: RuntimeError: the site's database is down",
        )


def test_a_map_file_that_cannot_be_read_is_an_error(tree, serve, tmp_path):
    site = serve(pvMap=str(tmp_path / "gone.map"), start=False)
    with pytest.raises(MappingError, match="cannot read the map file"):
        site.server.survey()


def test_guessed_types_are_listed(tree, serve):
    pr = tree.pr
    site = serve(
        pr.LinkVariable(name="Guess", linkedGet=lambda: 1),
        pr.LinkVariable(name="Word", linkedGet=lambda: "on"),
        pr.LinkVariable(name="Format", linkedGet=lambda: 1, disp="{:d}"),
        pr.LinkVariable(name="Declared", linkedGet=lambda: 1, typeStr="Int32"),
        pr.LocalVariable(name="Own", value=1),
        start=False,
    )
    (line,) = [line for line in site.server.survey().advice if "guessed" in line]
    assert "B:Top:Guess, B:Top:Word (2 in all)" in line


def test_no_built_in_is_guessed(tree, serve):
    site = serve(tree.pr.LocalVariable(name="A", value=1, maximum=1, minimum=0), start=False)
    assert not [line for line in site.server.survey().advice if "guessed" in line]
