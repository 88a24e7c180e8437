"""Structured arrays as NTTable, by raw Values."""

import numpy as np
import pytest
from p4p import Value
from p4p.client.thread import RemoteError
from support.clients.served import LIMIT, Updates, alone

ROW = np.dtype(
    [("n", "<i2"), ("a b", "<U4"), ("x", ">f8"), ("on", "?"), ("raw", "S3"), ("h", "f2")]
)
ROWS = np.array([(1, "ab", 0.5, True, b"xy", 1.5), (-2, "µ", -1.0, False, b"z", 2.0)], ROW)
CODES = [("n", "ah"), ("a_b", "as"), ("x", "ad"), ("on", "a?"), ("raw", "as"), ("h", "af")]
PV = "Base:Top:T"


@pytest.fixture
def table(tree):
    """A root with one table, and a client of raw Values."""
    with alone(tree) as (root, device, serve):
        root.add(tree.pr.LocalVariable(name="T", value=ROWS.copy(), description="the rows"))
        root.add(tree.pr.LocalVariable(name="V", value=0))
        root.add(tree.pr.LocalCommand(name="Rows", function=lambda: ROWS[::-1]))
        yield root, serve(nt=False)


def put(client, **columns):
    """Put the given columns only."""
    value = Value(client.get(PV, timeout=LIMIT).type())
    for name, column in columns.items():
        value[f"value.{name}"] = column
    client.put(PV, value, timeout=LIMIT, get=False)


def content(raw):
    return {name: list(column) for name, column in raw["value"].items()}


def test_type_and_members_are_those_of_the_specification(table):
    raw = table[1].get(PV, timeout=LIMIT)
    assert raw.getID() == "epics:nt/NTTable:1.0"
    members = raw.type().aspy()[2]
    assert [name for name, _ in members] == [
        "labels", "value", "descriptor", "alarm", "timeStamp",
    ]  # fmt: skip
    assert dict(members)["labels"] == "as"
    assert list(dict(members)["value"][2]) == CODES
    assert raw["labels"] == ["n", "a b", "x", "on", "raw", "h"]
    assert raw["descriptor"] == "the rows"
    assert raw["alarm"].todict() == {"severity": 0, "status": 0, "message": ""}
    assert raw["timeStamp.secondsPastEpoch"] > 1_700_000_000


def test_each_column_has_the_values_of_its_field(table):
    assert content(table[1].get(PV, timeout=LIMIT)) == {
        "n": [1, -2], "a_b": ["ab", "µ"], "x": [0.5, -1.0], "on": [True, False],
        "raw": ["xy", "z"], "h": [1.5, 2.0],
    }  # fmt: skip


def test_a_put_of_all_columns_may_change_the_length(table):
    root, client = table
    put(client, n=[1, 2, 3], a_b=["a", "b", "long"], x=[1.0, np.nan, np.inf], on=[1, 0, 1],
        raw=["", "b", "c"], h=[1, 2, 3])  # fmt: skip
    array = root.T.value()
    assert array.dtype == ROW
    assert array["n"].tolist() == [1, 2, 3]
    assert array["a b"].tolist() == ["a", "b", "long"]
    assert array["raw"].tolist() == [b"", b"b", b"c"]
    assert array["x"].tolist()[::2] == [1.0, np.inf]
    assert array["on"].tolist() == [True, False, True]
    assert content(client.get(PV, timeout=LIMIT))["h"] == [1.0, 2.0, 3.0]


def test_a_put_of_some_columns_keeps_the_others(table):
    root, client = table
    put(client, x=[7.0, 8.0])
    assert root.T.value()["x"].tolist() == [7.0, 8.0]
    for name in ("n", "a b", "on", "raw", "h"):
        assert root.T.value()[name].tolist() == ROWS[name].tolist()


def test_a_put_that_marks_no_column_changes_nothing(table):
    root, client = table
    before = root.T.value()
    value = Value(client.get(PV, timeout=LIMIT).type())
    value["labels"] = ["other"]
    client.put(PV, value, timeout=LIMIT, get=False)
    assert root.T.value() is before


def test_no_rows_at_all(table):
    root, client = table
    put(client, n=[], a_b=[], x=[], on=[], raw=[], h=[])
    assert len(root.T.value()) == 0
    assert content(client.get(PV, timeout=LIMIT)) == {name: [] for name, _ in CODES}


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"n": [1]}, "the columns differ in length: {'n': 1, 'a_b': 2, "),
        ({"a_b": ["toolong", "b"]}, "'toolong' does not fit <U4 of column a_b"),
        ({"raw": ["µµ", "b"]}, "does not fit"),
        ({"h": [1e6, 0.0]}, "is too large for float16"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(table, columns, reason):
    root, client = table
    before = root.T.value()
    with pytest.raises(RemoteError, match=r"^Top\.T: .*") as caught:
        put(client, **columns)
    assert reason in str(caught.value)
    assert root.T.value() is before


def test_an_update_marks_value_and_time_only(table):
    root, client = table
    updates = Updates(client, PV)
    first = updates.next()
    assert {"labels", "descriptor", "value.n", "alarm.message"} <= first.changedSet(expand=True)
    root.T.set(ROWS[:1].copy())
    second = updates.next()
    assert second.changedSet(expand=True) == {
        "timeStamp.secondsPastEpoch", "timeStamp.nanoseconds", *(f"value.{n}" for n, _ in CODES),
    }  # fmt: skip
    assert content(second)["n"] == [1]
    updates.close()


@pytest.mark.parametrize(
    "wrong", [np.zeros(3), np.zeros((1, 1), ROW), np.zeros(1, [("n", "i4")]), np.array(1)]
)
def test_an_array_that_is_no_such_table_is_invalid_and_recovers(table, wrong):
    root, client = table
    updates = Updates(client, PV)
    good = content(updates.next())
    root.T.set(wrong)
    bad = updates.until(lambda update: update["alarm.severity"] == 3)
    assert bad["alarm"].todict() == {"severity": 3, "status": 3, "message": "CALC"}
    assert content(bad) == good
    root.T.set(ROWS[::-1].copy())
    back = updates.until(lambda update: update["alarm.severity"] == 0)
    assert content(back)["n"] == [-2, 1]
    updates.close()


def test_a_command_replies_with_a_table(table):
    client = table[1]
    raw = client.rpc("Base:Top:Rows", None, timeout=LIMIT)
    assert raw.getID() == "epics:nt/NTTable:1.0"
    assert raw["labels"] == list(ROW.names)
    assert content(raw)["raw"] == ["z", "xy"]


def test_other_updates_go_on_after_each_put(table):
    root, client = table
    put(client, a_b=["", ""], raw=["", ""])
    updates = Updates(client, "Base:Top:V")
    updates.next()
    root.V.set(1)
    assert updates.next()["value"] == 1
    updates.close()
