import gc
import logging
import types

import pytest
from support.fakes import FakeNode

from roguebridge.core import plugin_manager
from roguebridge.core.access import ALLOW, AccessPolicy
from roguebridge.core.errors import PluginError
from roguebridge.core.hookspecs import hookimpl
from roguebridge.core.plugin_manager import Plugins
from roguebridge.core.rules import ConverterRule, NamingRule, PolicyRule, TimeSourceRule, first


class Named:
    """Names every node after itself."""

    def __init__(self, name):
        self.name = name

    @hookimpl
    def naming_rules(self, base):
        return [NamingRule(lambda node: f"{base}-{self.name}")]


class First(Named):
    @hookimpl(tryfirst=True)
    def naming_rules(self, base):
        return super().naming_rules(base)


class Last(Named):
    @hookimpl(trylast=True)
    def naming_rules(self, base):
        return super().naming_rules(base)


class Point:
    """An installed plugin."""

    def __init__(self, name, plugin):
        self.name = name
        self._plugin = plugin

    def load(self):
        if isinstance(self._plugin, Exception):
            raise self._plugin
        return self._plugin


@pytest.fixture
def installed(monkeypatch):
    """Say which plugins are installed."""
    points = []
    monkeypatch.setattr(plugin_manager, "entry_points", lambda group: points)
    return points


@pytest.fixture
def make(installed):
    """Build a manager; what it reports is in its attribute."""

    def make(*plugins, strict=False):
        reports = []
        manager = Plugins(plugins, strict, reports.append)
        manager.reports = reports
        return manager

    return make


def names(manager):
    return [rule.make(FakeNode(path="Top.V")) for rule in manager.naming_rules("B")]


# Order ------------------------------------------------------------------------------------


def test_the_caller_is_asked_before_installed_plugins_and_these_before_built_ins(make, installed):
    installed[:] = [Point("z", Named("z")), Point("y", Named("y"))]
    assert names(make(Named("a"), Named("b"))) == ["B-a", "B-b", "B-z", "B-y", "B:Top:V"]


def test_tryfirst_and_trylast_overrule_that_order(make, installed):
    installed[:] = [Point("z", First("z"))]
    assert names(make(Last("a"), Named("b"))) == ["B-z", "B-b", "B:Top:V", "B-a"]


def test_the_built_ins_alone_name_convert_guard_and_serve(make):
    manager = make()
    node = FakeNode(path="Top.V")
    assert names(manager) == ["B:Top:V"]
    assert [type(rule) for rule in manager.converter_rules()] == [ConverterRule]
    assert manager.time_source_rules() == []
    assert {"soft", "pva"} <= set(manager.backends())
    node.mode = "RO"
    assert len([rule for rule in manager.policy_rules() if rule.select(node)]) == 1
    assert manager.reports == []


def test_a_plugin_may_be_a_module_or_its_dotted_name(make):
    module = types.ModuleType("site_names")
    module.naming_rules = hookimpl(lambda base: [NamingRule(lambda node: "m")])
    assert names(make(module))[0] == "m"
    assert make("roguebridge.plugins.naming").reports == []


def test_a_plugin_given_twice_is_asked_once(make):
    plugin = Named("a")
    assert names(make(plugin, plugin)) == ["B-a", "B:Top:V"]


def test_two_plugins_of_one_class_are_both_asked(make):
    assert names(make(Named("a"), Named("b"), Named("c")))[:3] == ["B-a", "B-b", "B-c"]


def test_of_two_backends_with_one_name_the_first_asked_counts(make):
    def mine(options):
        raise NotImplementedError

    class Backends:
        @hookimpl
        def register_backends(self):
            return {"soft": mine, "web": mine}

    backends = make(Backends()).backends()
    assert backends["soft"] is backends["web"] is mine
    assert backends["pva"] is not mine


def test_managers_share_nothing(make):
    make(Named("a"))
    assert names(make()) == ["B:Top:V"]


def test_a_manager_goes_with_its_plugins(make):
    gone = []

    class Watched(Named):
        def __del__(self):
            gone.append(self.name)

    manager = make(Watched("a"))
    assert names(manager)[0] == "B-a"
    del manager
    gc.collect()
    assert gone == ["a"]


def test_the_caller_may_overrule_a_built_in_converter(make):
    class Converters:
        @hookimpl
        def converter_rules(self):
            return [ConverterRule(lambda node: "mine", lambda node: node.name == "V")]

    rules = make(Converters()).converter_rules()
    assert first(rules, FakeNode(path="Top.V")) == "mine"
    assert [rule.select(FakeNode(path="Top.W")) for rule in rules] == [False, True]


# Broken plugins ---------------------------------------------------------------------------


class UnknownHook:
    @hookimpl
    def nameing_rules(self):
        return []


class WrongArgument:
    @hookimpl
    def naming_rules(self, basis):
        return []


class GoodThenWrong:
    @hookimpl
    def converter_rules(self):
        return [ConverterRule(lambda node: "mine")]

    @hookimpl
    def naming_rules(self, basis):
        return []


class Unmarked:
    def naming_rules(self, base):
        return []


class RaisingAttribute:
    @property
    def something(self):
        raise RuntimeError("no")

    @hookimpl
    def naming_rules(self, base):
        return [NamingRule(lambda node: "raising")]


@pytest.mark.parametrize(
    ("plugin", "words"),
    [
        (UnknownHook(), ["UnknownHook", "nameing_rules"]),
        (WrongArgument(), ["WrongArgument", "naming_rules", "basis"]),
        (GoodThenWrong(), ["GoodThenWrong", "naming_rules", "basis"]),
        (Unmarked(), ["Unmarked", "it has no hooks", "@hookimpl"]),
        ("no.such.module", ["no.such.module"]),
        ("", ["plugin"]),
        (".relative", [".relative"]),
    ],
    ids=lambda value: getattr(type(value), "__name__", ""),
)
def test_a_broken_plugin_is_reported_by_name_and_gone_without(make, caplog, plugin, words):
    caplog.set_level(logging.ERROR, "roguebridge.plugins")
    manager = make(plugin, Named("good"))
    (report,) = manager.reports
    for word in words:
        assert word in report
        assert word in caplog.text
    assert names(manager) == ["B-good", "B:Top:V"]
    assert len(manager.converter_rules()) == 1
    with pytest.raises(PluginError) as caught:
        make(plugin, strict=True)
    for word in words:
        assert word in str(caught.value)


def test_a_plugin_with_a_raising_property_is_used_or_reported(make):
    manager = make(RaisingAttribute())
    assert names(manager)[0] == "raising" or "RaisingAttribute" in manager.reports[0]


@pytest.mark.parametrize("error", [ImportError("no p4q"), RuntimeError("x"), SyntaxError("y")])
def test_an_installed_plugin_that_cannot_be_loaded_is_reported_by_its_name(make, installed, error):
    installed[:] = [Point("site", error), Point("good", Named("good"))]
    manager = make()
    assert names(manager) == ["B-good", "B:Top:V"]
    assert manager.reports == [f"plugin site cannot be used: {error}"]


def broken(hook, result):
    def implementation(self):
        if isinstance(result, Exception):
            raise result
        return result

    implementation.__name__ = hook
    return type("Broken", (), {hook: hookimpl(implementation)})()


RULE_HOOKS = ["naming_rules", "converter_rules", "time_source_rules"]


@pytest.mark.parametrize(
    "result",
    [RuntimeError("oops"), 5, "rules", [5], [None], {}, [NamingRule], [PolicyRule(lambda n: n)]],
    ids=repr,
)
@pytest.mark.parametrize("hook", RULE_HOOKS)
def test_a_build_hook_that_fails_or_returns_nonsense_is_gone_without(make, hook, result):
    manager = make(broken(hook, result), Named("good"))
    arguments = {"base": "B"} if hook == "naming_rules" else {}
    assert isinstance(getattr(manager, hook)(**arguments), list)
    (report,) = manager.reports
    assert "plugin Broken" in report
    assert hook in report
    strict = make(broken(hook, result), strict=True)
    with pytest.raises(PluginError, match=f"plugin Broken.*{hook}"):
        getattr(strict, hook)(**arguments)


@pytest.mark.parametrize("hook", [*RULE_HOOKS, "policy_rules", "register_backends"])
def test_a_build_hook_may_return_nothing(make, hook):
    manager = make(broken(hook, None))
    arguments = {"base": "B"} if hook == "naming_rules" else {}
    method = "backends" if hook == "register_backends" else hook
    assert getattr(manager, method)(**arguments) is not None
    assert manager.reports == []


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("result", [RuntimeError("oops"), 5, [5], {}, [NamingRule(lambda n: n)]])
def test_a_plugin_that_fails_to_give_its_policies_always_stops(make, strict, result):
    manager = make(broken("policy_rules", result), strict=strict)
    with pytest.raises(PluginError, match=r"plugin Broken: policy_rules"):
        manager.policy_rules()


@pytest.mark.parametrize("result", [RuntimeError("oops"), 5, ["soft"], {"x": 5}], ids=repr)
def test_a_plugin_that_fails_to_give_its_backends_is_gone_without(make, result):
    manager = make(broken("register_backends", result))
    assert "soft" in manager.backends()
    assert "plugin Broken: register_backends" in manager.reports[0]
    with pytest.raises(PluginError, match="register_backends"):
        make(broken("register_backends", result), strict=True).backends()


def test_policies_of_all_plugins_are_asked_for(make):
    class Policy(AccessPolicy):
        def decide(self, request):
            return ALLOW

    class Guard:
        @hookimpl
        def policy_rules(self):
            return [PolicyRule(lambda node: Policy())]

    assert len(make(Guard(), Guard()).policy_rules()) == 3


def test_a_time_source_rule_is_given_on(make):
    rule = TimeSourceRule(lambda node: lambda value: 5)

    class Times:
        @hookimpl
        def time_source_rules(self):
            return (rule,)

    assert make(Times()).time_source_rules() == [rule]


# Events -----------------------------------------------------------------------------------


class Listener:
    def __init__(self, heard, error=None):
        self.heard = heard
        self.error = error

    @hookimpl
    def server_started(self, server):
        self.heard.append(server)
        if self.error is not None:
            raise self.error


def test_an_event_reaches_every_plugin_in_spite_of_a_raising_one(make, caplog):
    heard = []
    manager = make(Listener(heard), Listener(heard, RuntimeError("oops")), Listener(heard))
    manager.event("server_started", server="S")
    assert heard == ["S"] * 3
    assert "plugin Listener" in caplog.text
    assert "server_started failed" in caplog.text


def test_a_listener_takes_the_arguments_it_needs(make):
    heard = []

    class NoArgument:
        @hookimpl
        def server_started(self):
            heard.append(1)

    make(NoArgument()).event("server_started", server="S")
    assert heard == [1]


def test_whether_anybody_listens_is_known(make):
    assert make(Listener([])).listens("server_started")
    assert not make().listens("request_done")
