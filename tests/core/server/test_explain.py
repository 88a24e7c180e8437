"""What is told of a node: the rules that have decided, and why it is served or not."""

import pytest

from roguebridge.core.errors import NotRunningError
from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.hooks.rules import ConverterRule, NamingRule, PolicyRule, TimeSourceRule
from roguebridge.core.mapping.select import Select
from roguebridge.core.requests.policy import ALLOW, AccessPolicy
from roguebridge.core.server.explain import Explanation, RuleUse


class Open(AccessPolicy):
    def decide(self, request):
        return ALLOW


def is_gain(node):
    return node.name == "Gain"


def arrival(value):
    return None


class Site:
    @hookimpl
    def naming_rules(self, base):
        return [NamingRule(lambda node: f"{base}:G", Select(where=is_gain))]

    @hookimpl
    def converter_rules(self):
        return [ConverterRule(lambda node: 5, Select(path="*.Odd"))]

    @hookimpl
    def policy_rules(self):
        return [PolicyRule(lambda node: Open(), is_gain), PolicyRule(self.fail, Select(group="X"))]

    @hookimpl
    def time_source_rules(self):
        return [TimeSourceRule(lambda node: arrival, Select(type="int", units="V"))]

    def fail(self, node):
        raise RuntimeError("no")


@pytest.fixture
def site(tree, serve):
    pr = tree.pr

    def site(**options):
        device = pr.Device(name="Dev")
        device.add(pr.LocalVariable(name="Gain", value=1, units="V", mode="RO"))
        device.add(pr.LocalCommand(name="Go", function=lambda: None))
        return serve(
            device,
            pr.LocalVariable(name="Odd", value=1, groups=["X"]),
            pr.LocalVariable(name="Hidden", value=1, groups=["NoServe"]),
            pr.LocalVariable(name="a b", value=1),
            **{"plugins": [Site()], "start": False, **options},
        ).server

    return site


def test_each_rule_is_told_with_its_plugin_and_what_it_selects_by(site):
    assert site().explain("Top.Dev.Gain") == Explanation(
        "Top.Dev.Gain",
        "variable",
        ("B:G",),
        "its groups [] pass: included are all, excluded ['NoServe']",
        RuleUse("Site", "where=is_gain", "B:G"),
        RuleUse("converters", "every node", "Number"),
        "NTScalar int64",
        RuleUse("Site", "type='int', units='V'", "arrival"),
        (
            RuleUse("Site", "is_gain", "Open"),
            RuleUse("read_only", "ReadOnlySwitch._is_other", "no puts while RB:ReadOnly is on"),
            RuleUse("mode", "where=_guarded", "no puts: it is read-only (mode RO)"),
        ),
    )


def test_what_has_failed_is_told_where_it_has(site):
    found = site().explain("root.Odd")
    assert found.path == "root.Odd"
    assert found.converter == RuleUse(
        "Site",
        "path='*.Odd'",
        "failed: Top.Odd: no converter rule matches, or it made 5",
    )
    assert found.policies[0] == RuleUse("Site", "group='X'", "failed: RuntimeError('no')")
    assert (found.served, found.served_as) == (True, "")


@pytest.mark.parametrize(
    ("path", "options", "why"),
    [
        ("Top.Hidden", {}, "it is in group 'NoServe', which is excluded"),
        ("Top.Odd", {"incGroups": ["Y"]}, "it is in none of the included groups ['Y']"),
        ("Top.a b", {}, "Top.a b: PV name 'B:Top:a b' contains ' '"),
        ("Top.Odd", {"pvMap": {"Top.Dev.Gain": "G"}}, "the explicit map has no Top.Odd"),
        ("Top.Dev", {}, "Top.Dev is a device: only variables and commands can be served"),
        ("Top.Dev.Gian", {}, "'Top.Dev.Gian' is not in the tree; the nearest path is Top.Dev.Gain"),
        ("", {}, "'' is not in the tree"),
    ],
)
def test_why_a_node_is_not_served(site, path, options, why):
    found = site(**options).explain(path)
    assert (found.why, found.served) == (why, False)


def test_a_collision_is_told(site):
    class Same:
        @hookimpl
        def naming_rules(self, base):
            return [NamingRule(lambda node: "one", Select(path="Top.Dev.G*"))]

    found = site(plugins=[Same()]).explain("Top.Dev.Go")
    assert found.why == "Top.Dev.Gain and Top.Dev.Go both map to PV one"


def test_an_explicit_map_names_without_a_rule(site):
    found = site(pvMap={"Top.Dev.Gain": "G"}).explain("Top.Dev.Gain")
    assert (found.pv_names, found.why) == (("G",), "the explicit map lists Top.Dev.Gain")
    assert found.name is None


def test_the_server_s_own_is_explained_too(site):
    found = site().explain("RB.ReadOnly")
    assert (found.pv_names, found.why) == (("B:RB:ReadOnly",), "it is one of the server's own")
    assert found.policies == ()


def test_several_names_are_told(site):
    class Names:
        @hookimpl
        def naming_rules(self, base):
            return [NamingRule(lambda node: ["x", 5], Select(path="Top.Odd"))]

    assert site(plugins=[Names()]).explain("Top.Odd").name.made == "x, 5"


def test_a_running_server_tells_what_it_serves(site):
    server = site(start=True, plugins=[])
    assert server.explain("Top.Odd").pv_names == ("B:Top:Odd",)


def test_a_root_that_does_not_run_cannot_be_explained(tree):
    from roguebridge.core.server.server import PvServer

    server = PvServer("B", tree.pr.Root(name="Top", pollEn=False), backends=["soft"])
    with pytest.raises(NotRunningError):
        server.explain("Top.V")


def test_without_a_rule_that_converts_it_a_node_has_no_type(site):
    found = site(plugins=["no:converters"]).explain("Top.Odd")
    assert (found.converter, found.served_as, found.served) == (None, "", True)
