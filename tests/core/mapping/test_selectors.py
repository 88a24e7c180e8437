"""What was given to select nodes, and selects none, is a problem: such a guard guards nothing."""

import pytest
from support.engine.fakes import FakeNode

from roguebridge.core.errors import MappingError
from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.hooks.rules import ConverterRule, NamingRule, PolicyRule, TimeSourceRule
from roguebridge.core.mapping.groups import OptionalName, group_list
from roguebridge.core.mapping.select import Select
from roguebridge.core.mapping.selectors import Selector, unmatched
from roguebridge.core.requests.policy import AccessPolicy, Deny
from roguebridge.core.requests.put_limits import PutLimits
from roguebridge.plugins.acf.assignment import Assignments
from roguebridge.plugins.policies.operators import Operators
from roguebridge.plugins.recipes import DeviceTable


def nodes():
    found = [FakeNode(path=f"Top.Magnet[{n}].{name}") for n in range(3) for name in ("Hv", "Set")]
    found.append(FakeNode(path="Top.HighVoltage"))
    found[-1].groups, found[-1].units = ["Calibration"], "kV"
    return found


def told(select, **options):
    return [problem.text for problem in unmatched([Selector("none", select, **options)], nodes())]


@pytest.mark.parametrize(
    "select",
    [
        Select(),
        Select(path="Top.HighVoltage"),
        Select(path="*.Set"),
        Select(path="*Voltage"),
        Select(path="Top.Magnet[*].Hv"),
        Select(path="Top.Magnet[0-1].S?t"),
        Select(path="Top.Mag*"),
        Select(path=["Top.Magnet[2].Set", "Top.H*"]),
        Select(group=["Calibration"]),
        Select(group="Calibration", path="*.High*", units="kV"),
        Select(where=lambda node: node.path.endswith("[2].Set")),
        lambda node: node.name == "HighVoltage",
    ],
)
def test_what_selects_a_node_is_no_problem(select):
    assert told(select) == []


@pytest.mark.parametrize(
    ("select", "text"),
    [
        (Select(path="Top.HighVoltgae"), "none; the nearest path is 'Top.HighVoltage'"),
        (Select(path="top.highvoltage"), "none; the nearest path is 'Top.HighVoltage'"),
        (Select(path="Top.HighVoltgae*"), "none; the nearest path is 'Top.HighVoltage'"),
        (Select(path="*.HighVoltgae"), "none; the nearest path is '*.HighVoltage'"),
        (Select(path="Top.Magnet[1]"), "none; the nearest path is 'Top.Magnet[1].*'"),
        (Select(group="Calibrtion"), "none; the nearest group is 'Calibration'"),
        (Select(units="KV"), "none; the nearest units is 'kV'"),
        (Select(group="Calibration", path="*.Hv"), "none"),
        (Select(path="*", units="qqq"), "none"),
        (
            Select(path=["Top.HighVoltage", "Top.Magnett.Hv"], group="Calibration"),
            "none (of path='Top.Magnett.Hv', group='Calibration'); "
            "the nearest path is 'Top.Magnet[0].Hv'",
        ),
        (lambda node: False, "none"),
    ],
)
def test_what_selects_none_is_told_with_the_nearest_name(select, text):
    (found,) = told(select)
    if "(of" in text:  # several paths are as near
        assert found.startswith(text.partition(";")[0])
    else:
        assert found == text


def test_an_optional_one_may_select_no_node():
    assert told(Select(path="Top.X"), optional=True) == []
    assert told(Select(path="Top.X", optional=True)) == []


def test_a_test_that_fails_is_told_and_not_said_to_select_none():
    (found,) = told(lambda node: node.gain > 0)
    assert found.startswith("none: its test failed at Top.Magnet[0].Hv: AttributeError: ")


def test_a_search_ends_at_the_first_node_and_tries_no_other_paths():
    tried = []
    assert told(Select(path="*.Set", where=lambda node: tried.append(node.path) or True)) == []
    assert tried == ["Top.Magnet[0].Set"]
    tried.clear()
    assert told(Select(path="Top.HighV*", where=lambda node: tried.append(node.path))) == ["none"]
    assert tried == ["Top.HighVoltage"]


def test_an_assignment_behind_another_one_selects_nodes():
    everything, one = {"asg": "A", "path": "*"}, {"asg": "B", "path": "Top.HighVoltage"}
    typo = {"asg": "C", "group": "Calibrtion"}
    given = [everything, one, typo, {**typo, "optional": True}]
    (found,) = unmatched(Assignments(given).selectors, nodes())
    assert found.text == (
        "acf: no node is assigned by group='Calibrtion' to ASG(C); "
        "the nearest group is 'Calibration'"
    )


@pytest.mark.parametrize("optional", [1, None, "yes"])
def test_optional_is_a_bool(optional):
    for make in (
        lambda: Select(optional=optional),
        lambda: PolicyRule(len, Select(), optional),
        lambda: group_list([{"group": "A", "optional": optional}], "incGroups"),
    ):
        with pytest.raises(TypeError, match="optional must be True or False, not"):
            make()


def test_a_group_may_say_that_it_is_optional():
    a, b = group_list(["A", {"group": "B", "optional": True}], "incGroups")
    assert (a, b) == ("A", "B")
    assert not isinstance(a, OptionalName) and isinstance(b, OptionalName)
    with pytest.raises(TypeError, match="incGroups takes group and optional, not"):
        group_list([{"grup": "B"}], "incGroups")


# On a server ------------------------------------------------------------------------------------


class Closed(AccessPolicy):
    def decide(self, request):
        return Deny("interlock")


class Guard:
    def __init__(self, select, optional=False):
        self.select, self.optional = select, optional

    @hookimpl
    def policy_rules(self):
        return [PolicyRule(lambda node: Closed(), self.select, self.optional)]


class Lamps:
    """Selects a node by something else than a rule."""

    def __init__(self, path):
        self.path = path

    @hookimpl
    def selectors(self):
        return [Selector(f"no lamp {self.path}", Select(path=self.path))]


class Rules:
    @hookimpl
    def converter_rules(self):
        return [ConverterRule(len, Select(path="Top.Nod"))]

    @hookimpl
    def naming_rules(self, base):
        return [NamingRule(len, Select(path="Top.Nod"))]

    @hookimpl
    def time_source_rules(self):
        return [TimeSourceRule(len, Select(path="Top.Nod"))]


def variables(pr):
    return (
        pr.LocalVariable(name="Node", value=1, groups=["Shift"]),
        pr.LocalVariable(name="Unserved", value=1, groups=["NoServe"]),
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"plugins": [Guard(Select(path="Top.Nod"))]}, ["plugin Guard: ", "'Top.Node'"]),
        ({"policies": {"no_write": ["Shfit"]}}, ["plugin no_write: ", "'Shfit'", "'Shift'"]),
        ({"excGroups": ["NoServe", "Shfit"]}, ["'Shfit'", "nearest group is 'Shift'"]),
        ({"incGroups": ["Shift", "Shfit"]}, ["'Shfit'", "nearest group is 'Shift'"]),
        ({"plugins": [Operators("ada", paths=["Top.Nod"])]}, ["plugin Operators", "'Top.Node'"]),
        ({"policies": {"operators": {"users": "a", "paths": "Top.Nod"}}}, ["'Top.Node'"]),
        ({"update_rate": {"Top.Nod": 1}}, ["update_rate: ", "'Top.Node'"]),
        ({"deadband": {"Top.Nod": 1}}, ["deadband: ", "'Top.Node'"]),
        ({"names": {"prefixes": {"Top.Nod": "X"}}}, ["names: ", "prefix of 'Top.Nod'"]),
        ({"plugins": [Rules()]}, ["a rule of converter_rules", "nearest path is 'Top.Node'"]),
        ({"plugins": [Rules()]}, ["a rule of naming_rules", "nearest path is 'Top.Node'"]),
        ({"plugins": [Rules()]}, ["a rule of time_source_rules", "nearest path is 'Top.Node'"]),
        ({"plugins": [Lamps("Top.Nod")]}, ["no lamp Top.Nod", "nearest path is 'Top.Node'"]),
    ],
)
def test_it_is_logged_reported_and_surveyed_and_strict_refuses_the_start(
    tree, serve, caplog, options, words
):
    site = serve(*variables(tree.pr), start=False, **options)
    assert any(all(w in text for w in words) for text in site.server.survey().errors)
    site.server.start()
    for texts in (site.server.report(), caplog.messages):
        assert any(all(word in text for word in words) for text in texts), texts
    site.server.stop()
    strict = serve(*variables(tree.pr), start=False, strict=True, **options)
    with pytest.raises(MappingError) as caught:
        strict.server.start()
    assert all(word in str(caught.value) for word in words)


OPTIONAL = {"group": "Shfit", "optional": True}


@pytest.mark.parametrize(
    "options",
    [
        {"plugins": [Guard(Select(path="Top.Unserved"))]},
        {"plugins": [Guard(Select(path="RB.ReadOnly"))]},
        {"plugins": [Guard(Select(path="Top.Nod", optional=True))]},
        {"plugins": [Guard(Select(path="Top.Nod"), optional=True)]},
        {"policies": {"no_write": ["NoWrite", OPTIONAL]}},
        {"plugins": [Lamps("Top.Node")]},
        {"excGroups": ["NoServe", "NoWrite", OPTIONAL]},
        {"incGroups": ["Shift", OPTIONAL]},
        {"update_rate": {"Top.Unserved": 1, "Top.Nod": {"value": 2, "optional": True}}},
        {"pvMap": {"Top.Node": "A"}, "plugins": [Guard(Select(path="Top.Unserved"))]},
    ],
)
def test_nodes_of_the_tree_or_of_the_server_and_what_is_optional_are_no_problem(
    tree, serve, options
):
    site = serve(*variables(tree.pr), strict=True, **options)
    assert site.server.report() == ()
    assert site.server.survey().errors == ()


def test_globs_of_limits_may_say_that_they_are_optional(tree, serve):
    globs = ["Top.Node", {"path": "Top.Nod", "optional": True}]
    site = serve(*variables(tree.pr), strict=True, clamp=globs, allow_nan=globs)
    assert site.server.report() == ()


@pytest.mark.parametrize("name", ["clamp", "allow_nan"])
@pytest.mark.parametrize("given", [{"path": "Top.A"}, [{"glob": "Top.A"}], [{"path": ""}], "*"])
def test_a_wrong_switch_is_refused(name, given):
    with pytest.raises(ValueError, match=f"{name} must be True, False or a list of globs"):
        PutLimits(**{name: given})


def test_what_of_a_table_of_devices_matches_nothing_is_a_problem(tree, serve):
    device = tree.pr.Device(name="Adc")
    device.add(tree.pr.LocalVariable(name="Gain", value=1))
    rules = [
        ConverterRule(len, Select(path="Top.Adc.Gian")),
        ConverterRule(len, Select(path="Top.Adc.Offset"), optional=True),
    ]
    table = DeviceTable("T", ["Top.Adc", "Top.Dac*"], rules=rules)
    site = serve(device, plugins=[table])
    assert site.server.report() == (
        "DeviceTable T: no device matches 'Top.Dac*'; the nearest path is 'Top.Adc.Gain'",
        "DeviceTable T: no node is selected by path='Top.Adc.Gian'; "
        "the nearest path is 'Top.Adc.Gain'",
    )


def test_a_node_of_the_server_is_meant_by_its_path_only():
    own = FakeNode(path="RB.UPTIME")
    own.units = "s"
    by_path, by_units = (
        Selector("none", select) for select in (Select(path="RB.*"), Select(units="s"))
    )
    assert unmatched([by_path], nodes(), [own]) == ()
    assert len(unmatched([by_units], nodes(), [own])) == 1
