"""One tree over both protocols: the same policies, audit and credentials, the protocol named."""

import getpass
import json
import threading

import pytest
from p4p.client.thread import Context, RemoteError
from support.clients import LIMIT, wait_until
from support.clients.caclient import Failed

from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.hooks.rules import PolicyRule
from roguebridge.core.requests.policy import ALLOW, AccessPolicy, Deny


class Watching(AccessPolicy):
    def __init__(self):
        self.seen = []

    def decide(self, request):
        who = request.credentials
        self.seen.append((who.protocol, who.user, who.host, who.roles, request.value))
        return Deny("an odd number") if request.value % 2 else ALLOW


class Plugin:
    def __init__(self):
        self.policy = Watching()
        self.records = []
        self.told = threading.Semaphore(0)

    @hookimpl
    def policy_rules(self):
        return [PolicyRule(lambda node: self.policy)]

    @hookimpl
    def request_done(self, record):
        self.records.append(record)
        self.told.release()


def build(pr, root):
    root.add(pr.LocalVariable(name="Var", value=0))


@pytest.fixture
def plugin():
    return Plugin()


@pytest.fixture
def served(serve, plugin):
    return serve(build, backends=["pva", "ca"], plugins=[plugin])


@pytest.fixture
def pva(served):
    with Context("pva", conf=served.server.client_conf("pva"), useenv=False) as client:
        yield client


def test_policies_and_audit_see_the_same_of_both(served, plugin, pva):
    user = getpass.getuser()
    other = served.another(user)
    pva.put("T:Top:Var", 2, timeout=LIMIT)
    other.write("T:Top:Var", 4).result(LIMIT)
    with pytest.raises(RemoteError, match="an odd number"):
        pva.put("T:Top:Var", 5, timeout=LIMIT)
    with pytest.raises(Failed, match="an odd number"):
        other.write("T:Top:Var", 7).result(LIMIT)
    for _ in range(4):
        assert plugin.told.acquire(timeout=LIMIT)
    by_protocol = {"pva": [], "ca": []}
    for protocol, *rest, value in plugin.policy.seen:
        by_protocol[protocol].append((*rest, value % 2))
    assert by_protocol["pva"] == by_protocol["ca"]
    (who, *_), (who_too, *_) = by_protocol["pva"]
    assert who == who_too == user
    found = {(r.credentials.protocol, r.value, r.result, r.error) for r in plugin.records}
    assert found == {
        ("pva", 2, "done", ""), ("ca", 4, "done", ""),
        ("pva", 5, "denied", "an odd number"), ("ca", 7, "denied", "an odd number"),
    }  # fmt: skip
    assert {r.old for r in plugin.records if r.result == "done"} == {0, 2}


def test_a_put_through_one_is_seen_on_the_other(served, pva):
    seen = threading.Event()
    watch = pva.monitor("T:Top:Var", lambda value: value == 8 and seen.set())
    updates = served.monitor("Var")
    updates.next()
    served.put("Var", 8)
    assert seen.wait(LIMIT)
    assert pva.get("T:Top:Var", timeout=LIMIT) == 8
    updates.until(lambda reading: reading.value == 8)
    pva.put("T:Top:Var", 10, timeout=LIMIT)
    assert served.value("Var") == 10
    assert updates.next().value == 10
    watch.close()


def test_one_update_has_one_time_on_both(served, pva):
    told = []

    def show(value):
        raw = value.raw
        stamp = raw["timeStamp.secondsPastEpoch"] * 10**9 + raw["timeStamp.nanoseconds"]
        told.append((int(value), stamp))

    watch = pva.monitor("T:Top:Var", show)
    updates = served.monitor("Var")
    for n in range(100, 120):
        served.node("Var").set(n)
        reading = updates.until(lambda r, n=n: r.value == n)
        # The tree may tell a value twice: of two times, Channel Access may have only the later.
        wait_until(lambda both=(n, reading.time_ns): both in told)
    watch.close()


def test_the_audit_file_names_the_protocol(serve, tmp_path):
    path = tmp_path / "puts.log"
    served = serve(build, backends=["pva", "ca"], audit=str(path))
    served.put("Var", 4)
    wait_until(lambda: path.exists() and path.read_text())
    line = json.loads(path.read_text().splitlines()[0])
    assert (line["pv"], line["new"], line["user"], line["host"]) == (
        "T:Top:Var", 4, "ops", "127.0.0.1",
    )  # fmt: skip


def test_an_acf_judges_both(serve, tmp_path):
    file = tmp_path / "site.acf"
    file.write_text("UAG(boss) {chief}\nASG(DEFAULT) {RULE(1, READ) RULE(1, WRITE) {UAG(boss)}}\n")
    served = serve(build, backends=["pva", "ca"], acf=str(file))
    with pytest.raises(Failed, match="does not grant"):
        served.put("Var", 2)
    assert served.type("Var")[2] == "r"
    chief = served.another("chief")
    assert chief.channel("T:Top:Var").access_rights.value == 3
    chief.write("T:Top:Var", 2).result(LIMIT)
    assert served.node("Var").value() == 2
