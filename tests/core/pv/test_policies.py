"""Access policies: what they are told, and that all of them must allow."""

import pytest
from support.engine.fakes import ENTRY
from support.engine.site_plugins import Guard, Policy, fail

from roguebridge.backends.soft import RemoteError
from roguebridge.core.mapping.select import Select
from roguebridge.core.requests.credentials import Credentials
from roguebridge.core.requests.policy import ALLOW, Deny


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize(
    ("decide", "reason"),
    [
        (lambda request: Deny("not on Sundays"), "not on Sundays"),
        (fail, "Put not permitted: B:Top:V: access policy failed: no such luck"),
        (lambda request: None, "Put not permitted"),
        (lambda request: True, "Put not permitted"),
        (lambda request: type(ALLOW), "Put not permitted"),
        (lambda request: "Allow", "Put not permitted"),
        (lambda request: Deny(5), "Put not permitted"),
        (lambda request: Deny(""), "Put not permitted"),
        (lambda request: Deny(None), "Put not permitted"),
    ],
)
def test_anything_but_allow_denies_and_the_client_is_told_why(serve, tree, quick, decide, reason):
    sets = []
    variable = tree.pr.LocalVariable(name="V", value=5, localSet=lambda value: sets.append(value))
    site = serve(variable, plugins=[Guard(decide, quick)])
    sets.clear()
    with pytest.raises(RemoteError) as caught:
        site.client().put("B:Top:V", 6)
    assert str(caught.value) == reason
    assert site.root.V.value() == 5
    assert sets == []


def test_every_matching_policy_must_allow(serve, tree):
    asked = []

    def allow(request):
        asked.append(request.value)
        return ALLOW

    site = serve(
        tree.pr.LocalVariable(name="V", value=5),
        plugins=[Guard(allow), Guard(lambda request: Deny("second")), Guard(allow)],
    )
    with pytest.raises(RemoteError, match="second"):
        site.client().put("B:Top:V", 6)
    assert asked == [6]


@pytest.mark.parametrize("quick", [True, False])
def test_a_policy_sees_who_asks_for_what(serve, tree, quick):
    def decide(request):
        if request.credentials.user != "bob":
            return Deny(f"not {request.credentials.user} from {request.credentials.host}")
        return ALLOW if request.value < 10 else Deny("too much")

    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[Guard(decide, quick)])
    with pytest.raises(RemoteError, match=r"not ann from 10\.0\.0\.1"):
        site.client("ann").put("B:Top:V", 6)
    bob = site.client("bob")
    bob.put("B:Top:V", 6)
    with pytest.raises(RemoteError, match="too much"):
        bob.put("B:Top:V", 10)
    assert site.root.V.value() == 6


def test_a_policy_of_other_nodes_is_not_asked(serve, tree):
    site = serve(
        tree.pr.LocalVariable(name="V", value=5),
        tree.pr.LocalVariable(name="W", value=5),
        plugins=[Guard(fail, select=Select(path="Top.W"))],
    )
    site.client().put("B:Top:V", 6)
    assert site.root.V.value() == 6


@pytest.mark.parametrize("quick", [True, False])
def test_a_policy_guards_calls_too(serve, tree, quick):
    ran = []
    command = tree.pr.LocalCommand(name="V", function=lambda: ran.append(1))
    site = serve(command, plugins=[Guard(lambda request: Deny("no calls"), quick)])
    client = site.client()
    for ask in (lambda: client.rpc("B:Top:V"), lambda: client.put("B:Top:V", 1)):
        with pytest.raises(RemoteError, match="no calls"):
            ask()
    assert ran == []


def test_what_a_policy_says_of_rights_is_yes_unless_it_says_otherwise():
    who, entry = Credentials("ann", "10.0.0.1", "soft"), ENTRY
    refusing = Policy(lambda request: Deny("no"))
    assert [refusing.may(entry, who, operation) for operation in ("put", "rpc")] == [ALLOW, ALLOW]
