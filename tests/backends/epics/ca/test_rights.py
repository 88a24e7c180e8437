"""Access rights are published, follow what may change, and bind nobody but honest clients."""

import threading

import pytest
from support.clients import LIMIT, wait_until
from support.clients.caclient import Failed

from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.hooks.rules import PolicyRule
from roguebridge.core.mapping.select import Select
from roguebridge.core.requests.policy import ALLOW, AccessPolicy, Deny


class Judge(AccessPolicy):
    """Lets in whom it likes; may take its time over it."""

    def __init__(self):
        self.quick = True
        self.asked_again = False
        self.users = {"ops"}
        self.asked = []
        self.gate = threading.Event()
        self.gate.set()

    def decide(self, request):
        return self.may(request.entry, request.credentials, request.operation)

    def may(self, entry, credentials, operation):
        self.asked.append((entry.pv_name, credentials, operation))
        assert self.gate.wait(LIMIT)
        return ALLOW if credentials.user in self.users else Deny(f"not for {credentials.user}")


class Plugin:
    def __init__(self, policy):
        self.policy = policy

    @hookimpl
    def policy_rules(self):
        return [PolicyRule(lambda node: self.policy, Select(path="Top.Var"))]


def build(pr, root):
    root.add(pr.LocalVariable(name="Var", value=1))
    root.add(pr.LocalVariable(name="Other", value=1))
    root.add(pr.LocalVariable(name="RO", value=1, mode="RO"))
    root.add(pr.LocalCommand(name="Go", function=lambda: None))


def rights(client, name):
    return client.channel(name).access_rights.value


def test_what_is_read_only_has_no_write_access_and_all_else_has(serve):
    served = serve(build)
    assert [served.type(path)[2] for path in ("Var", "RO", "Go")] == ["rw", "r", "rw"]
    assert served.type("Var", ".DESC")[2] == "r"


def test_rights_are_those_of_the_client(serve):
    judge = Judge()
    served = serve(build, plugins=[Plugin(judge)])
    guest = served.another("guest")
    assert rights(guest, "T:Top:Var") == 1
    assert rights(served.client, "T:Top:Var") == 3
    name, credentials, operation = judge.asked[0]
    assert (name, operation) == ("T:Top:Var", "put")
    assert (credentials.user, credentials.host) == ("guest", "127.0.0.1")
    assert (credentials.protocol, credentials.claimed_host) == ("ca", "testhost")


def test_a_put_in_spite_of_the_rights_is_refused(serve):
    served = serve(build, plugins=[Plugin(Judge())])
    guest = served.another("guest")
    with pytest.raises(Failed, match="not for guest"):
        guest.write("T:Top:Var", 5).result(LIMIT)
    with pytest.raises(Failed, match="read-only"):
        guest.write("T:Top:RO", 5).result(LIMIT)
    assert served.node("Var").value() == 1
    assert guest.write("T:Top:Other", 5).result(LIMIT) is None


def test_a_policy_that_takes_its_time_delays_no_other_channel(serve):
    judge = Judge()
    judge.quick = False
    judge.gate.clear()
    served = serve(build, plugins=[Plugin(judge)])
    waiting = served.client.read("T:Top:Var")
    assert served.value("Other") == 1
    wait_until(lambda: judge.asked)
    assert not waiting.done()
    judge.gate.set()
    assert waiting.result(LIMIT).value == 1
    assert served.type("Var")[2] == "rw"


def test_a_client_that_left_while_a_policy_took_its_time_is_forgotten(serve):
    judge = Judge()
    judge.quick = False
    judge.gate.clear()
    served = serve(build, plugins=[Plugin(judge)])
    client = served.another()
    client.read("T:Top:Var")
    wait_until(lambda: judge.asked)
    client.close()
    wait_until(lambda: not served.server.holders["Top.Var"].is_open)
    judge.gate.set()
    assert served.value("Var") == 1


@pytest.mark.parametrize("quick", [True, False])
def test_a_change_of_mind_is_published(serve, monkeypatch, quick):
    monkeypatch.setattr("roguebridge.core.backend.shared_rights._LOOK_EVERY", 0.01)
    judge = Judge()
    judge.quick, judge.asked_again = quick, True
    served = serve(build, plugins=[Plugin(judge)])
    client = served.client
    assert rights(client, "T:Top:Var") == 3
    judge.users.clear()
    wait_until(lambda: rights(client, "T:Top:Var") == 1)
    judge.users.add("ops")
    wait_until(lambda: rights(client, "T:Top:Var") == 3)


def test_a_server_turned_read_only_says_so(serve, monkeypatch):
    monkeypatch.setattr("roguebridge.core.backend.shared_rights._LOOK_EVERY", 0.01)
    served = serve(build, policies={"read_only": False})
    assert served.type("Var")[2] == "rw"
    served.client.write("T:RB:ReadOnly", 1).result(LIMIT)
    wait_until(lambda: served.type("Var")[2] == "r")
    assert rights(served.client, "T:RB:ReadOnly") == 3
    served.client.write("T:RB:ReadOnly", 0).result(LIMIT)
    wait_until(lambda: served.type("Var")[2] == "rw")


@pytest.mark.parametrize("broken", [RuntimeError("no"), None])
def test_a_broken_policy_grants_nothing(serve, broken):
    class Broken(Judge):
        def may(self, entry, credentials, operation):
            if broken:
                raise broken
            return True

    served = serve(build, plugins=[Plugin(Broken())])
    assert served.type("Var")[2] == "r"
    assert served.type("Other")[2] == "rw"
