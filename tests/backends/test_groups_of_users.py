"""Rights by group: nothing is let through on a guess, and a slow look-up holds nobody up."""

import threading

import pytest
from support.clients import LIMIT, RemoteFailure, client_of, wait_until
from support.engine.fakes import FakeClock
from support.engine.site_plugins import Guard

from roguebridge.backends.epics import EpicsPvServer
from roguebridge.core.mapping import Select
from roguebridge.core.requests import ALLOW, Deny
from roguebridge.core.requests.user_groups import FIRST_WAIT, NEXT_WAIT, STALE


class LookUp:
    """Takes the place of the machine's own groups; answers while its gate is open."""

    def __init__(self):
        self.groups = frozenset({"ops"})
        self.gate = threading.Event()
        self.calls = 0

    def __call__(self, user):
        self.calls += 1
        assert self.gate.wait(LIMIT)
        return self.groups


@pytest.fixture
def look_up(monkeypatch):
    made = LookUp()
    for module in ("pva.requests", "ca.circuit"):
        monkeypatch.setattr(f"roguebridge.backends.epics.{module}.groups_of", made)
    yield made
    made.gate.set()


@pytest.fixture(params=["pva", "ca"])
def served(request, tree, running, look_up):
    root = tree.pr.Root(name="Top", pollEn=False)
    for name in ("Granted", "Denied", "Free"):
        root.add(tree.pr.LocalVariable(name=name, value=0))

    def no_guests(request):
        return Deny("no guests") if "guests" in request.credentials.roles else ALLOW

    plugins = [
        Guard(no_guests, select=Select(path="Top.Denied")),
        Guard(lambda request: ALLOW, select=Select(path="Top.Free")),
    ]
    with running(root):
        server = EpicsPvServer(
            base="T", root=root, isolate=True, backends=[request.param], clock=FakeClock(),
            plugins=plugins, policies={"operators": {"users": "role/ops", "paths": "Top.Granted"}},
        )  # fmt: skip
        server.start()
        client = client_of(server._backends[0])
        server.client = client
        yield server
        look_up.gate.set()
        client.close()
        server.stop()


def put(server, name, wait=0.0):
    """Put, and let time pass while the request waits for a look-up."""
    groups = server._lifecycle.run.services.groups
    future = server.client.start_put(f"T:Top:{name}", 1)
    if wait:
        wait_until(lambda: groups._waiting == 1)
        server._clock.advance(wait)
    return future.result(LIMIT)


def test_a_role_is_denied_until_it_is_known_and_its_last_answer_counts_for_a_time(served, look_up):
    with pytest.raises(RemoteFailure, match="not permitted"):
        put(served, "Granted", FIRST_WAIT)
    look_up.gate.set()
    groups = served._lifecycle.run.services.groups
    wait_until(lambda: all(user.roles == {"ops"} for user in groups._users.values()))
    put(served, "Granted")
    look_up.gate.clear()
    calls = look_up.calls
    served._clock.advance(61)
    put(served, "Granted", NEXT_WAIT)  # the last answer counts while the look-up hangs
    wait_until(lambda: look_up.calls > calls)
    put(served, "Granted")
    served._clock.advance(STALE)
    with pytest.raises(RemoteFailure, match="not permitted"):
        put(served, "Granted")


def test_who_is_denied_by_a_role_is_not_let_through_while_it_is_unknown(served, look_up):
    with pytest.raises(RemoteFailure, match="the groups of .* are not known"):
        put(served, "Denied", FIRST_WAIT)
    look_up.groups = frozenset({"guests"})
    look_up.gate.set()
    groups = served._lifecycle.run.services.groups
    wait_until(lambda: any(user.roles for user in groups._users.values()))
    with pytest.raises(RemoteFailure, match="no guests"):
        put(served, "Denied")


def test_a_policy_that_does_not_ask_for_groups_costs_no_look_up(served, look_up):
    for _ in range(3):
        put(served, "Free")
    assert look_up.calls == 0
