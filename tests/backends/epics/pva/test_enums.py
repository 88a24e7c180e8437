"""Enums and bools put as raw index, raw key and words."""

import numpy as np
import pytest
from p4p import Value
from p4p.client.thread import RemoteError
from support.clients.served import LIMIT, Updates, alone

from roguebridge.core.errors import PutError
from roguebridge.plugins.converters import make_converter

PV = "Base:Top:Dev:V"

# name: kind, arguments, index to put, value that arrives
PUTS = {
    "sparse index": ("Local", {"value": 5, "enum": {0: "a", 5: "b", 100: "c"}}, 2, 100),
    "sparse key": ("Local", {"value": 0, "enum": {0: "a", 5: "b", 100: "c"}}, 100, 100),
    "index before key": ("Local", {"value": 5, "enum": {5: "a", 1: "b", 0: "c"}}, 1, 1),
    "index 0": ("Local", {"value": 5, "enum": {5: "a", 1: "b", 0: "c"}}, 0, 5),
    "negative key": ("Local", {"value": 5, "enum": {5: "a", -1: "b"}}, -1, -1),
    "text keys": ("Local", {"value": "A", "enum": {"a": "A", "b": "B"}}, 1, "b"),
    "float keys": ("Local", {"value": "half", "enum": {0.5: "half", 1.5: "x"},
                             "typeCheck": False}, 1, 1.5),
    "bool keys": ("Local", {"value": False, "enum": {True: "On", False: "Off"}}, 0, True),
    "bool": ("Local", {"value": False}, 1, True),
    "numpy bool": ("Local", {"value": np.bool_(False)}, 1, np.bool_(True)),
    "numpy int": ("Local", {"value": np.int16(1), "enum": {1: "a", 7: "b"}}, 1, np.int16(7)),
    "float": ("Local", {"value": 0.5, "enum": {0.5: "half", 1: "one"}}, 1, 1.0),
    "no text labels": ("Local", {"value": 1, "enum": {1: 10, 2: None}}, 1, 2),
    "register": ("UInt", {"bitSize": 8, "enum": {0: "a", 5: "b", 200: "c"}}, 2, 200),
    "register key": ("UInt", {"bitSize": 8, "enum": {0: "a", 5: "b", 200: "c"}}, 200, 200),
    "register bool": ("Bool", {"bitSize": 1}, 1, True),
    "register flag": ("UInt", {"bitSize": 1, "value": False}, 1, 1),
    "register float": ("Float", {"bitSize": 32, "enum": {0.5: "half", 1: "one"}}, 1, 1.0),
    "register int": ("Int", {"bitSize": 8, "enum": {-3: "a", 7: "b"}}, -3, -3),
}  # fmt: skip


@pytest.fixture
def serve_variable(tree):
    """Give a function that serves a variable and returns it and a client of raw Values."""
    pr = tree.pr
    with alone(tree) as (root, device, serve):

        def start(kind, **arguments):
            if kind == "Local":
                device.add(pr.LocalVariable(name="V", **arguments))
            else:
                base = getattr(pr, kind)
                device.add(pr.RemoteVariable(name="V", offset=0, base=base, **arguments))
            return device.V, serve(nt=False)

        yield start


def put(client, index):
    value = Value(client.get(PV, timeout=LIMIT).type())
    value["value.index"] = index
    client.put(PV, value, timeout=LIMIT, get=False)


@pytest.mark.parametrize("name", PUTS)
def test_an_index_or_a_key_that_is_no_index_is_put(serve_variable, name):
    kind, arguments, index, arrives = PUTS[name]
    node, client = serve_variable(kind, **arguments)
    put(client, index)
    assert node.value() == arrives
    assert type(node.value()) is type(arrives)
    raw = client.get(PV, timeout=LIMIT)
    assert list(node.enum or [False, True])[raw["value.index"]] == arrives
    assert raw["alarm.severity"] == 0


@pytest.mark.parametrize(
    ("kind", "arguments", "index", "reason"),
    [
        ("Local", {"value": 5, "enum": {5: "a", 1: "b"}}, 2, "index 2 is outside 0 .. 1"),
        ("Local", {"value": 5, "enum": {5: "a", 1: "b"}}, -1, "index -1 is outside"),
        ("Local", {"value": 1, "enum": {1: "a", "x": "b"}}, 1, "'x' cannot be set, it takes"),
        ("UInt", {"bitSize": 8, "enum": {0: "a", 300: "b"}}, 1, "300 is outside 0 .. 255"),
        ("UInt", {"bitSize": 8, "enum": {0: "a", "x": "b"}}, 1, "'x' cannot be written"),
        ("Int", {"bitSize": 8, "enum": {0: "a", 0.5: "b"}}, 1, "0.5 is not an integer"),
    ],
)
def test_what_the_tree_would_refuse_is_refused(
    serve_variable, caplog, kind, arguments, index, reason
):
    node, client = serve_variable(kind, **arguments)
    before = node.value()
    with pytest.raises(RemoteError, match=f"^Top.Dev.V: .*{reason}"):
        put(client, index)
    assert node.value() == before
    assert not [r for r in caplog.records if r.name.startswith("pyrogue.Variable")]


def test_a_choice_that_is_added_later_is_a_state_alarm(serve_variable):
    enum = {0: "a", 1: "b"}
    node, client = serve_variable("Local", value=0, enum=enum)
    updates = Updates(client, PV)
    assert updates.next()["value.choices"] == ["a", "b"]
    node.enum[2] = "c"
    node.set(2)
    alarm = updates.next()["alarm"]
    assert alarm.todict() == {"severity": 3, "status": 1, "message": "STATE"}
    node.set(1)
    good = updates.next()
    assert (good["value.index"], good["alarm.severity"]) == (1, 0)
    updates.close()


def test_enable_is_put_by_index_and_not_to_the_states_of_others(serve_variable):
    node, client = serve_variable("Local", value=0)
    device = node.parent
    name = "Base:Top:Dev:enable"
    raw = client.get(name, timeout=LIMIT)
    labels = list(raw["value.choices"])
    for label in ("False", "True", "ParentFalse", "ExtDepFalse"):
        value = Value(raw.type())
        value["value.index"] = labels.index(label)
        if label in ("True", "False"):
            client.put(name, value, timeout=LIMIT, get=False)
            assert device.enable.value() is (label == "True")
        else:
            with pytest.raises(RemoteError, match=f"Top.Dev.enable: {label} cannot be set"):
                client.put(name, value, timeout=LIMIT, get=False)


@pytest.mark.parametrize(
    ("arguments", "given", "key"),
    [
        ({"value": 5, "enum": {0: "a", 5: "b"}}, "b", 5),
        ({"value": 5, "enum": {0: "a", 5: "b"}}, "5", 5),
        ({"value": 5, "enum": {0: "5", 5: "b"}}, "5", 0),  # a label comes first
        ({"value": 5, "enum": {0: "same", 5: "same"}}, "same", 0),
        ({"value": True, "enum": {False: "Off", True: "On"}}, "True", True),
        ({"value": True, "enum": {True: "On", False: "Off"}}, "true", True),
        ({"value": True}, "0", False),
        ({"value": True, "enum": {True: "false", False: "true"}}, "false", True),
        ({"value": True, "enum": {True: "On", False: "Off"}}, True, True),
        ({"value": True, "enum": {True: "On", False: "Off"}}, False, False),
        ({"value": True, "enum": {True: "On", False: "Off"}}, np.bool_(False), False),
        ({"value": 7, "enum": {7: "a", 1: "b"}}, True, 1),  # no bool enum: the index
        ({"value": 7, "enum": {7: "a", 1: "b"}}, 1.0, 1),
        ({"value": "half", "enum": {0.5: "half", 1.5: "x"}, "typeCheck": False}, 1.5, 1.5),
    ],
    ids=str,
)
def test_words_and_bools_are_understood(serve_variable, arguments, given, key):
    node, _ = serve_variable("Local", **arguments)
    found = make_converter(node).to_tree(given)
    assert found == key
    assert type(found) is type(key)


@pytest.mark.parametrize("given", ["c", "B", "", "0x5", "1", None, 0.5, [], "a "])
def test_other_words_are_refused(serve_variable, given):
    node, _ = serve_variable("Local", value=5, enum={0: "a", 5: "b"})
    with pytest.raises(PutError, match="^Top.Dev.V: "):
        make_converter(node).to_tree(given)
