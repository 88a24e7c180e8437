import gc
import logging
import py_compile
import re
import sys
import types

import pytest
from support.fakes import FakeNode

from roguebridge.core import plugin_checks, plugin_sources
from roguebridge.core.access import ALLOW, AccessPolicy
from roguebridge.core.errors import BackendError, PluginError
from roguebridge.core.hookspecs import hookimpl
from roguebridge.core.plugin_manager import PluginInfo, Plugins
from roguebridge.core.rules import ConverterRule, NamingRule, PolicyRule, TimeSourceRule, first
from roguebridge.core.ruleset import ask_for_rules
from roguebridge.core.version import __version__


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

    def __init__(self, name, plugin, dist=None):
        self.name = name
        self.value = f"{name}_module:plugin"
        self.dist = dist
        self._plugin = plugin

    def load(self):
        if isinstance(self._plugin, Exception):
            raise self._plugin
        return self._plugin


@pytest.fixture
def installed(monkeypatch):
    """Say which plugins are installed."""
    points = []
    monkeypatch.setattr(plugin_sources, "entry_points", lambda group: points)
    return points


@pytest.fixture
def make(installed):
    """Build a manager."""

    def make(*plugins, **options):
        return Plugins(plugins, **options)

    return make


def rules(manager):
    return ask_for_rules(manager, "B", None)


def names(manager):
    return [rule.make(FakeNode(path="Top.V")) for rule in rules(manager).naming]


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
    assert make("roguebridge.plugins.naming").problems == ()


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
        return {"soft": self.mine, "web": self.mine}


def test_two_plugins_that_claim_one_backend_are_named_when_it_is_made(make):
    backends = make(Backends()).backends()
    assert backends["web"] is Backends.mine
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
    (problem,) = manager.problems
    for word in words:
        assert word in problem
        assert word in caplog.text
    assert names(manager) == ["B-good", "B:Top:V"]
    assert len(rules(manager).converters) == 1
    with pytest.raises(PluginError) as caught:
        make(plugin, strict=True)
    for word in words:
        assert word in str(caught.value)


def test_a_plugin_with_a_raising_property_is_used_or_reported(make):
    manager = make(RaisingAttribute())
    assert names(manager)[0] == "raising" or "RaisingAttribute" in manager.problems[0]


@pytest.mark.parametrize("error", [ImportError("no p4q"), RuntimeError("x"), SyntaxError("y")])
def test_an_installed_plugin_that_cannot_be_loaded_is_reported_by_its_name(make, installed, error):
    installed[:] = [Point("site", error), Point("good", Named("good"))]
    manager = make()
    assert names(manager) == ["B-good", "B:Top:V"]
    kind = type(error).__name__
    assert manager.problems == (f"plugin site cannot be used: {kind}: {error}",)


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


# Where they come from ---------------------------------------------------------------------


def by_name(manager):
    return {info.name: info for info in manager.infos()}


def module_file(folder, name, text):
    file = folder / f"{name}.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


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


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder on the path, for modules of a site with names of their own."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


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
    manager = make("site_objects:plugin", First)
    assert manager.problems == (
        "plugin First cannot be used: TypeError: "
        "Named.__init__() missing 1 required positional argument: 'name'",
    )
    assert names(manager) == ["by class", "B:Top:V"]


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
        ("no:roguebridge.plugins.naming", "B:Top:V"),
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
        (NoSelf("x"), "policy_rules cannot be called"),
        ([UnmarkedAccess("x")], "it has no hooks"),
        (MisspeltAccess(), "there is no hook 'policy_rule'; the nearest is policy_rules"),
        (WrongAccess(), "policy_rules has an unknown argument 'nodes'; there is none"),
        (Wrapper(), "policy_rules is a wrapper"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_broken_plugin_that_brings_access_rules_stops_the_start(make, plugin, text):
    manager = make(plugin)
    assert text in manager.problems[0]
    with pytest.raises(PluginError, match="it brings access rules") as caught:
        rules(manager)
    assert text in str(caught.value)
    assert ask_for_rules(manager, "B", None, tolerant=True).naming  # to be surveyed


BROKEN_ACCESS = "import no_such_library\nfrom roguebridge.core import hookimpl\n"
DEFINES = "@hookimpl\ndef policy_rules():\n    return []\n"


def test_one_that_cannot_be_imported_is_looked_into(make, installed, site):
    module_file(site, "closed", BROKEN_ACCESS + DEFINES)
    module_file(site / "package", "__init__", "import no_such_library\n")
    module_file(site / "package", "access", DEFINES)
    module_file(site, "harmless", BROKEN_ACCESS)
    for name in ("closed", "package", "package.access"):
        with pytest.raises(PluginError, match=f"plugin {name} cannot be used.*access rules"):
            rules(make(name))
    manager = make("harmless", "no_such_module")
    assert names(manager) == ["B:Top:V"]
    assert len(manager.problems) == 2
    module_file(site, "makes", "from roguebridge.core import PolicyRule\ndef make(): return 5\n")
    with pytest.raises(PluginError, match="plugin makes:make cannot be used: it has no hooks"):
        rules(make("makes:make"))
    with pytest.raises(PluginError, match="plugin sourceless:Guard cannot be used"):
        compiled(site, "sourceless")
        rules(make("sourceless:Guard"))
    point = Point("closed", ImportError("no"))
    point.value = "closed:plugin"
    installed[:] = [point]
    with pytest.raises(PluginError, match="plugin closed cannot be used"):
        rules(make())


def compiled(folder, name):
    """A module without its source."""
    module_file(folder, name, "x = 1\n")
    py_compile.compile(folder / f"{name}.py", folder / f"{name}.pyc", doraise=True)
    (folder / f"{name}.py").unlink()


def test_a_module_of_which_nobody_can_tell_may_bring_access_rules(site):
    (site / "odd").mkdir()
    (site / "odd" / "folder.py").mkdir()
    module_file(site / "odd", "__init__", "")
    compiled(site, "bare")
    assert not plugin_checks.mentions_access("odd")
    assert plugin_checks.mentions_access("bare")
    assert plugin_checks.mentions_access("sys")
    assert not plugin_checks.mentions_access("no_such_module")
    assert not plugin_checks.mentions_access("")


def test_what_is_asked_for_and_switched_off_is_said(make):
    manager = make("no:operators", options={"operators": "ada"})
    assert manager.problems == (
        "no:operators switches off what the argument for plugin operators asks for",
    )
    with pytest.raises(PluginError, match="switches off what"):
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
        "plugin Half: converter_rules failed: RuntimeError('the database is down')",
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
        "plugin Worst: policy_rules failed: RuntimeError('no')",
    )


def test_a_plugin_that_cannot_be_looked_at_may_bring_access_rules(make):
    class Odd(Named):
        def __dir__(self):
            raise RuntimeError("no listing")

    manager = make(Odd("x"))
    assert manager.problems == ("plugin Odd cannot be used: RuntimeError: no listing",)
    with pytest.raises(PluginError, match="access rules"):
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
