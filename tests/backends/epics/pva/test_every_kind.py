"""Every kind of variable through a p4p client: its type on the wire, and raw Values put to it."""

import numpy as np
import pytest
from p4p import Value
from p4p.client.thread import Context
from support.clients.served import LIMIT, Updates, alone
from support.each import each
from support.trees import TREES, running
from support.trees.everything import ARRAY, ENUM, EXPECTED, IMAGE, SCALAR, TRIPS, build, same
from support.trees.frames import send

from roguebridge.backends.epics import EpicsPvServer

CODES = {
    "Bool": "?", "Int8": "b", "Int16": "h", "Int32": "i", "Int64": "l", "UInt8": "B", "UInt16": "H",
    "UInt32": "I", "UInt64": "L", "Float32": "f", "Float64": "d", "String": "s",
}  # fmt: skip
MEMBERS = {"uint16": "ushortValue", "float32": "floatValue", "float64": "doubleValue"}


@pytest.fixture(scope="module", params=TREES, ids=str)
def site(request):
    """A root with one variable of every kind, and a client of raw Values."""
    root = build(request.param)
    server = EpicsPvServer(base="Base", root=root, isolate=True)
    root.addProtocol(server)
    with (
        running(root),
        Context("pva", conf=server.client_conf(), useenv=False, nt=False) as client,
    ):
        yield root, client


def get(client, path):
    return client.get("Base:Top:" + path.replace(".", ":"), timeout=LIMIT)


def put(client, path, value):
    raw = get(client, path)
    new = Value(raw.type())
    if EXPECTED[path][0] is ENUM:
        new["value.index"] = value
    elif EXPECTED[path][0] is IMAGE:
        new["value"] = (MEMBERS[value.dtype.name], np.ascontiguousarray(value).reshape(-1))
        new["dimension"] = [{"size": size} for size in reversed(value.shape)]
    else:
        new["value"] = value
    client.put("Base:Top:" + path.replace(".", ":"), new, timeout=LIMIT, get=False)


@each("path", EXPECTED)
def test_the_type_on_the_wire(site, path):
    root, client = site
    kind, scalar = EXPECTED[path]
    raw = get(client, path)
    assert raw.getID() == f"epics:nt/{kind.value}:1.0"
    if kind in (SCALAR, ARRAY):
        code = CODES[scalar.name]
        assert raw.type()["value"] == (code if kind is SCALAR else f"a{code}")
    assert raw["timeStamp.secondsPastEpoch"] > 1_700_000_000
    if getattr(root.getNode(f"Top.{path}"), "numValues", None) is None:  # else never read: UDF
        assert raw["alarm"].todict() == {"severity": 0, "status": 0, "message": ""}


@each("path, value", TRIPS)
def test_what_a_client_puts_is_in_the_tree_and_shown_again(site, path, value):
    root, client = site
    node = root.getNode(f"Top.{path}")
    kind, scalar = EXPECTED[path]
    before = node.value()
    put(client, path, value)
    now = node.value()
    assert type(now) is type(before)
    raw = get(client, path)
    assert raw["alarm"].todict() == {"severity": 0, "status": 0, "message": ""}
    if kind is ENUM:
        assert raw["value.index"] == value
        assert now == list(node.enum or (False, True))[value]
    elif kind is IMAGE:
        assert [d["size"] for d in raw["dimension"]] == list(reversed(value.shape))
        assert np.array_equal(np.reshape(raw["value"], value.shape), value)
        pairs = np.stack([now.real, now.imag], -1) if now.dtype.kind == "c" else now
        assert np.array_equal(np.reshape(pairs, value.shape), value)
    elif scalar.name == "String" and kind is SCALAR:
        if isinstance(now, str):
            assert now == raw["value"] == value
        else:  # text that stands for the object: what is shown puts the same object again
            put(client, path, raw["value"])
            assert same(node.value(), now) or repr(node.value()) == repr(now)
            assert get(client, path)["value"] == raw["value"]
    elif scalar.name == "String":
        assert list(raw["value"]) == list(value) == [str(item) for item in now]
    else:
        assert same(np.asarray(raw["value"]), np.asarray(value, scalar.dtype))
        assert same(np.asarray(now, scalar.dtype).reshape(np.shape(value)), np.asarray(value))


def test_data_of_a_receiver_is_shown_whatever_its_length(tree):
    with alone(tree) as (root, device, serve):
        receiver = tree.pr.DataReceiver(name="Rx", enableOnStart=True)
        root.add(receiver)
        client = serve(nt=False)
        updates = Updates(client, "Base:Top:Rx:Data")
        first = updates.next()
        assert first.getID() == "epics:nt/NTNDArray:1.0"
        assert list(first["value"]) == [0]
        for size in (5, 2, 1000, 3):
            frame = np.arange(size, dtype=np.uint8)
            send(receiver, frame)
            update = updates.until(lambda update, size=size: len(update["value"]) == size)
            assert [d["size"] for d in update["dimension"]] == [size]
            assert update["value"].dtype == np.uint8
            assert np.array_equal(update["value"], frame)
        updates.close()


def test_an_array_that_changes_type_and_length_is_shown_where_nothing_is_lost(tree):
    with alone(tree) as (root, device, serve):
        root.add(tree.pr.LocalVariable(name="V", value=np.zeros(3, np.int16)))
        client = serve(nt=False)
        updates = Updates(client, "Base:Top:V")
        updates.next()
        for array in (
            np.arange(5), np.array([1.0, -2.0]), np.zeros(0), np.array([True]), np.array(7),
            np.arange(4, dtype=">u8"),
        ):  # fmt: skip
            root.V.set(array)
            update = updates.next()
            assert update["alarm.severity"] == 0
            assert update["value"].dtype == np.int16
            assert np.array_equal(update["value"], np.atleast_1d(array))
        good = list(update["value"])
        for array in (
            np.array([40000]), np.array([0.5]), np.array([np.nan]), np.zeros((2, 2), "i2"),
            np.array([None]), np.array(["a"]), np.array([1j]),
        ):  # fmt: skip
            root.V.set(array)
            update = updates.next()
            assert update["alarm"].todict() == {"severity": 3, "status": 3, "message": "CALC"}
            assert list(update["value"]) == good
        root.V.set(np.array([9], np.int8))
        update = updates.next()
        assert (list(update["value"]), update["alarm.severity"]) == ([9], 0)
        updates.close()


@pytest.mark.parametrize(
    ("start", "good", "bad"),
    [
        (1, [2.0, np.int8(3), True, 2**63 - 1], [None, "5", 0.5, 2**63, [1], np.zeros(2)]),
        (1.5, [2, np.float32(0.5), False, 2**53], [None, "5", 2**53 + 1, 2**1024, 1j, [1.0]]),
        ("a", [np.str_("b")], [None, 5, b"a", ["a"]]),
    ],
    ids=["int", "float", "text"],
)
def test_a_scalar_that_changes_its_type_is_shown_where_nothing_is_lost(tree, start, good, bad):
    with alone(tree) as (root, device, serve):
        root.add(tree.pr.LocalVariable(name="V", value=start, typeCheck=False))
        client = serve(nt=False)
        updates = Updates(client, "Base:Top:V")
        updates.next()
        for value in good:
            root.V.set(value)
            update = updates.next()
            assert (update["value"], update["alarm.severity"]) == (value, 0)
        for value in bad:
            root.V.set(value)
            update = updates.next()
            assert update["alarm"].todict() == {"severity": 3, "status": 3, "message": "CALC"}
            assert update["value"] == good[-1]
        root.V.set(start)
        update = updates.next()
        assert (update["value"], update["alarm.severity"]) == (start, 0)
        updates.close()
