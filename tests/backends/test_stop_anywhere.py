"""A server that is stopped where it would wait for itself refuses at once, and goes on."""

import queue
import threading

import pytest
from support.clients import LIMIT, RemoteFailure, in_thread, wait_until

from roguebridge.core.errors import BackendError
from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.hooks.rules import PolicyRule
from roguebridge.core.mapping.select import Select
from roguebridge.core.requests.policy import ALLOW, AccessPolicy, Deny


class Stopper(AccessPolicy):
    """Stops the server of whoever asks it, on the thread that it is asked on."""

    quick = True

    def __init__(self):
        self.stop = lambda: None
        self.asked = queue.SimpleQueue()
        self.stopping = threading.Event()

    def decide(self, request):
        try:
            self.stop()
        except BackendError as exc:
            return Deny(str(exc))
        return ALLOW

    def may(self, entry, credentials, operation):
        self.asked.put((entry.path, operation))
        self.stop()
        return ALLOW

    @hookimpl
    def policy_rules(self):
        return [PolicyRule(lambda node: self, Select(path="Top.Fatal"))]

    @hookimpl
    def server_stopping(self, server):
        self.stopping.set()


@pytest.fixture
def served(site):
    """A site whose variable ``Fatal`` stops the server, and the policy that does."""
    policy = Stopper()
    gate = site.gate()

    def build(pr, root):
        root.add(pr.LocalVariable(name="Fatal", value=1))
        root.add(pr.LocalVariable(name="Held", value=1, localSet=gate))
        root.add(pr.LocalVariable(name="Var", value=1))

    made = site(build, plugins=[policy], stop_timeout=LIMIT)
    policy.stop = made.server.stop
    made.policy, made.gate = policy, gate
    return made


def test_a_policy_that_stops_the_server_gets_the_error_and_the_server_goes_on(served):
    client, other = served.client(), served.client()
    with pytest.raises(RemoteFailure, match="cannot be stopped on its own thread"):
        client.put(served.pv("Fatal"), 2)
    assert served.server.running
    other.put(served.pv("Var"), 5)
    assert client.get(served.pv("Var")).value == 5
    assert served.node("Fatal").value() == 1
    served.server.stop()  # elsewhere it can
    assert not served.server.running
    served.server.start()
    assert served.client().get(served.pv("Var")).value == 5


def test_while_the_server_stops_a_stop_on_its_own_thread_is_refused_too(served):
    client = served.client()
    client.get(served.pv("Fatal"))
    client.start_put(served.pv("Held"), 2)
    served.gate.wait_entered()
    stopping = in_thread(served.server.stop)
    assert served.policy.stopping.wait(LIMIT)
    with pytest.raises(RemoteFailure, match="cannot be stopped on its own thread"):
        client.put(served.pv("Fatal"), 2)
    served.gate.open()
    stopping.result(LIMIT)
    assert not served.server.running


class TestRights:
    @pytest.fixture
    def kind(self):
        return "ca"

    def test_a_policy_that_stops_the_server_when_asked_for_rights_gives_none(self, served, caplog):
        client = served.client()
        with pytest.raises(RemoteFailure, match="cannot be stopped on its own thread"):
            client.put(served.pv("Fatal"), 2)
        assert served.policy.asked.get(timeout=LIMIT) == ("Top.Fatal", "put")
        wait_until(lambda: "backend 'ca' cannot be stopped on its own thread" in caplog.text)
        assert client._client.channel(served.pv("Fatal")).access_rights.value == 1  # read only
        assert client.get(served.pv("Var")).value == 1
