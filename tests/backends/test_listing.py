"""The listing PV: names by globs, and what a client may do, for each protocol that has calls."""

import re
from functools import partial

import pytest
from p4p.nt import NTURI
from support.clients import LIMIT, RemoteFailure, in_thread
from support.each import each
from support.engine.site_plugins import Guard

from roguebridge.core.mapping import Select
from roguebridge.core.requests import ALLOW

LIST = "T:RB:LIST"


@pytest.fixture(params=["soft", "pva"])
def kind(request):
    """Channel Access has no calls: there the PV is a number."""
    return request.param


def boards(pr, root):
    for n in range(3):
        board = pr.Device(name=f"Amc[{n}]")
        board.add(pr.LocalVariable(name="Temp", value=20.0))
        board.add(pr.LocalVariable(name="Id", value=n, mode="RO"))
        board.add(pr.LocalCommand(name="Reset", function=lambda: None))
        root.add(board)


def many(pr, root):
    for n in range(200):
        board = pr.Device(name=f"V{n:03d}")
        for k in range(100):
            board.add(pr.LocalVariable(name=f"N{k:02d}", value=0))
        root.add(board)


def listed(client, glob):
    return list(client.rpc(LIST, glob=glob))


def refusal(client, **arguments):
    with pytest.raises(RemoteFailure) as failed:
        client.rpc(LIST, **arguments)
    return str(failed.value)


def test_names_are_listed_in_the_order_of_the_tree_and_those_of_the_server_after(site):
    served = site(boards)
    client = served.client()
    every = list(served.server.list(own=True).values())
    assert listed(client, "T:*") == every
    assert client.get(LIST).value == len(every)
    temps = [f"T:Top:Amc[{n}]:Temp" for n in range(3)]
    for glob, names in (
        ("T:*:Temp", temps),
        ("*Temp", temps),
        ("T:Top:Amc[?]:T*", temps),
        ("T:Top:Amc[0-1]:Temp", temps[:2]),
        ("T:Top:Amc[2]:Temp", temps[2:]),
        ("T:RB:LI*", [LIST]),
    ):
        assert listed(client, glob) == names, glob


def test_what_matches_nothing_is_answered_with_the_nearest_name(site):
    client = site(boards).client()
    text = r"no PV matches 'T:Top:Amc\*:Tmep'; the nearest name is T:Top:Amc\[\d\]:Temp"
    assert re.fullmatch(text, refusal(client, glob="T:Top:Amc*:Tmep"))


@each(
    "glob",
    ["*" * 10_000, "[" * 10_000, "[" * 1000, "[!" * 500, "*[" * 500, "[]" * 500, "?*" * 500, ""],
)
def test_a_hostile_glob_is_refused_or_matches_nothing_soon(hostile, glob):
    text = refusal(hostile, glob=glob)
    assert "no PV matches" in text or f"at most 1000 characters, not {len(glob)}" in text


@pytest.fixture
def hostile(site):
    return site(boards).client()


def test_of_twenty_thousand_names_ten_thousand_are_listed_at_most(site):
    client = site(many).client()
    text = "PVs match 'T:Top:V*:N*', and 10000 are listed at most: write more of the name"
    assert refusal(client, glob="T:Top:V*:N*") == f"20000 {text}"
    assert len(listed(client, "T:Top:V0*:N*")) == 10_000
    assert listed(client, "*V12?:N45") == [f"T:Top:V12{n}:N45" for n in range(10)]
    assert refusal(client, glob="*" * 999 + "x").startswith("no PV matches")


def test_a_call_that_asks_nothing_known_is_told_what_can_be_asked(site):
    client = site(boards).client()
    told = f"{LIST}: ask with a text 'glob' or a list of texts 'access', not with "
    assert refusal(client, name="x") == f"{told}['name']"
    assert refusal(client, glob=3) == f"{told}['glob']"
    assert refusal(client, glob="*", access="x") == f"{told}['access', 'glob']"


def test_it_answers_while_the_server_is_read_only_and_takes_no_put(site):
    served = site(boards, policies={"read_only": True})
    client = served.client()
    assert listed(client, "T:*[0]:Temp") == ["T:Top:Amc[0]:Temp"]
    with pytest.raises(RemoteFailure, match="read-only"):
        client.put(LIST, 5)


def test_a_server_without_status_pvs_has_none(site):
    assert LIST not in site(boards, status=False).server.list(own=True).values()


class TestAccess:
    @pytest.fixture
    def kind(self):
        return "pva"

    @staticmethod
    def asked(client, *names):
        uri = NTURI([("access", "as")]).wrap(LIST, kws={"access": list(names)})
        start = partial(client._context.rpc, LIST, value=uri)
        done = client._begin(start, lambda answer: answer["value"])
        return list(done.result(LIMIT))

    def test_it_is_what_the_policies_say_of_this_client(self, site):
        served = site(boards, policies={"no_write": ["Locked"]})
        client = served.client()
        names = ["T:Top:Amc[0]:Temp", "T:Top:Amc[0]:Id", "T:Top:Amc[0]:Reset", "T:Top:No", LIST]
        assert self.asked(client, *names) == ["write", "read", "call", "not served", "read"]

    def test_of_a_thousand_names_at_most(self, site):
        client = site(boards).client()
        assert self.asked(client, *[LIST] * 1000) == ["read"] * 1000
        with pytest.raises(RemoteFailure, match="'access' takes at most 1000 names"):
            self.asked(client, *[LIST] * 1001)

    def test_names_that_are_none_are_not_served(self, site):
        client = site(boards).client()
        assert self.asked(client, "", "x" * 10_000, "T:*") == ["not served"] * 3

    def test_it_follows_the_switch(self, site):
        client = site(boards, policies={"read_only": True}).client()
        names = ["T:Top:Amc[0]:Temp", "T:Top:Amc[0]:Reset", "T:RB:ReadOnly"]
        assert self.asked(client, *names) == ["read", "none", "write"]

    def test_a_policy_that_does_not_answer_is_waited_for_a_second_and_delays_no_list(self, site):
        gate = site.gate()

        guard = Guard(lambda request: ALLOW, select=Select(path="*.Temp"))
        guard.policy.may = lambda *_: gate() or ALLOW
        served = site(boards, plugins=[guard])
        client, other = served.client(), served.client()
        names = ["T:Top:Amc[0]:Id", "T:Top:Amc[0]:Temp", "T:Top:Amc[1]:Temp"]
        pending = in_thread(lambda: self.asked(client, *names))
        gate.wait_entered()
        assert len(listed(other, "*:Temp")) == 3
        assert pending.result(LIMIT) == ["read", "unknown", "unknown"]
        gate.open()
