import pytest
from support.engine.fakes import FakeNode, make_put, make_rpc

from roguebridge.core.mapping.pv_map import PvEntry
from roguebridge.core.requests.policy import ALLOW, Deny
from roguebridge.plugins.policies.mode import policy_rules


@pytest.mark.parametrize(("mode", "guarded"), [("RO", True), ("RW", False), ("WO", False)])
def test_only_read_only_nodes_are_guarded(mode, guarded):
    node = FakeNode()
    node.mode = mode
    (rule,) = policy_rules()
    assert rule.select(node) is guarded


def test_a_put_is_denied_with_the_mode_and_a_call_is_not():
    entry = PvEntry("Top.V", "B:V", False, "RO")
    (rule,) = policy_rules()
    node = FakeNode()
    node.mode = "RO"
    policy = rule.make(node)
    put, _ = make_put(1, entry)
    call, _ = make_rpc({}, entry)
    assert policy.decide(put) == Deny("Put not permitted: B:V is read-only (mode RO)")
    assert policy.decide(call) is ALLOW
    assert policy.may(entry, put.credentials, "put") == policy.decide(put)
    assert policy.may(entry, put.credentials, "rpc") is ALLOW
    assert policy.quick
