"""What an EPICS Archiver Appliance needs, checked on recorded monitor streams of every kind of PV.

It takes a sample from each event that marks its time stamp, unless that is older than 1991, far
from its own clock, or not later than the one before.
"""

import time
from contextlib import contextmanager

import numpy as np
import pytest
from p4p.client.thread import Context
from support.clients.normative import content_of, put_of
from support.each import each
from support.trees import whole_tree
from support.trees.whole_tree import CODES, Events

EPOCH_1991 = 662_688_000
DRIFT = 1800  # seconds between the clocks of server and appliance
STAMP = {"timeStamp.secondsPastEpoch", "timeStamp.nanoseconds"}
NATIVE = "dfiIhHbBs"
# Stored as bytes, which few tools can read
AS_BYTES = {
    "l": "64 bits", "L": "64 bits", "al": "64 bits", "aL": "64 bits", "a?": "boolean",
    "image": "NTNDArray", "table": "NTTable",
}  # fmt: skip


@contextmanager
def visitor(served):
    """A client of its own: what only it has seen closes when it leaves."""
    conf = served.server.client_conf()
    with Context("pva", conf=conf, useenv=False, nt=False) as client:
        yield whole_tree.Everything(served.root, served.server, client, served.memory, served.calls)


def provoke(served, path, first):
    """Have a PV post once more."""
    node = served.node(path)
    if path.startswith("K."):
        node.dependencies[0].get()
    elif node.isCommand or path == "enable":
        served.put(path, put_of(first, 1 if CODES[path] == "i" else content_of(first)))
    else:
        node.get()


@pytest.fixture(scope="module")
def served(tree):
    with whole_tree.serving(tree) as found:
        yield found


def postable(path):
    """Tell whether somebody can make the PV post: a link of nothing never does."""
    return path not in ("K.Fixed", "K.Getter", "K.Sink", "WriteAll", "LoadConfig", "P.Start")


@pytest.fixture(scope="module")
def streams(served):
    """Some events of each PV, as the appliance subscribes to them."""
    recorded = {}
    with visitor(served) as archiver:
        events = Events(archiver, CODES, request="record[DBE=ARCHIVE]field()")
        for path in CODES:
            recorded[path] = [events.next(path)]
            for _ in range(3 if postable(path) else 0):
                provoke(archiver, path, recorded[path][0])
                recorded[path].append(events.next(path))
        events.close()
    return recorded


def stamp_of(value):
    stamp = value["timeStamp"]
    return stamp["secondsPastEpoch"] * 10**9 + stamp["nanoseconds"]


@each("path", CODES)
def test_each_event_is_a_sample(streams, path):
    events = streams[path]
    assert len(events) > 1 or not postable(path)
    for event in events:
        members = [name for name, _ in event.type().aspy()[2]]
        assert {"value", "alarm", "timeStamp"} <= set(members)
        assert event.changedSet(expand=True) >= STAMP
        assert 0 <= event["timeStamp.nanoseconds"] <= 999_999_999
        assert event["timeStamp.secondsPastEpoch"] > EPOCH_1991
        assert abs(event["timeStamp.secondsPastEpoch"] - time.time()) < DRIFT
        assert event["alarm.severity"] in range(4)
        assert event["alarm.status"] in range(8)
    stamps = [stamp_of(event) for event in events]
    assert all(one < other for one, other in zip(stamps, stamps[1:], strict=False))


@each("path", CODES)
def test_the_type_is_that_of_the_first_event(streams, path):
    assert len({str(event.type().aspy()) for event in streams[path]}) == 1


@each("path", CODES)
def test_the_type_is_archived_natively_or_listed_here(streams, path):
    value = streams[path][0]
    kind = value.getID().split("/")[1].partition(":")[0]
    if kind in ("NTNDArray", "NTTable"):
        assert CODES[path] in AS_BYTES
    elif kind != "NTEnum":
        code = value.type()["value"]
        assert (code.removeprefix("a") in NATIVE) is (code not in AS_BYTES)


def test_declared_limits_make_an_integer_archivable(streams):
    for name in ("IntLimited", "IntSigned", "IntDeclared"):
        assert streams[f"L.{name}"][0].type()["value"] in NATIVE


def test_alarms_without_a_new_value_are_samples_too(served):
    with visitor(served) as archiver:
        events = Events(archiver, ["S.UInt32"], request="record[DBE=ARCHIVE]field()")
        first = events.next("S.UInt32")
        address = list(whole_tree.registers.MODELS).index("UInt32") * whole_tree.registers.STEP
        served.memory.fail_write(address)
        with pytest.raises(Exception, match="rror"):
            archiver.put("S.UInt32", put_of(first, 9))
        bad = events.next("S.UInt32")
        while bad["alarm.message"] != "WRITE":
            bad = events.next("S.UInt32")
        served.memory.clear()
        assert bad.changedSet(expand=True) >= {"value", "alarm.severity", *STAMP}
        assert stamp_of(bad) > stamp_of(first)
        archiver.put("S.UInt32", put_of(first, 9))
        good = events.next("S.UInt32")
        while good["alarm.severity"] != 0:
            good = events.next("S.UInt32")
        assert stamp_of(good) > stamp_of(bad)
        events.close()


# Values that a node of each of these takes, and that another type would suit better
OTHERS = {
    "L.Changing": 2.5, "L.ArrayAny": np.zeros((2, 2)), "L.Image": np.zeros((2, 3, 4), "f8"),
    "L.Array": np.zeros(7), "L.Int": 1, "L.List": ["a"], "R.Data": np.zeros((2, 2), "i4"),
    "E.Sparse": 2, "L.Nothing": None, "S.UInt8": 3,
}  # fmt: skip


def test_type_and_time_outlast_closing_and_a_restart(served, streams):
    paths = list(CODES)
    types = {path: str(streams[path][0].type().aspy()) for path in paths}
    for path, value in OTHERS.items():
        served.node(path).set(value)
    served.root.waitOnUpdate()
    updated = time.time_ns()
    with visitor(served) as archiver:
        values = archiver.client.get([archiver.pv(p) for p in paths], timeout=whole_tree.LIMIT)
        for path, value in zip(paths, values, strict=True):
            assert str(value.type().aspy()) == types[path], path
            assert stamp_of(streams[path][-1]) <= stamp_of(value) < updated, path
    served.server.stop()
    served.server.start()
    with visitor(served) as archiver:
        values = archiver.client.get([archiver.pv(p) for p in paths], timeout=whole_tree.LIMIT)
        for path, value in zip(paths, values, strict=True):
            assert str(value.type().aspy()) == types[path], path
            assert stamp_of(value) > stamp_of(streams[path][-1]), path
