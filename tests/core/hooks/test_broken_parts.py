"""Each kind of part that a plugin may get wrong is named with plugin, hook, node and exception."""

import pytest
from support.engine.fakes import FakeClock
from support.engine.site_plugins import Gains, Guard, Scaled, lookup

from roguebridge.backends.soft import RemoteError
from roguebridge.core.errors import PluginError
from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.hooks.manager import Plugins
from roguebridge.core.hooks.rules import ConverterRule, NamingRule, PolicyRule
from roguebridge.core.mapping.select import Select
from roguebridge.core.requests.credentials import Credentials
from roguebridge.core.requests.policy import ALLOW, AccessPolicy


class Naming:
    """Names Top.V by a function."""

    def __init__(self, make):
        self.make = make

    @hookimpl
    def naming_rules(self, base):
        return [NamingRule(self.make, Select(path="Top.V"))]


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        (5, "PV name 5 is not a str"),
        ([], "the list of its PV names is empty"),
        ({"a"}, "PV names {'a'} are neither a str nor a list of str"),
        (["B:V", None], "PV name None is not a str"),
        ("a b", "PV name 'a b' contains ' '"),
    ],
)
def test_a_naming_rule_that_returns_something_else_is_named(serve, tree, made, fault):
    naming = Naming(lambda node: made)
    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[naming])
    assert site.server.report() == (f"Top.V: plugin Naming: a rule of naming_rules: {fault}",)


def test_names_that_the_caller_gave_wrongly_are_of_no_plugin(serve, tree):
    variable = tree.pr.LocalVariable(name="V", value=5)
    site = serve(variable, names={"template": "{path}", "prefixes": {"Top": "#"}}, start=False)
    (error,) = [text for text in site.server.survey().errors if " nodes, e.g. Top." in text]
    assert error.endswith(" begins with '#'")
    assert "plugin" not in error


def test_a_converter_rule_that_makes_something_else_is_named(serve, tree):
    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[Gains(lambda node: 5)])
    site.client().get("B:Top:V")
    (line,) = site.server.report()
    assert line.startswith("Top.V: B:Top:V is INVALID: its type cannot be found out: ")
    assert " plugin Gains: " in line
    assert line.endswith("Top.V: no converter rule matches, or it made 5")


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lookup, "a rule of policy_rules failed: KeyError: 'gain'"),
        (lambda node: 5, "a rule of policy_rules made 5, no AccessPolicy"),
    ],
)
def test_a_policy_rule_that_fails_stops_the_start_and_is_named(serve, tree, make, fault):
    class Rules:
        @hookimpl
        def policy_rules(self):
            return [PolicyRule(make, Select(path="Top.V"))]

    with pytest.raises(PluginError) as caught:
        serve(tree.pr.LocalVariable(name="V", value=5), plugins=[Rules()])
    assert str(caught.value).startswith("plugin Rules: Top.V: ")
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    ("returned", "fault"),
    [
        (5, "plugin Selects: selectors returned 5, not a list of Selector"),
        (["x"], "plugin Selects: selectors returned 'x' as item 0, not a Selector"),
    ],
)
def test_a_selectors_hook_that_returns_something_else_is_named(serve, tree, returned, fault):
    class Selects:
        @hookimpl
        def selectors(self):
            return returned

    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[Selects()])
    assert site.server.report() == (fault,)


@pytest.mark.parametrize("hook", ["converter_rules", "policy_rules", "selectors", "naming_rules"])
def test_each_kind_of_hook_without_self_is_told_so(hook):
    argument = {"naming_rules": "base"}.get(hook, "")
    space = {"hookimpl": hookimpl}
    exec(f"class Site:\n @hookimpl\n def {hook}({argument}):\n  return []\n", space)  # noqa: S102
    (problem,) = Plugins([space["Site"]()]).problems
    assert problem == f"plugin Site cannot be used: {hook}: self is missing"


def test_a_selector_that_fails_is_named(serve, tree):
    class Rules:
        @hookimpl
        def converter_rules(self):
            return [ConverterRule(lambda node: None, lookup)]

    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[Rules()], start=False)
    texts = [*site.server.survey().errors, *site.server.survey().warnings]
    assert any("plugin Rules: " in text and "KeyError: 'gain'" in text for text in texts)


@pytest.mark.parametrize("attribute", ["quick", "asked_again", "alike", "state"])
def test_a_policy_whose_attribute_fails_is_named(serve, tree, attribute):
    class Mute(AccessPolicy):
        asked_again = True
        state = property(lookup) if attribute == "state" else AccessPolicy.state
        if attribute != "state":
            locals()[attribute] = property(lookup)

        def decide(self, request):
            return ALLOW

    guard = Guard(None)
    guard.policy = Mute()
    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[guard])
    site.client().put("B:Top:V", 6)
    holder = site.server.holders["Top.V"]
    holder.rights_key(holder.entry)
    holder.rights_state(Credentials("ann", "10.0.0.1", "ca"))
    line = f"plugin Guard: {attribute} of the policy {Mute.__qualname__} failed: KeyError: 'gain'"
    assert site.server.report() == (line,)


def test_a_policy_whose_state_takes_too_long_is_named(serve, tree):
    clock = FakeClock()

    class Slow(AccessPolicy):
        asked_again = True

        def decide(self, request):
            return ALLOW

        def state(self):
            clock.seconds += 0.06
            return 1

    guard = Guard(None)
    guard.policy = Slow()
    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[guard], clock=clock)
    site.server.holders["Top.V"].rights_state(Credentials("ann", "10.0.0.1", "ca"))
    assert site.server.report() == (
        "plugin Guard: state of a policy took 60 ms, and all clients may wait for it; "
        "it may take 50 ms",
    )


def test_a_converter_that_fails_at_the_argument_of_a_command_is_named(serve, tree):
    rule = Gains(lambda node: Scaled({"to_tree": lookup}))
    command = tree.pr.LocalCommand(name="V", value=1, function=lambda arg: None)
    site = serve(command, plugins=[rule])
    client = site.client()
    named = "B:Top:V: the argument 'arg': Scaled: plugin Gains: to_tree failed: KeyError: 'gain'"
    for ask in (lambda: client.put("B:Top:V", 6), lambda: client.rpc("B:Top:V", arg=6)):
        with pytest.raises(RemoteError) as caught:
            ask()
        assert str(caught.value) == named
    assert site.server.report()[0] == "plugin Gains: Top.V: to_tree failed: KeyError: 'gain'"
