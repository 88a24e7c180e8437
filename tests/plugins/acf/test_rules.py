"""Who is granted what by rules: as in epics-base, and nothing by what is not known."""

import pytest
from support.engine.fakes import make_put, make_rpc

from roguebridge.core import Allow, Credentials, Deny, PvEntry
from roguebridge.plugins.acf.policy import AsgPolicy
from roguebridge.plugins.acf.reading import parse_acf

GROUPS = "UAG(u){ann, bob, role/shift} UAG(v){eve} HAG(h){10.0.0.1, desk} HAG(i){10.0.0.9}\n"
ADDRESSES = {"10.0.0.1": "10.0.0.1", "10.0.0.9": "10.0.0.9", "desk": "10.0.0.2"}


class World:
    """Rules, hosts and inputs in force."""

    def __init__(self, body, numbers=()):
        self.asg = parse_acf(f"{GROUPS}ASG(DEFAULT) {{{body}}}", "site.acf", {}).asgs.get
        self.hosts = self.inputs = self
        self.numbers = dict(numbers)

    def is_one_of(self, address, hosts):
        return any(ADDRESSES[host] == address for host in hosts)

    def number(self, pv_name):
        return self.numbers.get(pv_name)


ENTRY = PvEntry("Top.V", "B:Top:V", False, "RW")


def granted(
    body, user="ann", host="10.0.0.1", roles=(), operation="put", level=0, numbers=(), **claims
):
    credentials = Credentials(user, host, "pva", roles=lambda: frozenset(roles), **claims)
    policy = AsgPolicy(World(body, numbers), "DEFAULT", level)
    return policy.may(ENTRY, credentials, operation)


@pytest.mark.parametrize(
    ("body", "who", "yes"),
    [
        ("RULE(1,WRITE)", {}, True), ("RULE(1,READ)", {}, False), ("RULE(1,NONE)", {}, False),
        ("RULE(1,UNCACHED)", {}, False),
        ("RULE(1,WRITE) RULE(1,NONE)", {}, True), ("RULE(1,NONE) RULE(1,WRITE)", {}, True),
        # Users
        ("RULE(1,WRITE){UAG(u)}", {}, True), ("RULE(1,WRITE){UAG(u)}", {"user": "eve"}, False),
        ("RULE(1,WRITE){UAG(u)}", {"user": ""}, False),
        ("RULE(1,WRITE){UAG(u)}", {"user": "Ann"}, False),
        ("RULE(1,WRITE){UAG(u,v)}", {"user": "eve"}, True),
        ("RULE(1,WRITE){UAG(u) UAG(v)}", {"user": "eve"}, True),
        # Roles; a claimed name is none
        ("RULE(1,WRITE){UAG(u)}", {"user": "eve", "roles": ["shift"]}, True),
        ("RULE(1,WRITE){UAG(u)}", {"user": "eve", "roles": ["ann"]}, False),
        ("RULE(1,WRITE){UAG(u)}", {"user": "role/shift"}, False),
        ("RULE(1,WRITE){UAG(u)}", {"user": "shift"}, False),
        ("RULE(1,WRITE){UAG(v)}", {"user": "ann", "roles": ["shift"]}, False),
        # Hosts, by address alone
        ("RULE(1,WRITE){HAG(h)}", {}, True), ("RULE(1,WRITE){HAG(h)}", {"host": "10.0.0.2"}, True),
        ("RULE(1,WRITE){HAG(h)}", {"host": "10.0.0.3"}, False),
        ("RULE(1,WRITE){HAG(h)}", {"host": "10.0.0.3", "claimed_host": "desk"}, False),
        ("RULE(1,WRITE){HAG(h)}", {"host": "desk"}, False),
        ("RULE(1,WRITE){HAG(h,i)}", {"host": "10.0.0.9"}, True),
        # All conditions of a rule must hold
        ("RULE(1,WRITE){UAG(u) HAG(i)}", {}, False),
        ("RULE(1,WRITE){UAG(u) HAG(i)}", {"host": "10.0.0.9"}, True),
        ("RULE(1,WRITE){UAG(v)} RULE(1,WRITE){UAG(u)}", {}, True),
        # Levels: a rule concerns nodes up to its own
        ("RULE(0,WRITE)", {"level": 0}, True), ("RULE(0,WRITE)", {"level": 1}, False),
        ("RULE(1,WRITE)", {"level": 0}, True), ("RULE(1,WRITE)", {"level": 1}, True),
        # Rights
        ("RULE(1,PUT)", {}, True), ("RULE(1,PUT)", {"operation": "rpc"}, False),
        ("RULE(1,RPC)", {}, False), ("RULE(1,RPC)", {"operation": "rpc"}, True),
        ("RULE(1,WRITE)", {"operation": "rpc"}, True),
        # Inputs
        ('INPA(x) RULE(1,WRITE){CALC("A=1")}', {"numbers": {"x": 1.0}}, True),
        ('INPA(x) RULE(1,WRITE){CALC("A=1")}', {"numbers": {"x": 0.0}}, False),
        ('INPA(x) RULE(1,WRITE){CALC("A=1")}', {}, False),
        ('INPA(x) RULE(1,WRITE){CALC("A<1")}', {"numbers": {"x": 0.0}}, True),
        ('INPA(x) RULE(1,WRITE){CALC("A<1")}', {}, False),  # not connected
        ('INPA(x) INPB(y) RULE(1,WRITE){CALC("B||1")}', {"numbers": {"x": 1.0}}, False),
        ('INPA(x) INPB(y) RULE(1,WRITE){CALC("A")}', {"numbers": {"x": 1.0}}, True),
        ('INPA(x) INPB(y) RULE(1,WRITE){CALC("1?A:B")}', {"numbers": {"x": 1.0}}, False),
        ('INPA(x) RULE(1,WRITE){CALC("A=1")} RULE(1,WRITE){UAG(u)}', {}, True),
        ('RULE(1,WRITE){CALC("1")}', {}, True), ('RULE(1,WRITE){CALC("2")}', {}, False),
        ("INPA(x)", {}, False),
    ],
)  # fmt: skip
def test_a_rule_grants(body, who, yes):
    assert isinstance(granted(body, **who), Allow) is yes


@pytest.mark.parametrize(
    ("body", "trap"),
    [
        ("RULE(1,WRITE,TRAPWRITE)", True), ("RULE(1,WRITE,NOTRAPWRITE)", False),
        ("RULE(1,WRITE)", False),
        ("RULE(1,WRITE) RULE(1,WRITE,TRAPWRITE)", False),  # the first that grants it counts
        ("RULE(1,READ,TRAPWRITE) RULE(1,WRITE)", False),
        ("RULE(1,WRITE){UAG(v)} RULE(1,WRITE,TRAPWRITE)", True),
    ],
)  # fmt: skip
def test_the_rule_that_grants_tells_whether_to_trap(body, trap):
    assert granted(body).trap is trap


def test_roles_are_only_looked_up_if_nothing_else_decides():
    def look_up():
        raise AssertionError("the roles were asked for")

    asked = Credentials("eve", "10.0.0.1", "pva", roles=look_up)
    for body in ("RULE(1,WRITE){UAG(u) HAG(i)}", 'INPA(x) RULE(1,WRITE){UAG(u) CALC("A")}',
                 "RULE(1,READ){UAG(u)}", "RULE(1,WRITE){UAG(v)}"):  # fmt: skip
        policy(body).may(ENTRY, asked, "put")
    named = Credentials("ann", "10.0.0.1", "pva", roles=look_up)
    assert policy("RULE(1,WRITE){UAG(u)}").may(ENTRY, named, "put") == Allow()
    with pytest.raises(AssertionError, match="the roles were asked for"):
        policy("RULE(1,WRITE){UAG(u)}").may(ENTRY, asked, "put")


# The policy -----------------------------------------------------------------------------------


def policy(body, name="DEFAULT", level=0):
    return AsgPolicy(World(body), name, level)


def test_a_put_needs_put_and_a_call_needs_rpc():
    put, _ = make_put(1, ENTRY)
    call, _ = make_rpc({}, ENTRY)
    assert policy("RULE(1,PUT)").decide(put) == Allow()
    assert policy("RULE(1,RPC,TRAPWRITE)").decide(call) == Allow(trap=True)
    assert policy("RULE(1,RPC)").decide(put) == Deny(
        "Put not permitted: B:Top:V: ASG(DEFAULT) does not grant WRITE to 'ann' from 10.0.0.1"
    )
    assert policy("RULE(1,PUT)").decide(call) == Deny(
        "Put not permitted: B:Top:V: ASG(DEFAULT) does not grant WRITE or RPC to 'ann' "
        "from 10.0.0.1"
    )


def test_an_unknown_operation_or_group_is_denied():
    credentials = Credentials("ann", "10.0.0.1", "pva")
    decision = policy("RULE(1,WRITE)").may(ENTRY, credentials, "get")
    assert isinstance(decision, Deny)
    decision = policy("RULE(1,WRITE)", "GONE").may(ENTRY, credentials, "put")
    assert decision == Deny("Put not permitted: B:Top:V: there is no ASG(GONE)")


def test_a_policy_is_quick_unless_its_group_asks_for_roles():
    assert policy("RULE(1,WRITE){UAG(v)}").quick
    assert not policy("RULE(1,WRITE){UAG(u)}").quick
    assert policy("RULE(1,WRITE){UAG(u)}", "GONE").quick


def test_a_policy_says_in_the_log_what_it_is():
    assert repr(policy("RULE(1,READ)", "ENG", 1)) == "ASG(ENG), level 1"
