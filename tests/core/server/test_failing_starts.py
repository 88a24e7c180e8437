"""Starts that fail leave nothing behind; events of plugins that do."""

import pytest
from support.engine.fakes import bridge_threads

from roguebridge.backends.soft import SoftBackend
from roguebridge.core.errors import BackendError, PluginError
from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.hooks.rules import NamingRule, PolicyRule, TimeSourceRule
from roguebridge.core.requests.policy import AccessPolicy
from roguebridge.core.server.server import PvServer

pytestmark = pytest.mark.usefixtures("no_thread_is_left")

# Failing starts ---------------------------------------------------------------------------


class Broken(SoftBackend):
    """Fails at one step."""

    name = "broken"
    step = "start"

    def _maybe(self, step):
        if step == self.step:
            raise BackendError(f"no {step}")

    def serve(self, entry, owner):
        self._maybe("serve")
        return super().serve(entry, owner)

    def start(self):
        self._maybe("start")
        super().start()

    def flush(self):
        self._maybe("flush")
        super().flush()

    def stop(self):
        super().stop()
        self._maybe("stop")


def with_backend(step):
    class Backends:
        @hookimpl
        def register_backends(self):
            made = type("Made", (Broken,), {"step": step})
            return {"broken": made}

    return Backends()


@pytest.mark.parametrize("step", ["serve", "start"])
@pytest.mark.parametrize("backends", [["broken"], ["soft", "broken"], ["broken", "soft"]])
def test_a_failed_start_leaves_nothing_behind(serve, tree, step, backends):
    site = serve(
        tree.pr.LocalVariable(name="V", value=5),
        plugins=[with_backend(step)],
        backends=backends,
        start=False,
    )
    heard = []
    site.root.V.addListener = lambda listener: heard.append(listener)
    site.root.V.delListener = lambda listener: heard.remove(listener) if listener in heard else None
    with pytest.raises(BackendError, match=f"no {step}"):
        site.server.start()
    assert not site.server.running
    assert dict(site.server.holders) == {}
    assert heard == []
    assert bridge_threads() == []
    good = PvServer("B", site.root, backends=["soft"])
    good.start()
    good.stop()


def test_a_backend_that_raises_anything_else_is_named(serve):
    class Rude(Broken):
        def _maybe(self, step):
            raise OSError("no socket")

    class Backends:
        @hookimpl
        def register_backends(self):
            return {"rude": Rude}

    site = serve(plugins=[Backends()], backends=["rude"], start=False)
    with pytest.raises(BackendError, match="backend broken failed: OSError"):
        site.server.start()


def test_a_server_whose_start_failed_can_be_started_later(serve):
    site = serve(plugins=[with_backend("start")], backends=["soft", "broken"], start=False)
    with pytest.raises(BackendError):
        site.server.start()
    site.server._backends[1].step = None
    site.server.start()
    assert site.server.running
    assert site.client().get("B:Top:PollEn") is not None


@pytest.mark.parametrize("step", ["flush", "stop"])
def test_stop_never_raises_and_does_the_rest(serve, step, caplog):
    site = serve(plugins=[with_backend(step)], backends=["broken", "soft"])
    site.server.stop()
    assert not site.server.running
    assert f"no {step}" in caplog.text
    assert not site.server._backends[1].loop.running


def test_stop_of_a_stopped_server_does_nothing(serve):
    site = serve(start=False)
    site.server.stop()
    site.server.start()
    site.server.stop()
    site.server.stop()


def test_after_the_root_has_stopped_stop_still_works(tree, running):
    with running(tree.pr.Root(name="Top", pollEn=False)) as root:
        server = PvServer("B", root, backends=["soft"])
        server.start()
        client = server._backends[0].client()
        client.get("B:Top:enable")
    server.stop()
    assert bridge_threads() == []


class RaisingPolicies:
    @hookimpl
    def policy_rules(self):
        raise RuntimeError("no rules today")


class NotAPolicy:
    @hookimpl
    def policy_rules(self):
        return [PolicyRule(lambda node: None)]


class RaisingPolicyRule:
    @hookimpl
    def policy_rules(self):
        return [PolicyRule(lambda node: 1 / 0)]


class RaisingSelector:
    @hookimpl
    def policy_rules(self):
        return [PolicyRule(lambda node: None, lambda node: 1 / 0)]


class PolicyClass:
    """Gives the class where an instance is wanted."""

    @hookimpl
    def policy_rules(self):
        return [PolicyRule(lambda node: AccessPolicy)]


@pytest.mark.parametrize(
    "plugin", [RaisingPolicies, NotAPolicy, RaisingPolicyRule, RaisingSelector, PolicyClass]
)
def test_without_its_access_policies_a_server_does_not_start(serve, plugin):
    site = serve(plugins=[plugin()], start=False)
    with pytest.raises(PluginError, match=r"policy|policies"):
        site.server.start()
    assert not site.server.running
    assert dict(site.server.holders) == {}


@pytest.mark.parametrize(
    "rule",
    [
        TimeSourceRule(lambda node: 1 / 0),
        TimeSourceRule(lambda node: None, lambda node: 1 / 0),
        TimeSourceRule(lambda node: 5),
    ],
)
def test_a_broken_time_source_is_reported_and_gone_without(serve, tree, rule, caplog):
    class Times:
        @hookimpl
        def time_source_rules(self):
            return [rule]

    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[Times()])
    client = site.client()
    assert client.get("B:Top:V").value == 5
    client.put("B:Top:V", 6)
    assert client.get("B:Top:V").value == 6
    failed = "a rule of time_source_rules failed: "
    assert any(
        text.startswith("plugin Times: ") and failed in text for text in site.server.report()
    )
    assert "a rule of time_source_rules failed: " in caplog.text


def test_a_plugin_that_cannot_be_loaded_is_in_the_report_and_stops_the_start(serve):
    site = serve(plugins=["no.such.plugin"], start=False)
    assert "no.such.plugin" in site.server.report()[0]
    with pytest.raises(PluginError, match="no.such.plugin cannot be used"):
        site.server.start()
    assert not site.server.running


# Names and events -------------------------------------------------------------------------


def test_a_naming_rule_of_the_site_names_the_nodes_it_selects(serve, tree):
    class Names:
        @hookimpl
        def naming_rules(self, base):
            return [NamingRule(lambda node: f"{base}@{node.name}", lambda node: node.name == "V")]

    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[Names()])
    assert site.server.list()["Top.V"] == "B@V"
    assert site.server.list()["Top.enable"] == "B:Top:enable"
    assert site.client().get("B@V").value == 5


def test_a_failing_naming_rule_costs_only_its_nodes(serve, tree):
    class Names:
        @hookimpl
        def naming_rules(self, base):
            return [NamingRule(lambda node: 1 / 0, lambda node: node.name == "V")]

    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[Names()])
    assert "Top.V" not in site.server.list()
    assert "Top.enable" in site.server.list()
    assert (
        "plugin Names: a rule of naming_rules failed: ZeroDivisionError" in site.server.report()[0]
    )


def test_start_and_stop_are_told_while_clients_are_connected(serve, tree):
    told = []

    class Events:
        @hookimpl
        def server_started(self, server):
            told.append(("started", server.running, len(server.list()) > 0))

        @hookimpl
        def server_stopping(self, server):
            client = server._backends[0].client()
            told.append(("stopping", server.running, client.get("B:Top:V").value))

    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[Events()])
    site.server.stop()
    assert told == [("started", True, True), ("stopping", True, 5)]


def test_a_raising_event_plugin_harms_nothing(serve, tree, caplog):
    class Events:
        @hookimpl
        def server_started(self, server):
            raise RuntimeError("oops")

        @hookimpl
        def server_stopping(self, server):
            raise RuntimeError("oops")

        @hookimpl
        def holder_opened(self, holder):
            raise RuntimeError("oops")

        @hookimpl
        def request_done(self, record):
            raise RuntimeError("oops")

    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[Events()])
    client = site.client()
    client.put("B:Top:V", 6)
    client.put("B:Top:V", 7)
    assert client.get("B:Top:V").value == 7
    site.server.stop()
    assert not site.server.running
    for hook in ("server_started", "server_stopping", "holder_opened", "request_done"):
        node = "Top.V: " if hook == "holder_opened" else ""
        assert f"plugin Events: {node}{hook} failed: RuntimeError: oops" in caplog.text
