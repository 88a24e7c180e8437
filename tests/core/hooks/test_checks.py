"""A plugin that cannot be used stops the start: it may have brought access rules."""

import pkgutil

import pluggy
import pytest
from support.engine.plugin_makers import Named, Point, module_file, names, rules

from roguebridge.core.errors import PluginError
from roguebridge.core.hooks import checks as plugin_checks
from roguebridge.core.hooks.hookspecs import PROJECT, Hooks, hookimpl
from roguebridge.core.hooks.rule_set import ask_for_rules
from roguebridge.core.hooks.sources import BUILT_IN

# Access fails closed ----------------------------------------------------------------------


class UnmarkedAccess(Named):
    def policy_rules(self):
        return []


class MisspeltAccess:
    @hookimpl
    def policy_rule(self):
        return []


class WrongAccess:
    @hookimpl
    def policy_rules(self, nodes):
        return []


class Wrapper:
    @hookimpl(wrapper=True)
    def policy_rules(self):
        return (yield)


class ClassmethodAccess(Named):
    @classmethod
    def policy_rules(cls):
        return []


class PropertyAccess(Named):
    @property
    def policy_rules(self):
        return []


class UnmarkedMisspeltAccess(Named):
    def policy_rule(self):
        return []


class RenamedAccess:
    @hookimpl(specname="policy_rules")
    def guard(self):
        return []

    @hookimpl
    def no_such_hook(self):
        return []


class FailingAccess:
    @hookimpl(specname="policy_rules")
    def guard(self):
        return []

    def __init__(self):
        raise RuntimeError("the file is missing")


class OtherAccess:
    @hookimpl
    def access_rules(self):
        return []


class NoSelf(Named):
    @hookimpl
    def policy_rules():
        return []


@pytest.mark.parametrize(
    ("plugin", "text"),
    [
        (UnmarkedAccess("x"), "policy_rules is not marked @hookimpl"),
        (ClassmethodAccess("x"), "policy_rules is not marked @hookimpl"),
        (PropertyAccess("x"), "policy_rules is not marked @hookimpl"),
        (UnmarkedMisspeltAccess("x"), "policy_rule is not marked @hookimpl; is policy_rules meant"),
        (RenamedAccess(), "there is no hook 'no_such_hook'"),
        (FailingAccess, "RuntimeError: the file is missing"),
        (OtherAccess(), "there is no hook 'access_rules'"),
        (NoSelf("x"), "policy_rules: self is missing"),
        ([UnmarkedAccess("x")], "it has no hooks"),
        (MisspeltAccess(), "there is no hook 'policy_rule'; the nearest is policy_rules"),
        (WrongAccess(), "policy_rules has an unknown argument 'nodes'; there is none"),
        (Wrapper(), "policy_rules is a wrapper"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_plugin_that_cannot_be_used_stops_the_start(make, plugin, text):
    manager = make(plugin)
    assert text in manager.problems[0]
    with pytest.raises(PluginError, match="; to serve without it: no:") as caught:
        rules(manager)
    assert text in str(caught.value)
    assert ask_for_rules(manager, "B", None, tolerant=True).naming  # to be surveyed


def test_all_that_cannot_be_loaded_is_said_at_once_and_may_be_switched_off(make, installed, site):
    module_file(site, "closed", "import no_such_library\n")
    module_file(site, "makes", "def make():\n    return []\n")
    installed[:] = [Point("point", ImportError("no"))]
    broken = ("closed", "makes:make", "no_such_module")
    with pytest.raises(PluginError) as caught:
        rules(make(*broken))
    for name in (*broken, "point"):
        assert f"plugin {name} cannot be used: " in str(caught.value)
        assert f"; to serve without it: no:{name}" in str(caught.value)
    manager = make(*broken, *(f"no:{name}" for name in (*broken, "point")))
    assert names(manager) == ["B:Top:V"]
    assert manager.problems == ()


def test_what_is_asked_for_and_switched_off_is_said(make):
    manager = make("no:operators", options={"operators": "ada"})
    assert manager.problems == (
        "no:operators switches off plugin operators, which an argument asks for",
    )
    with pytest.raises(PluginError, match="switches off plugin"):
        make("no:operators", strict=True, options={"operators": "ada"})


def test_a_plugin_whose_rules_fail_is_gone_as_a_whole_until_the_next_start(make):
    class Half(Named):
        fails = True

        @hookimpl
        def converter_rules(self):
            if self.fails:
                raise RuntimeError("the database is down")
            return []

        @hookimpl
        def server_started(self):
            heard.append(1)

    heard = []
    half = Half("half")
    manager = make(half)
    assert names(manager) == ["B:Top:V"]
    manager.event("server_started", server=None)
    assert heard == []
    assert manager.problems == (
        "plugin Half: converter_rules failed: RuntimeError: the database is down",
    )
    half.fails = False
    assert names(manager) == ["B-half", "B:Top:V"]
    assert manager.problems == ()


def test_all_is_found_that_is_wrong_when_nothing_is_served(make):
    class Worst:
        @hookimpl
        def naming_rules(self):
            return 5

        @hookimpl
        def policy_rules(self):
            raise RuntimeError("no")

    manager = make(Worst(), strict=True)
    ask_for_rules(manager, "B", None, tolerant=True)
    assert manager.problems == (
        "plugin Worst: naming_rules returned 5, not a list of NamingRule",
        "plugin Worst: policy_rules failed: RuntimeError: no",
    )


def test_a_plugin_that_cannot_be_looked_at_stops_the_start(make):
    class Odd(Named):
        def __dir__(self):
            raise RuntimeError("no listing")

    manager = make(Odd("x"))
    assert manager.problems == ("plugin Odd cannot be used: RuntimeError: no listing",)
    with pytest.raises(PluginError, match="; to serve without it: no:Odd"):
        rules(manager)


def test_a_backend_plugin_with_access_rules_stops_the_start_if_it_fails(make):
    class Both:
        @hookimpl
        def register_backends(self):
            raise RuntimeError("no")

        @hookimpl
        def policy_rules(self):
            return []

    manager = make(Both())
    manager.backends()
    with pytest.raises(PluginError, match="plugin Both: register_backends failed"):
        rules(manager)


# Built-in plugins -------------------------------------------------------------------------


@pytest.mark.parametrize("target", [one.target for one in BUILT_IN])
def test_a_built_in_plugin_is_right_and_not_looked_at_again_by_each_server(target):
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Hooks)
    found = pkgutil.resolve_name(target)
    plugin_checks.check_plugin(manager, object.__new__(found) if isinstance(found, type) else found)
