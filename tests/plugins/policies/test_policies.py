"""The shipped access policies, as a client and an operator meet them."""

import pytest
from p4p.client.thread import RemoteError
from support.clients.lab import lab
from support.clients.served import Updates
from support.engine.fakes import FakeNode
from support.engine.site_plugins import Guard

from roguebridge.core.mapping.pv_map import PvEntry
from roguebridge.core.mapping.select import Select
from roguebridge.core.requests.credentials import Credentials
from roguebridge.core.requests.policy import ALLOW, Deny
from roguebridge.core.requests.request import PutRequest
from roguebridge.plugins.policies.no_write import NoWrite
from roguebridge.plugins.policies.operators import Operators, is_dangerous
from roguebridge.plugins.policies.read_only import ReadOnlySwitch

SWITCH = "Base:RB:ReadOnly"


def build(pr, root, device):
    root.calls = []
    root.add(pr.LocalVariable(name="V", value=1))
    root.add(pr.LocalVariable(name="Fixed", value=1, groups=["NoWrite"]))
    root.add(pr.LocalCommand(name="Go", function=lambda: root.calls.append("go")))
    root.add(pr.LocalCommand(name="Add", value=0, function=lambda arg: root.calls.append(arg)))
    root.add(pr.Device(name="Locked", groups=["Keep"]))
    root.Locked.add(pr.LocalVariable(name="W", value=1))


def refused(call):
    with pytest.raises(RemoteError) as caught:
        call()
    return str(caught.value)


# The read-only switch -------------------------------------------------------------------------


def test_the_switch_closes_every_put_and_call_and_opens_them_again(tree):
    with lab(tree, build) as bench:
        client = bench.client
        assert str(client.get(SWITCH)) == "False"
        client.put(SWITCH, "True")
        assert str(client.get(SWITCH)) == "True"
        text = "Put not permitted: Base:Top:{}: the server is read-only (RB:ReadOnly)"
        assert refused(lambda: bench.put("V", 2)) == text.format("V")
        assert refused(lambda: bench.put("Go", 1)) == text.format("Go")
        assert refused(lambda: bench.rpc("Add", arg=3)) == text.format("Add")
        assert bench.get("V").value == 1
        assert bench.rpc("V", op="read").value == 1  # reads go on
        assert bench.root.calls == []
        client.put(SWITCH, 0)
        bench.put("V", 2)
        bench.put("Go", 1)
        bench.rpc("Add", arg=3)
        assert (bench.node("V").value(), bench.root.calls) == (2, ["go", 3])


def test_clients_see_the_switch_turn(tree):
    with lab(tree, build) as bench:
        updates = Updates(bench.client, SWITCH)
        assert str(updates.next()) == "False"
        bench.client.put(SWITCH, 1)
        assert str(updates.next()) == "True"
        updates.close()


def test_a_server_can_start_read_only_and_keeps_the_switch_over_a_restart(tree):
    with lab(tree, build, policies={"read_only": True}) as bench:
        assert "read-only" in refused(lambda: bench.put("V", 2))
        bench.client.put(SWITCH, 0)
        bench.server.stop()
        bench.server.start()
        bench.put("V", 2)


def test_an_explicit_map_has_the_switch_too_but_does_not_list_it(tree):
    with lab(tree, build, pvMap={"Top.V": "Only"}) as bench:
        assert bench.server.list() == {"Top.V": "Only"}
        assert list(bench.server.holders) == ["Top.V"]
        bench.client.put(SWITCH, 1)
        assert "read-only" in refused(lambda: bench.client.put("Only", 2))
        assert bench.server.find("Only").path == "Top.V"
        assert bench.server.find(SWITCH).path == "RB.ReadOnly"
        assert bench.server.find("Nobody") is None


def test_the_tree_keeps_a_name_that_the_switch_would_have(tree):
    with lab(tree, build, pvMap={"Top.V": SWITCH}) as bench:
        bench.client.put(SWITCH, 5)
        assert bench.node("V").value() == 5
        assert bench.server.report() == (
            "RB.ReadOnly of plugin read_only is not served: PV name 'Base:RB:ReadOnly' is that of "
            "Top.V",
        )


def test_without_its_plugin_there_is_no_switch(tree):
    with lab(tree, build, plugins=["no:read_only"]) as bench:
        assert bench.server.find(SWITCH) is None
        with pytest.raises(TimeoutError):
            bench.client.get(SWITCH, timeout=0.2)


@pytest.mark.parametrize("option", [1, "yes", [], {}])
def test_a_switch_is_on_or_off(option):
    with pytest.raises(TypeError, match="read_only must be True or False"):
        ReadOnlySwitch.from_option(option)


def test_other_policies_guard_the_switch_as_any_pv(tree):
    guard = Guard(lambda request: Deny("not you"), select=Select(path="RB.ReadOnly"))
    with lab(tree, build, plugins=[guard]) as bench:
        assert refused(lambda: bench.client.put(SWITCH, 1)) == "not you"
        bench.put("V", 3)


# Groups ---------------------------------------------------------------------------------------


def test_nodes_in_the_group_take_no_puts(tree):
    with lab(tree, build) as bench:
        text = "Put not permitted: Base:Top:Fixed is in group NoWrite, which takes no puts"
        assert refused(lambda: bench.put("Fixed", 2)) == text
        assert bench.rpc("Fixed", op="read").value == 1
        bench.put("Locked.W", 2)


def test_a_site_names_its_groups_and_that_of_a_device_holds_for_all_in_it(tree):
    with lab(tree, build, policies={"no_write": ["Keep"]}) as bench:
        assert "is in group Keep" in refused(lambda: bench.put("Locked.W", 2))
        assert "is in group Keep" in refused(lambda: bench.put("Locked.WriteDevice", 1))
        bench.put("Fixed", 2)


def test_a_group_is_a_str():
    with pytest.raises(TypeError, match="no_write must be a str"):
        NoWrite.from_option([5])


# Operators ------------------------------------------------------------------------------------


def test_one_line_closes_the_dangerous_built_ins_to_all_but_named_users(tree):
    with lab(tree, build, policies={"operators": ["ada", "grace"]}) as bench:
        for name in ("HardReset", "Initialize", "WriteAll", "CountReset"):
            text = refused(lambda name=name: bench.put(name, 1))
            assert text.startswith(
                f"Put not permitted: Base:Top:{name} is for operators (ada, grace), not for '"
            )
        assert "for operators" in refused(lambda: bench.rpc("LoadConfig", arg="x.yml"))
        assert "for operators" in refused(lambda: bench.rpc("SetYamlConfig", arg="Top: {V: 9}"))
        assert "for operators" in refused(lambda: bench.put("PollEn", True))
        assert "for operators" in refused(lambda: bench.client.put(SWITCH, 1))
        bench.put("V", 2)
        bench.put("ReadAll", 1)
        assert bench.rpc("PollEn", op="read").value.index == 0


def test_a_named_user_may(tree):
    users = []

    def note(request):
        users.append(request.credentials.user)
        return ALLOW

    with lab(tree, build, plugins=[Guard(note)]) as bench:
        bench.put("V", 2)
    with lab(tree, build, policies={"operators": users}) as bench:
        bench.put("CountReset", 1)
        bench.client.put(SWITCH, 1)


def judge(policy, user, roles=(), path="Top.HardReset"):
    entry = PvEntry(path, "B:" + path, True, "WO")
    credentials = Credentials(user, "10.0.0.1", "pva", roles=lambda: frozenset(roles))
    request = PutRequest(entry, credentials, None, 1)
    return policy.decide(request), policy.may(entry, credentials, "rpc")


def test_a_group_of_users_is_a_role():
    (rule, *_) = Operators(["ada", "role/ops"]).policy_rules()
    policy = rule.make(None)
    assert not policy.quick  # looking roles up may block
    assert judge(policy, "bob", ["ops"]) == (ALLOW, ALLOW)
    assert judge(policy, "ada") == (ALLOW, ALLOW)
    for decision in judge(policy, "bob", ["users"]):
        assert decision.reason.endswith("(ada, role/ops), not for 'bob'")
    # who claims to be called like a role has not got it
    assert isinstance(judge(policy, "ops")[0], Deny)
    assert Operators("ada").policy_rules()[0].make(None).quick


def test_reads_are_nobody_s_business():
    policy = Operators("ada").policy_rules()[0].make(None)
    entry = PvEntry("Top.PollEn", "B:Top:PollEn", False, "RW")
    assert policy.may(entry, Credentials("bob", "10.0.0.1", "pva"), "rpc") == ALLOW


def test_operators_may_have_more_nodes_for_themselves(tree):
    option = {"users": "ada", "paths": ["*.V", "Top.Locked.*"]}
    with lab(tree, build, policies={"operators": option}) as bench:
        assert "for operators (ada)" in refused(lambda: bench.put("V", 2))
        assert "for operators (ada)" in refused(lambda: bench.put("Locked.W", 2))
        bench.put("Go", 1)


def test_what_is_dangerous_is_named_as_pyrogue_names_it(tree, running):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.Device(name="Dev"))
    with running(root):
        found = {node.path.partition(".")[2] for node in root.variableList if is_dangerous(node)}
    assert {name for name in found if "." not in name} == {
        "ClearLog", "CountReset", "ForceWrite", "HardReset", "InitAfterConfig", "Initialize",
        "LoadConfig", "PollEn", "RemoteConfigDump", "RemoteVariableDump", "SaveConfig", "SaveState",
        "SetYamlConfig", "WriteAll", "WriteDevice",
    }  # fmt: skip
    below = {name for name in found if "." in name}
    assert "Dev.WriteDevice" in below
    assert {name.partition(".")[0] for name in below} == {
        "Dev", "LoadConfigProcess", "SaveConfigProcess",
    }  # fmt: skip


def test_a_variable_of_a_user_with_a_dangerous_name_is_not_closed():
    assert not is_dangerous(FakeNode(path="Top.Dev.Initialize"))
    assert not is_dangerous(FakeNode(path="Top.Dev.WriteDevice"))


@pytest.mark.parametrize(
    ("option", "error", "text"),
    [
        ([5], TypeError, "operators must be a str"),
        ([""], ValueError, "operators has an empty name"),
        (["role/"], ValueError, "operators has an empty name"),
        ({"user": "ada"}, TypeError, "operators takes users and paths"),
        ({"paths": "*"}, TypeError, "operators takes users and paths"),
        ({"users": "ada", "paths": 3}, TypeError, "paths of operators must be a str"),
    ],
)
def test_a_wrong_option_is_said(option, error, text):
    with pytest.raises(error, match=text):
        Operators.from_option(option)


@pytest.mark.parametrize(
    ("policies", "error", "text"),
    [
        (5, TypeError, "policies must be a dict"),
        ({"operators": None}, ValueError, "policies: operators has no value"),
        ({"readonly": True}, ValueError, "policies has no 'readonly'; there are"),
    ],
)
def test_unknown_policies_are_said_by_the_constructor(tree, policies, error, text):
    with pytest.raises(error, match=text), lab(tree, build, policies=policies):
        pass


# Mirrors --------------------------------------------------------------------------------------


def with_mirrors(pr, root, device):
    root.add(pr.LocalVariable(name="Fixed", value=1, groups=["NoWrite"]))
    root.add(pr.LocalVariable(name="Own", value=1))
    root.add(pr.LinkVariable(name="Mirror", variable=root.Fixed))
    root.add(pr.LinkVariable(name="Again", variable=root.Mirror))
    root.add(pr.LinkVariable(name="Poll", variable=root.PollEn))
    root.add(pr.LinkVariable(name="Free", variable=root.Own))


def test_what_guards_a_node_guards_its_mirrors_too(tree):
    with lab(tree, with_mirrors, policies={"operators": "ada"}) as bench:
        for name in ("Mirror", "Again"):
            assert "is in group NoWrite" in refused(lambda name=name: bench.put(name, 2))
        assert "for operators (ada)" in refused(lambda: bench.put("Poll", True))
        bench.put("Free", 2)
        assert bench.node("Own").value() == 2
        found = bench.server.explain("Top.Again")
        assert [use.made for use in found.policies] == [
            "no puts while RB:ReadOnly is on", "no puts in group NoWrite",
        ]  # fmt: skip


def test_nobody_is_an_operator_by_the_name_of_a_group():
    policy = Operators(["role/shift"]).policy_rules()[0].make(None)
    assert isinstance(judge(policy, "role/shift")[0], Deny)


@pytest.mark.parametrize("groups", [[""], ["NoWrite", ""]])
def test_a_group_has_a_name(groups):
    with pytest.raises(ValueError, match="no_write has an empty name"):
        NoWrite(groups)
