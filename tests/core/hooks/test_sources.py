"""Where plugins come from, and how they are switched off."""

import types

import pytest
from support.engine.plugin_makers import (
    First,
    GoodThenWrong,
    Named,
    Point,
    by_name,
    module_file,
    names,
)

from roguebridge.core.errors import PluginError
from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.hooks.rules import NamingRule
from roguebridge.core.hooks.sources import PluginInfo
from roguebridge.core.version import __version__

SITE = """
from roguebridge.core import NamingRule, hookimpl
__version__ = '3.2.1'

class Plugin:
    @hookimpl
    def naming_rules(self, base):
        return [NamingRule(lambda node: 'by class')]

plugin = Plugin()

@hookimpl
def naming_rules(base):
    return [NamingRule(lambda node: 'by module')]
"""


def test_the_environment_names_plugins_that_are_asked_after_the_caller_s(
    make, installed, monkeypatch, site
):
    module_file(site, "site_env", SITE)
    installed[:] = [Point("inst", Named("inst"))]
    monkeypatch.setenv("ROGUEBRIDGE_PLUGINS", " site_env , site_env:Plugin,,")
    manager = make(Named("mine"))
    assert names(manager) == ["B-mine", "by module", "by class", "B-inst", "B:Top:V"]
    assert by_name(manager)["site_env"].source == "ROGUEBRIDGE_PLUGINS"
    assert by_name(manager)["site_env:Plugin"].version == "3.2.1"


def test_a_plugin_may_be_an_object_of_a_module_or_a_class(make, site):
    module_file(site, "site_objects", SITE)
    assert names(make("site_objects:plugin")) == ["by class", "B:Top:V"]
    assert make(First).problems == (
        "plugin First cannot be used: TypeError: "
        "Named.__init__() missing 1 required positional argument: 'name'",
    )


def test_a_class_is_made_into_one_object_per_server(make, site):
    made = []

    class Counted:
        def __init__(self):
            made.append(self)

        @hookimpl
        def naming_rules(self, base):
            return [NamingRule(lambda node: "counted")]

    assert names(make(Counted, Counted)) == ["counted", "B:Top:V"]
    assert len(made) == 1
    make(Counted)
    assert len(made) == 2


def test_what_the_caller_gives_is_asked_first_though_it_is_installed_too(make, installed):
    plugin = Named("both")
    installed[:] = [Point("both", plugin), Point("z", Named("z"))]
    assert names(make()) == ["B-z", "B-both", "B:Top:V"]
    manager = make(Named("a"), plugin)
    assert names(manager) == ["B-a", "B-both", "B-z", "B:Top:V"]
    assert [info.name for info in manager.infos()][:3] == ["Named", "both", "z"]


def test_an_installed_plugin_of_a_built_in_s_name_is_another(make, installed):
    installed[:] = [Point("mode", Named("site"))]
    manager = make()
    assert names(manager) == ["B-site", "B:Top:V"]
    assert by_name(manager)["mode"].source == "built-in"
    assert by_name(manager)["mode+"].source == "installed"


def test_each_plugin_is_known_by_version_source_and_hooks(make, installed):
    package = types.SimpleNamespace(name="site-package", version="1.2")
    installed[:] = [Point("site", Named("site"), package), Point("bad", ImportError("no p4q"))]
    found = by_name(make(GoodThenWrong(), "no:pva"))
    assert found["site"] == PluginInfo(
        "site", "1.2", "installed: site-package", ("naming_rules",), "used"
    )
    assert (found["bad"].state, found["bad"].hooks) == ("broken", ())
    assert found["GoodThenWrong"].source == "plugins"
    assert found["pva"].state == "off"
    assert found["mode"] == PluginInfo("mode", __version__, "built-in", ("policy_rules",), "used")
    assert found["acf"].state == "unused"


# Switching off ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("switch", "gone"),
    [
        ("no:standard_names", "B:Top:V"),
        ("no:roguebridge.plugins.names", "B:Top:V"),
        ("no:inst", "B-inst"),
        ("no:Named", "B-mine"),
    ],
)
@pytest.mark.parametrize("by", ["caller", "environment"])
def test_any_plugin_is_switched_off_by_name(make, installed, monkeypatch, switch, gone, by):
    installed[:] = [Point("inst", Named("inst"))]
    if by == "environment":
        monkeypatch.setenv("ROGUEBRIDGE_PLUGINS", switch)
        manager = make(Named("mine"))
    else:
        manager = make(Named("mine"), switch)
    everything = ["B-mine", "B-inst", "B:Top:V"]
    assert names(manager) == [name for name in everything if name != gone]
    assert manager.problems == ()


def test_an_unknown_name_cannot_be_switched_off(make):
    manager = make("no:moed")
    (problem,) = manager.problems
    assert problem.startswith("no:moed: there is no plugin 'moed'; there are ['acf', 'audit', ")
    with pytest.raises(PluginError, match="no plugin 'moed'"):
        make("no:moed", strict=True)


def test_what_is_switched_off_is_not_even_made(make):
    manager = make("no:operators", options={"operators": [5]})
    assert by_name(manager)["operators"].state == "off"
    with pytest.raises(TypeError, match="operators"):
        make(options={"operators": [5]})
