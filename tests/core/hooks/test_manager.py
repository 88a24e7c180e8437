"""What plugins bring is asked for in order; a part that is broken is named."""

import gc
import logging
import re
import types

import pytest
from support.engine.fakes import FakeNode
from support.engine.plugin_makers import (
    First,
    GoodThenWrong,
    Last,
    Named,
    Point,
    names,
    rules,
)

from roguebridge.core.errors import BackendError, PluginError
from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.hooks.rules import (
    ConverterRule,
    NamingRule,
    PolicyRule,
    TimeSourceRule,
    first,
)
from roguebridge.core.requests.policy import ALLOW, AccessPolicy

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
    found = rules(manager)
    assert [type(rule) for rule in found.converters] == [ConverterRule]
    assert found.time_sources == []
    assert {"soft", "pva"} <= set(manager.backends())
    node.mode = "RO"
    node.groups = ["NoWrite"]
    matching = [rule for rule in found.policies if rule.select(node)]
    assert {found.plugin_of(rule) for rule in matching} == {"mode", "no_write", "read_only"}
    assert manager.problems == ()


def test_a_plugin_may_be_a_module_or_its_dotted_name(make):
    module = types.ModuleType("site_names")
    module.naming_rules = hookimpl(lambda base: [NamingRule(lambda node: "m")])
    assert names(make(module))[0] == "m"
    assert make("roguebridge.plugins.names").problems == ()


def test_a_plugin_given_twice_is_asked_once(make):
    plugin = Named("a")
    assert names(make(plugin, plugin)) == ["B-a", "B:Top:V"]


def test_two_plugins_of_one_class_are_both_asked(make):
    assert names(make(Named("a"), Named("b"), Named("c")))[:3] == ["B-a", "B-b", "B-c"]


class Backends:
    @staticmethod
    def mine(options):
        raise NotImplementedError

    @hookimpl
    def register_backends(self):
        return {"soft": self.mine, "lab": self.mine}


def test_two_plugins_that_claim_one_backend_are_named_when_it_is_made(make):
    backends = make(Backends()).backends()
    assert backends["lab"] is Backends.mine
    text = (
        "the backend 'soft' is claimed by the plugins Backends and soft: "
        "switch one off with no:soft"
    )
    with pytest.raises(BackendError, match=re.escape(text)):
        backends["soft"](None)


def test_a_backend_may_take_the_place_of_a_built_in_one_that_is_switched_off(make):
    assert make(Backends(), "no:soft").backends()["soft"] is Backends.mine


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

    found = rules(make(Converters())).converters
    assert first(found, FakeNode(path="Top.V")) == "mine"
    assert [rule.select(FakeNode(path="Top.W")) for rule in found] == [False, True]


# Broken plugins ---------------------------------------------------------------------------


class UnknownHook:
    @hookimpl
    def nameing_rules(self):
        return []


class WrongArgument:
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
def test_a_broken_plugin_is_reported_by_name_and_stops_the_start(make, caplog, plugin, words):
    caplog.set_level(logging.ERROR, "roguebridge.plugins")
    manager = make(plugin, Named("good"))
    (problem,) = manager.problems
    for word in words:
        assert word in problem
        assert word in caplog.text
    with pytest.raises(PluginError) as stopped:
        rules(manager)
    with pytest.raises(PluginError) as caught:
        make(plugin, strict=True)
    for word in words:
        assert word in str(stopped.value)
    for word in words:
        assert word in str(caught.value)


def test_a_plugin_with_a_raising_property_is_used_or_reported(make):
    manager = make(RaisingAttribute())
    assert names(manager)[0] == "raising" or "RaisingAttribute" in manager.problems[0]


@pytest.mark.parametrize("error", [ImportError("no p4q"), RuntimeError("x"), SyntaxError("y")])
def test_an_installed_plugin_that_cannot_be_loaded_is_reported_by_its_name(make, installed, error):
    installed[:] = [Point("site", error), Point("good", Named("good"))]
    manager = make()
    problem = f"plugin site cannot be used: {type(error).__name__}: {error}"
    assert manager.problems == (problem,)
    with pytest.raises(PluginError) as stopped:
        rules(manager)
    assert str(stopped.value) == f"{problem}; to serve without it: no:site"
    assert names(make("no:site")) == ["B-good", "B:Top:V"]


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
    [RuntimeError("oops"), 5, "rules", [5], [None], {}, [NamingRule]],
    ids=repr,
)
@pytest.mark.parametrize("hook", RULE_HOOKS)
def test_a_build_hook_that_fails_or_returns_nonsense_is_gone_without(make, hook, result):
    manager = make(broken(hook, result), Named("good"))
    assert names(manager) == ["B-good", "B:Top:V"]
    (problem,) = manager.problems
    assert "plugin Broken" in problem
    assert hook in problem
    strict = make(broken(hook, result), strict=True)
    with pytest.raises(PluginError, match=f"plugin Broken.*{hook}"):
        rules(strict)


@pytest.mark.parametrize("hook", RULE_HOOKS)
def test_access_rules_that_another_hook_returns_stop_the_start(make, hook):
    manager = make(broken(hook, [PolicyRule(lambda node: node)]))
    with pytest.raises(PluginError, match=f"plugin Broken: {hook} returned .* as item 0, not a"):
        rules(manager)


@pytest.mark.parametrize("hook", [*RULE_HOOKS, "register_backends"])
def test_a_build_hook_may_return_nothing(make, hook):
    manager = make(broken(hook, None))
    assert manager.backends()
    assert names(manager) == ["B:Top:V"]
    assert manager.problems == ()


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    "result", [RuntimeError("oops"), 5, [5], {}, None, [NamingRule(lambda n: n)]]
)
def test_a_plugin_that_fails_to_give_its_policies_always_stops(make, strict, result):
    manager = make(broken("policy_rules", result), strict=strict)
    with pytest.raises(PluginError, match=r"plugin Broken: policy_rules"):
        rules(manager)


@pytest.mark.parametrize("result", [RuntimeError("oops"), 5, ["soft"], {"x": 5}], ids=repr)
def test_a_plugin_that_fails_to_give_its_backends_is_gone_without(make, result):
    manager = make(broken("register_backends", result))
    assert "soft" in manager.backends()
    assert "plugin Broken: register_backends" in manager.problems[0]
    assert [info.state for info in manager.infos() if info.name == "Broken"] == ["broken"]
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

    found = rules(make(Guard(), Guard()))
    name = Guard.__name__
    assert [found.plugin_of(rule) for rule in found.policies][:2] == [name, f"{name}+"]


def test_a_time_source_rule_is_given_on(make):
    rule = TimeSourceRule(lambda node: lambda value: 5)

    class Times:
        @hookimpl
        def time_source_rules(self):
            return (rule,)

    assert rules(make(Times())).time_sources == [rule]


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
