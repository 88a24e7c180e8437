"""Puts through a p4p client: what arrives in the tree, what is refused, and what is seen after."""

import threading

import numpy as np
import pytest
from p4p import Value
from p4p.client.thread import RemoteError
from support.clients.served import alone, serving

from roguebridge.core import ALLOW, AccessPolicy, PolicyRule, hookimpl

LIMIT = 30.0


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("Int", -(2**40)), ("Small", 10), ("Float", -1.25), ("Text", "ünïcode " * 500),
        ("Dev[0].U8", 255), ("Dev[0].U12", 4095), ("Dev[0].U32", 2**32 - 1),
        ("Dev[0].U64", 2**64 - 1), ("Dev[0].I16", -32768), ("Dev[0].F32", 0.5),
        ("Dev[0].F64", 0.1), ("Dev[0].Str", "abc"),
    ],
)  # fmt: skip
def test_a_put_arrives_unchanged_and_is_seen_by_the_next_get(served, path, value):
    before = served.node(path).value()
    served.put(path, value)
    assert served.node(path).value() == value
    assert type(served.node(path).value()) is type(before)
    assert served.get(path)["value"] == value


@pytest.mark.parametrize(("value", "index", "key"), [("Two", 2, 2), (0, 0, 0), ("Five", 1, 5)])
def test_an_enum_is_put_by_label_or_index(served, value, index, key):
    served.put("Choice", value)
    assert served.node("Choice").value() == key
    assert served.get("Choice")["value.index"] == index


def test_bools_arrive_as_bools(served):
    for path in ("Flag", "Dev[0].Bit"):
        for value in (False, True):
            served.put(path, int(value))
            assert served.node(path).value() is value


def test_enable_takes_real_bools_and_refuses_the_states_of_others(served):
    served.put("Dev[0].enable", "False")
    assert served.node("Dev[0].enable").value() is False
    served.put("Dev[0].enable", "True")
    assert served.node("Dev[0].enable").value() is True
    with pytest.raises(RemoteError, match="ParentFalse cannot be set"):
        served.put("Dev[0].enable", "ParentFalse")
    assert served.node("Dev[0].enable").value() is True


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("Doubles", np.array([1.5, -2.5, 3.0])),
        ("Shorts", np.array([-1, 2], np.int16)),
        ("Dev[0].Wave", np.arange(8, dtype=np.uint16)),
    ],
)
def test_arrays_arrive_with_the_dtype_of_the_node(served, path, value):
    dtype = served.node(path).value().dtype
    served.put(path, value)
    got = served.node(path).value()
    assert np.array_equal(got, value)
    assert got.dtype == dtype
    assert got.flags.owndata or got.base is None or got.flags.writeable
    assert np.array_equal(served.get(path)["value"], value)


def test_an_image_is_put_with_its_dimensions(served):
    image = np.arange(12, dtype=np.uint16).reshape(3, 4) * 2
    raw = served.get("Image")
    put = Value(raw.type())
    put["value"] = ("ushortValue", image.ravel())
    put["dimension"] = [{"size": 4}, {"size": 3}]
    served.client.put(served.pv("Image"), put, timeout=LIMIT, get=False)
    assert np.array_equal(served.node("Image").value(), image)
    assert np.array_equal(served.get("Image")["value"].reshape(3, 4), image)


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("List", "[3, 4, 5]", [3, 4, 5]),
        ("Dict", '{"b": [1, 2]}', {"b": [1, 2]}),
        ("Dev[0].U128", "0x123456789abcdef0123456789", 0x123456789ABCDEF0123456789),
    ],
)
def test_text_stands_for_what_has_no_type_of_its_own(served, path, text, value):
    served.put(path, {"value": text})  # p4p itself would read a bare '{...}'
    assert served.node(path).value() == value


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("ReadOnly", 1, "read-only"),
        ("Small", 11, "11 is outside 0 .. 10"),
        ("Float", 10.5, "outside"),
        ("Dev[0].U12", 4096, "4096 is outside 0 .. 4095"),
        ("List", "{not json", "neither JSON nor"),
        ("Dict", "[1]", "expected a dict"),
        ("Dev[0].U128", "lots", "'lots' is not an integer"),
        ("Dev[0].Wave", np.arange(9), "9 elements instead of 8"),
        ("Dev[0].Wave", np.arange(7), "7 elements instead of 8"),
        ("Choice", 3, "index 3 is outside 0 .. 2"),
        ("Choice", -1, "index -1 is outside 0 .. 2"),
    ],
)
def test_a_refused_put_says_why_and_changes_nothing(served, path, value, reason):
    before = served.get(path)
    in_tree = served.node(path).value()
    if path == "Choice":  # p4p's own client would stop these
        put = Value(before.type())
        put["value.index"] = value
        value = put
    elif isinstance(value, str):
        value = {"value": value}  # p4p itself would read a bare '{...}'
    with pytest.raises(RemoteError, match=reason):
        served.client.put(served.pv(path), value, timeout=LIMIT, get=False)
    assert np.array_equal(served.node(path).value(), in_tree)
    after = served.get(path)
    assert after["alarm.severity"] == before["alarm.severity"]
    if path != "Choice":
        assert np.array_equal(after["value"], before["value"])


def test_a_mirror_of_a_read_only_variable_is_read_only(tree):
    pr = tree.pr
    with alone(tree) as (root, device, serve):
        device.add(pr.RemoteVariable(name="R", offset=0, bitSize=32, base=pr.UInt, mode="RO"))
        device.add(pr.RemoteVariable(name="W", offset=4, bitSize=32, base=pr.UInt, mode="RW"))
        for name in "RW":
            root.add(pr.LinkVariable(name=f"Of{name}", variable=device.node(name)))
        root.add(pr.LinkVariable(name="OfOfR", variable=root.OfR))
        client = serve()
        for name in ("OfR", "OfOfR"):
            with pytest.raises(RemoteError, match="mirrors Top.Dev.R, which is read-only"):
                client.put(f"Base:Top:{name}", 5, timeout=LIMIT)
        client.put("Base:Top:OfW", 5, timeout=LIMIT)
        assert device.W.value() == 5
        assert device.R.value() == 0


def test_a_put_or_call_that_a_disabled_device_would_drop_is_refused(served):
    served.put("Dev[0].U8", 1)
    served.put("Dev[0].enable", "False")
    try:
        with pytest.raises(RemoteError, match=r"its device Top.Dev\[0\] is disabled"):
            served.put("Dev[0].U8", 2)
        with pytest.raises(RemoteError, match="is disabled"):
            served.put("Dev[0].ReadDevice", 1)
        assert served.get("Dev[0].U8")["value"] == 1
    finally:
        served.put("Dev[0].enable", "True")
    served.put("Dev[0].U8", 2)
    assert served.node("Dev[0].U8").value() == 2


@pytest.mark.parametrize("field", ["alarm.severity", "display.description"])
def test_a_put_that_marks_another_field_writes_nothing(served, field):
    served.put("Dev[0].U32", 1234)
    writes = served.memory.writes(0x08)
    put = Value(served.get("Dev[0].U32").type())
    put[field] = 1 if field.startswith("alarm") else "mine"
    served.client.put(served.pv("Dev[0].U32"), put, timeout=LIMIT, get=False)
    assert served.node("Dev[0].U32").value() == 1234
    assert served.memory.writes(0x08) == writes
    assert served.get("Dev[0].U32")["value"] == 1234


def test_a_failed_write_is_answered_with_the_reason_and_shows_the_true_value(served):
    served.put("Dev[0].U64", 77)
    updates = served.monitor("Dev[0].U64")
    assert updates.next() == 77
    served.memory.fail_write(0x10)
    try:
        with pytest.raises(RemoteError, match="Transaction error|Verify error|Error"):
            served.put("Dev[0].U64", 78, wait=True)
        bad = updates.until(lambda update: update.raw["alarm.severity"] == 3).raw
        assert bad["alarm"].todict() == {"severity": 3, "status": 1, "message": "WRITE"}
        assert bad["value"] == 77
    finally:
        served.memory.clear()
    served.put("Dev[0].U64", 79)
    good = updates.until(lambda update: update.raw["alarm.severity"] == 0).raw
    assert good["value"] == 79
    updates.close()


class BlockingPutSeen:
    """A plugin whose policy tells when a blocking put has arrived."""

    def __init__(self):
        self.arrived = threading.Event()

    @hookimpl
    def policy_rules(self):
        plugin = self

        class Watch(AccessPolicy):
            quick = True

            def decide(self, request):
                if request.operation == "put" and request.block:
                    plugin.arrived.set()
                return ALLOW

        return [PolicyRule(lambda node: Watch())]


def test_a_blocking_put_is_answered_after_the_write_and_another_in_time(tree):
    plugin = BlockingPutSeen()
    with serving(tree, put_reply_timeout=0.01, plugins=[plugin]) as slow:
        slow.put("Dev[0].U8", 1)
        gate = slow.memory.hold(0x00)
        answered = []
        blocking = threading.Thread(
            target=lambda: answered.append(slow.put("Dev[0].U8", 3, wait=True, get=False))
        )
        with gate:
            slow.put("Dev[0].U8", 2)  # answered while the write waits
            assert gate.entered.wait(LIMIT)
            assert not gate.opened.is_set()
            blocking.start()
            assert plugin.arrived.wait(LIMIT)
            slow.get("Int")  # an answer to the put would have come before this one
            assert answered == []
        blocking.join(LIMIT)
        assert answered == [None]
        assert slow.node("Dev[0].U8").value() == 3


def test_puts_from_the_tree_and_from_clients_reach_every_monitor(served):
    updates = served.monitor("Text")
    updates.next()
    served.node("Text").set("from the tree")
    assert updates.next() == "from the tree"
    served.put("Text", "from a client")
    assert updates.next() == "from a client"
    served.node("Text").set("last")
    assert updates.next() == "last"  # one update per put, none twice
    updates.close()
