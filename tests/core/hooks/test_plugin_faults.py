"""A broken part of a plugin is named with plugin, hook, node and exception, in log and report."""

import logging

import pytest
from support.engine.fakes import FakeClock
from support.engine.site_plugins import Gains, Guard, Scaled, lookup

from roguebridge.backends.soft import RemoteError
from roguebridge.core.errors import BackendError
from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.hooks.manager import Plugins
from roguebridge.core.hooks.rules import NamingRule, TimeSourceRule
from roguebridge.core.mapping.select import Select
from roguebridge.core.requests.policy import ALLOW, AccessPolicy, Deny
from roguebridge.core.server.server import PvServer
from roguebridge.core.values.converter import ConversionError


class Hostile:
    """Raises whatever is asked of it."""

    def __getattribute__(self, name):
        raise KeyError(name)


def lines_of(caplog, server):
    """What has been logged; the server is stopped, so that nothing is under way."""
    server.stop()
    return [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize("part", ["to_pv", "alarm_of"])
def test_a_converter_that_fails_is_named(serve, tree, caplog, part):
    caplog.set_level(logging.DEBUG, "roguebridge")
    rule = Gains(lambda node: Scaled({part: lookup}))
    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[rule])
    assert site.client().get("B:Top:V").alarm.message == "CALC"
    named = f"a int has no place in it: plugin Gains: {part} failed: KeyError: 'gain'"
    assert site.server.report() == (f"Top.V: B:Top:V is INVALID: {named}",)
    assert f"B:Top:V (Top.V) is INVALID: {named}" in lines_of(caplog, site.server)
    (traced,) = [record for record in caplog.records if record.exc_info]
    assert traced.levelno == logging.DEBUG
    assert traced.getMessage() == f"plugin Gains: {part} failed: KeyError: 'gain'"


def test_a_converter_rule_that_fails_is_named(serve, tree):
    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[Gains(lookup)])
    site.client().get("B:Top:V")
    (line,) = site.server.report()
    assert line.startswith("Top.V: B:Top:V is INVALID: its type cannot be found out: ")
    assert line.endswith("plugin Gains: a rule of converter_rules failed: KeyError: 'gain'")


def test_a_converter_that_says_that_a_value_has_no_place_is_not_broken(serve, tree):
    def to_pv(value):
        raise ConversionError("out of its table")

    rule = Gains(lambda node: Scaled({"to_pv": to_pv}))
    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[rule])
    site.client().get("B:Top:V")
    (line,) = site.server.report()
    assert line == "Top.V: B:Top:V is INVALID: a int has no place in it: out of its table"


def test_a_converter_that_fails_at_a_put_is_named(serve, tree):
    rule = Gains(lambda node: Scaled({"to_tree": lookup}))
    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[rule])
    client = site.client()
    for value in (6.0, 7.0):
        with pytest.raises(RemoteError) as caught:
            client.put("B:Top:V", value)
        assert str(caught.value) == "B:Top:V: plugin Gains: to_tree failed: KeyError: 'gain'"
    assert site.server.report() == ("plugin Gains: Top.V: to_tree failed: KeyError: 'gain'",)


def test_a_converter_that_refuses_a_put_is_not_broken(serve, tree):
    def to_tree(value):
        raise ValueError("only whole tens")

    rule = Gains(lambda node: Scaled({"to_tree": to_tree}))
    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[rule])
    with pytest.raises(RemoteError) as caught:
        site.client().put("B:Top:V", 6.0)
    assert str(caught.value) == "B:Top:V: only whole tens"
    assert site.server.report() == ()


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize(
    ("decide", "fault"),
    [
        (lookup, "failed: KeyError: 'gain'"),
        (lambda request: None, "returned None, expected Allow or Deny"),
        (lambda request: "Allow", "returned 'Allow', expected Allow or Deny"),
        (lambda request: type(ALLOW), "returned a type, expected Allow or Deny"),
        (lambda request: Hostile(), "returned a Hostile, expected Allow or Deny"),
        (
            lambda request: Deny(""),
            "returned a Deny without a text, expected Allow or Deny('why')",
        ),
    ],
)
def test_a_broken_policy_denies_and_is_named(serve, tree, caplog, decide, fault, quick):
    caplog.set_level(logging.DEBUG, "roguebridge.plugins")
    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[Guard(decide, quick)])
    client = site.client()
    for _ in range(2):
        with pytest.raises(RemoteError, match="Put not permitted"):
            client.put("B:Top:V", 6)
    assert site.root.V.value() == 5
    line = f"plugin Guard: Top.V: decide of a policy {fault}"
    assert site.server.report() == (line,)
    assert lines_of(caplog, site.server).count(line) == 1


def test_equal_faults_of_a_plugin_are_one_line_with_the_number_of_nodes(serve, tree):
    guard = Guard(lambda request: True, quick=True, select=Select())
    nodes = [tree.pr.LocalVariable(name=name, value=5) for name in "VWX"]
    site = serve(*nodes, plugins=[guard])
    for name in ("V", "W", "X", "V"):
        with pytest.raises(RemoteError):
            site.client().put(f"B:Top:{name}", 6)
    assert site.server.report() == (
        "plugin Guard: 3 nodes, e.g. Top.V: decide of a policy returned True, "
        "expected Allow or Deny",
    )


def test_a_quick_policy_that_takes_too_long_is_named_once(serve, tree):
    clock, took = FakeClock(), iter([0.04, 0.06, 0.5])

    def decide(request):
        clock.seconds += next(took)
        return ALLOW

    guard = Guard(decide, quick=True)
    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[guard], clock=clock)
    client = site.client()
    client.put("B:Top:V", 1)
    assert site.server.report() == ()
    client.put("B:Top:V", 2)
    client.put("B:Top:V", 3)
    assert site.root.V.value() == 3
    assert site.server.report() == (
        "plugin Guard: Top.V: decide of a policy took 60 ms, and all clients may wait for it; "
        "it may take 50 ms",
    )


def test_a_policy_that_may_block_takes_its_time(serve, tree):
    clock = FakeClock()

    def decide(request):
        clock.seconds += 0.4
        return ALLOW

    guard = Guard(decide, quick=False)
    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[guard], clock=clock)
    site.client().put("B:Top:V", 1)
    assert site.server.report() == ()


def test_faults_are_forgotten_at_the_next_start(serve, tree):
    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[Guard(lookup, quick=True)])
    with pytest.raises(RemoteError):
        site.client().put("B:Top:V", 6)
    assert len(site.server.report()) == 1
    site.server.stop()
    site.server.start()
    assert site.server.report() == ()


class Times:
    """A site's time source for the nodes it selects."""

    def __init__(self, source):
        self.source = source

    @hookimpl
    def time_source_rules(self):
        return [TimeSourceRule(lambda node: self.source, Select(path="Top.V"))]


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        (lookup, "KeyError: 'gain'"),
        (lambda value: "noon", "TypeError: 'str' object cannot be interpreted as an integer"),
    ],
)
def test_a_time_source_that_fails_is_named(serve, tree, source, fault):
    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[Times(source)])
    site.root.V.set(6)
    site.root.waitOnUpdate()
    assert site.client().get("B:Top:V").value == 6
    assert site.server.report() == (f"plugin Times: Top.V: its time source failed: {fault}",)


def test_a_naming_rule_that_fails_is_named(serve, tree):
    class Names:
        @hookimpl
        def naming_rules(self, base):
            return [NamingRule(lookup, Select(path="Top.V"))]

    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[Names()])
    assert site.server.report() == (
        "Top.V: plugin Names: a rule of naming_rules failed: KeyError: 'gain'",
    )


def test_an_event_that_fails_is_named_with_its_node(serve, tree, caplog):
    caplog.set_level(logging.DEBUG, "roguebridge.plugins")

    class Watches:
        @hookimpl
        def holder_opened(self, holder):
            return lookup()

        @hookimpl
        def server_started(self, server):
            return lookup()

    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[Watches()])
    assert site.server.report() == ("plugin Watches: server_started failed: KeyError: 'gain'",)
    site.client().get("B:Top:V")
    lines = lines_of(caplog, site.server)
    assert "plugin Watches: Top.V: holder_opened failed: KeyError: 'gain'" in lines
    traced = [record for record in caplog.records if record.exc_info]
    assert len(traced) == 2
    assert {record.levelno for record in traced} == {logging.DEBUG}


class NoBackend:
    """A backend that cannot be made."""

    def __init__(self, factory):
        self.factory = factory

    @hookimpl
    def register_backends(self):
        return {"lab": self.factory}


@pytest.mark.parametrize(
    ("factory", "fault"),
    [
        (lookup, "plugin NoBackend: the factory of the backend 'lab' failed: KeyError: 'gain'"),
        (
            lambda options: 5,
            "plugin NoBackend: the factory of the backend 'lab' made 5, no Backend",
        ),
    ],
)
def test_a_backend_that_cannot_be_made_is_named(tree, factory, fault):
    root = tree.pr.Root(name="Top", pollEn=False)
    with pytest.raises(BackendError) as caught:
        PvServer("B", root, backends=["lab"], plugins=[NoBackend(factory)])
    assert str(caught.value) == fault


def test_a_hook_without_self_is_told_so():
    class Names:
        @hookimpl
        def naming_rules(base):  # noqa: N805
            return []

    plugins = Plugins([Names()])
    assert plugins.broken == {"Names": "plugin Names cannot be used: naming_rules: self is missing"}


def test_a_method_without_self_is_told_so(serve, tree):
    class Forgets(AccessPolicy):
        def decide(request):  # noqa: N805
            return ALLOW

    guard = Guard(None)
    guard.policy = Forgets()
    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[guard])
    with pytest.raises(RemoteError):
        site.client().put("B:Top:V", 6)
    (line,) = site.server.report()
    assert line.startswith("plugin Guard: Top.V: decide of a policy failed: TypeError: ")
    assert line.endswith("; is self missing?")
