"""From a request to the tree: access policies, and the plugins of a site."""

import threading

import pytest
from support.fakes import ENTRY, WAIT
from support.site_plugins import Audit, Guard, Opened, Policy, fail

from roguebridge.backends.soft import RemoteError
from roguebridge.core.access import ALLOW, Credentials, Deny
from roguebridge.core.converter import TypeConverter
from roguebridge.core.hookspecs import hookimpl
from roguebridge.core.nt import NtKind, PvSpec, ScalarType
from roguebridge.core.rules import ConverterRule, Select, TimeSourceRule

# Policies ---------------------------------------------------------------------------------


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


class Undecided(Policy):
    """Does not tell whether it is quick."""

    @property
    def quick(self):
        raise RuntimeError("who knows")

    @quick.setter
    def quick(self, value):
        pass


@pytest.mark.parametrize("quick", ["no", 1, None])
def test_a_policy_that_does_not_say_that_it_is_quick_is_asked_on_a_worker(serve, tree, quick):
    threads = []

    def decide(request):
        threads.append(threading.current_thread().name)
        return ALLOW

    guard = Guard(decide)
    guard.policy.quick = quick
    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[guard])
    site.client().put("B:Top:V", 6)
    guard.policy = Undecided(decide)
    site.server.stop()
    site.server.start()
    site.client().put("B:Top:V", 7)
    assert [name.rpartition("-")[0] for name in threads] == ["roguebridge-access"] * 2


def test_a_put_that_has_waited_is_judged_again_where_the_policy_asks_for_it(serve, tree, inbox):
    entered, go_on = threading.Event(), threading.Event()
    closed = []

    def slow(value):
        if value != 5:  # the default, at the start
            entered.set()
            go_on.wait(WAIT)

    asked = threading.Semaphore(0)

    def decide(request):
        asked.release()
        return Deny("closed by now") if closed else ALLOW

    guard = Guard(decide, quick=True)
    guard.policy.asked_again = True
    variable = tree.pr.LocalVariable(name="V", value=5, localSet=slow)
    site = serve(variable, plugins=[guard, Audit(inbox)])
    client = site.client()
    first = client.start_put("B:Top:V", 6, block=True)
    assert entered.wait(WAIT)
    second = client.start_put("B:Top:V", 7, block=True)
    for _ in range(3):  # the first one twice: as it came, and as it began
        assert asked.acquire(timeout=WAIT)
    closed.append(True)
    go_on.set()
    first.result(WAIT)
    with pytest.raises(RemoteError, match="closed by now"):
        second.result(WAIT)
    assert site.root.V.value() == 6
    assert [inbox.next().result, inbox.next().result] == ["done", "denied"]


def test_a_policy_that_waits_holds_nothing_else_up(serve, tree):
    go_on = threading.Event()

    def wait(request):
        go_on.wait(WAIT)
        return ALLOW

    names = [f"V{number}" for number in range(40)]
    nodes = [tree.pr.LocalVariable(name=name, value=5) for name in (*names, "Free")]
    site = serve(*nodes, plugins=[Guard(wait, select=Select(path="Top.V*"))])
    client = site.client()
    waiting = [client.start_put(f"B:Top:{name}", 6) for name in names]
    client.put("B:Top:Free", 7, block=True)
    client.put("B:RB:ReadOnly", 1)
    with pytest.raises(RemoteError, match="read-only"):
        client.put("B:Top:Free", 8)
    client.put("B:RB:ReadOnly", 0)
    go_on.set()
    for one in waiting:
        one.result(WAIT)


def test_the_read_only_switch_turns_while_all_hardware_hangs(serve, tree):
    go_on, begun = threading.Event(), threading.Semaphore(0)

    def hang(value):
        if value:
            begun.release()
            go_on.wait(WAIT)

    hung = []
    devices = []
    for number in range(9):
        device = tree.pr.Device(name=f"D{number}")
        for index in range(4):
            device.add(tree.pr.LocalVariable(name=f"V{index}", value=0, localSet=hang))
        devices.append(device)
    site = serve(*devices, tree.pr.LocalVariable(name="Free", value=5))
    client = site.client()
    for device in devices:
        for index in range(4):
            hung.append(client.start_put(f"B:Top:{device.name}:V{index}", 1, block=True))
    for _ in range(32):  # all threads there are
        assert begun.acquire(timeout=WAIT)
    late = client.start_put("B:Top:Free", 6, block=True)
    client.put("B:RB:ReadOnly", 1)
    assert client.get("B:RB:ReadOnly").value == 1
    go_on.set()
    with pytest.raises(RemoteError, match="read-only"):
        late.result(WAIT)
    assert site.root.Free.value() == 5
    refused = 0
    for one in hung:
        try:
            one.result(WAIT)
        except RemoteError as refusal:
            assert "read-only" in str(refusal)  # it had not begun
            refused += 1
    assert refused == 4


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


def test_a_slow_policy_holds_up_neither_other_pvs_nor_the_order_of_its_own(serve, tree, inbox):
    gate = threading.Event()

    def decide(request):
        inbox.put(request.value)
        assert gate.wait(WAIT)
        return ALLOW

    seen = []
    variable = tree.pr.LocalVariable(name="V", value=0, localSet=lambda value: seen.append(value))
    other = tree.pr.LocalVariable(name="W", value=0)
    site = serve(variable, other, plugins=[Guard(decide)], put_reply_timeout=None)
    seen.clear()
    client = site.client()
    futures = [client.start_put("B:Top:V", value) for value in (1, 2, 3)]
    assert inbox.next() == 1
    client.put("B:Top:W", 7)
    assert site.root.W.value() == 7
    assert seen == []
    gate.set()
    for future in futures:
        future.result(WAIT)
    assert seen == [1, 2, 3]


def test_a_put_whose_client_has_gone_is_not_judged_any_more(serve, tree, inbox):
    entered, gate, asked = threading.Event(), threading.Event(), []

    def decide(request):
        asked.append(request.value)
        entered.set()
        assert gate.wait(WAIT)
        return ALLOW

    variable = tree.pr.LocalVariable(name="V", value=5)
    site = serve(variable, plugins=[Guard(decide), Audit(inbox)])
    client = site.client()
    for value in (6, 7):
        client.start_put("B:Top:V", value)
    assert entered.wait(WAIT)
    site.server._backends[0].flush()
    client.close()
    gate.set()
    dropped = [inbox.next() for _ in range(2)]
    assert asked == [6]
    assert sorted((r.value, r.result, r.error) for r in dropped) == [
        (6, "dropped", "the client has gone"),
        (7, "dropped", "the client has gone"),
    ]
    assert site.root.V.value() == 5


def test_what_a_policy_says_of_rights_is_yes_unless_it_says_otherwise():
    who, entry = Credentials("ann", "10.0.0.1", "soft"), ENTRY
    refusing = Policy(lambda request: Deny("no"))
    assert [refusing.may(entry, who, operation) for operation in ("put", "rpc")] == [ALLOW, ALLOW]


def test_an_undecided_put_is_not_answered_as_accepted(serve, tree, inbox):
    gate = threading.Event()

    def decide(request):
        inbox.put("asked")
        assert gate.wait(WAIT)
        return Deny("after all")

    site = serve(
        tree.pr.LocalVariable(name="V", value=5), plugins=[Guard(decide)], put_reply_timeout=0.0
    )
    client = site.client()
    future = client.start_put("B:Top:V", 6, block=False)
    assert inbox.next() == "asked"
    client.put("B:Top:ForceWrite", 1)
    assert not future.done()
    gate.set()
    with pytest.raises(RemoteError, match="after all"):
        future.result(WAIT)
    assert site.root.V.value() == 5


# Plugins of a site ------------------------------------------------------------------------


class Celsius(TypeConverter):
    """Serves a temperature in tenths of a degree as text."""

    spec = PvSpec(NtKind.SCALAR, ScalarType.String)

    def to_pv(self, value):
        return f"{value / 10} C"

    def to_tree(self, value):
        return int(float(value.removesuffix(" C")) * 10)


def test_a_converter_of_the_site_shapes_the_values_it_selects(serve, tree):
    class Converters:
        @hookimpl
        def converter_rules(self):
            return [ConverterRule(lambda node: Celsius(), Select(units="0.1 C"))]

    site = serve(
        tree.pr.LocalVariable(name="V", value=215, units="0.1 C"),
        tree.pr.LocalVariable(name="W", value=215),
        plugins=[Converters()],
    )
    client = site.client()
    assert client.get("B:Top:V").value == "21.5 C"
    assert client.get("B:Top:W").value == 215
    client.put("B:Top:V", "30 C")
    assert site.root.V.value() == 300
    assert client.get("B:Top:V").value == "30.0 C"
    with pytest.raises(RemoteError, match="B:Top:V: could not convert"):
        client.put("B:Top:V", "hot")


def test_a_converter_rule_that_fails_costs_only_its_nodes(serve, tree):
    class Converters:
        @hookimpl
        def converter_rules(self):
            return [ConverterRule(fail, Select(path="Top.V"))]

    site = serve(
        tree.pr.LocalVariable(name="V", value=5),
        tree.pr.LocalVariable(name="W", value=5),
        plugins=[Converters()],
    )
    client = site.client()
    reading = client.get("B:Top:V")
    assert (reading.value, reading.alarm.message) == ("5", "CALC")
    with pytest.raises(RemoteError):
        client.put("B:Top:V", "6")
    assert client.get("B:Top:W").value == 5


@pytest.mark.parametrize("made", [None, 5, TypeConverter], ids=repr)
def test_a_rule_that_makes_no_converter_costs_only_its_nodes(serve, tree, made):
    class Converters:
        @hookimpl
        def converter_rules(self):
            return [ConverterRule(lambda node: made, Select(path="Top.V"))]

    site = serve(
        tree.pr.LocalVariable(name="V", value=5),
        tree.pr.LocalVariable(name="W", value=5),
        plugins=[Converters()],
    )
    client = site.client()
    reading = client.get("B:Top:V")
    assert (reading.value, reading.alarm.message) == ("5", "CALC")
    (problem,) = site.server.report()
    assert "Top.V: B:Top:V is INVALID: its type cannot be found out" in problem
    assert "Top.V: no converter rule matches, or it made" in problem
    assert client.get("B:Top:W").value == 5


def test_a_time_source_of_the_site_stamps_the_values_it_selects(serve, tree):
    class Times:
        @hookimpl
        def time_source_rules(self):
            rule = TimeSourceRule(lambda node: lambda value: value["t"], Select(type="dict"))
            return [rule]

    site = serve(
        tree.pr.LocalVariable(name="V", value={"t": 1}),
        tree.pr.LocalVariable(name="W", value=1),
        plugins=[Times()],
    )
    stamp = 1_900_000_000_123_456_789
    site.root.V.set({"t": stamp})
    site.root.W.set(2)
    site.root.waitOnUpdate()
    client = site.client()
    assert client.get("B:Top:V").time_ns == stamp
    assert client.get("B:Top:W").time_ns < stamp


def test_audit_hears_of_everything_that_was_asked(serve, tree, inbox):
    site = serve(
        tree.pr.LocalVariable(name="V", value=5, maximum=10),
        tree.pr.LocalVariable(name="Ro", value=5, mode="RO"),
        tree.pr.LocalCommand(name="Go", function=lambda arg: 1 / arg),
        plugins=[Audit(inbox)],
    )
    client = site.client("ann", "10.0.0.1")
    client.put("B:Top:V", 6)
    records = [inbox.next()]
    for ask in (
        lambda: client.put("B:Top:V", 11),
        lambda: client.put("B:Top:Ro", 6),
        lambda: client.rpc("B:Top:Go", arg=0),
        lambda: client.rpc("B:Top:V", op="write"),
    ):
        with pytest.raises(RemoteError):
            ask()
        records.append(inbox.next())
    client.rpc("B:Top:Go", arg=1)
    records.append(inbox.next())
    told = [(r.entry.pv_name, r.operation, r.value, r.result) for r in records]
    assert told == [
        ("B:Top:V", "put", 6, "done"),
        ("B:Top:V", "put", 11, "failed"),
        ("B:Top:Ro", "put", 6, "denied"),
        ("B:Top:Go", "rpc", {"arg": 0}, "failed"),
        ("B:Top:V", "rpc", {"op": "write"}, "failed"),
        ("B:Top:Go", "rpc", {"arg": 1}, "done"),
    ]
    assert [bool(r.error) for r in records] == [False, True, True, True, True, False]
    assert {(r.credentials.user, r.credentials.host) for r in records} == {("ann", "10.0.0.1")}
    assert all(r.time_ns > 1_600_000_000 * 10**9 for r in records)


def test_an_opened_holder_is_told_with_its_spec(serve, tree, inbox):
    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[Opened(inbox)])
    site.client().get("B:Top:V")
    assert inbox.next() == ("Top.V", ScalarType.Int64, True)
