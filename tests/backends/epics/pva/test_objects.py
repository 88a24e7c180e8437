"""Python objects and lists: what a client reads can be put back, and what is put arrives."""

import collections
import datetime
import enum
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from p4p import Value
from p4p.client.thread import RemoteError
from support.clients.served import LIMIT, Updates, alone
from support.engine.ids import no_address

PV = "Base:Top:V"
UTC = datetime.UTC
STAMP = datetime.datetime(2024, 5, 6, 7, 8, 9)


class Color(enum.Enum):
    RED = "r"
    GREEN = 7
    ALSO_RED = "r"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 5


@pytest.fixture
def serve_value(tree):
    """Give a function that serves a LocalVariable and returns it and a client of raw Values."""
    with alone(tree) as (root, device, serve):

        def start(value, **options):
            root.add(tree.pr.LocalVariable(name="V", value=value, **options))
            return root.V, serve(nt=False)

        yield start


def put(client, content, field="value"):
    value = Value(client.get(PV, timeout=LIMIT).type())
    value[field] = content
    client.put(PV, value, timeout=LIMIT, get=False)


def shown(client):
    raw = client.get(PV, timeout=LIMIT)
    assert raw["alarm.severity"] == 0
    return raw["value"]


# default: other values
OBJECTS = {
    "list": ([1], [[], [1, 2.5, "a", None, True], [{"a": [1]}], [math.inf, -0.0]]),
    "dict": ({"a": 1}, [{}, {"b": [1, 2], "c": {"d": None}}]),
    "dict keys": ({1: "a"}, [{2: (1, 2), (3, 4): b"x"}]),
    "OrderedDict": (
        collections.OrderedDict(a=1),
        [collections.OrderedDict(z=1, a=2), collections.OrderedDict([(1, "x")])],
    ),
    "tuple": ((1, 2), [(), ("a", [1]), ((1, 2), (3,)), (1.5, None)]),
    "set": ({1}, [set(), {1, 2.5, "a"}, {(1, 2)}]),
    "frozenset": (frozenset({1}), [frozenset(), frozenset({"a", 2})]),
    "bytes": (b"ab", [b"", b"\x00\xff'\"", b"text"]),
    "bytearray": (bytearray(b"ab"), [bytearray(), bytearray(b"\x00\xff'\"")]),
    "complex": (1 + 2j, [0j, complex(-0.0, math.inf), -1.5j, 1e300 - 0.1j]),
    "Decimal": (Decimal("1.50"), [Decimal("-0.1"), Decimal("1E+400"), Decimal("Infinity")]),
    "Fraction": (Fraction(1, 3), [Fraction(-7, 2), Fraction(5)]),
    "datetime": (
        STAMP,
        [STAMP.replace(microsecond=1), STAMP.replace(tzinfo=UTC), datetime.datetime(1, 1, 1)],
    ),
    "date": (datetime.date(2024, 5, 6), [datetime.date(1999, 12, 31)]),
    "time": (datetime.time(7, 8), [datetime.time(0, 0, 0, 5), datetime.time(1, tzinfo=UTC)]),
    "timedelta": (
        datetime.timedelta(1),
        [datetime.timedelta(0), datetime.timedelta(microseconds=-1), datetime.timedelta(3, 5, 70)],
    ),
    "np.datetime64": (
        np.datetime64("2024-05-06"),
        [np.datetime64("2024-05-06T07:08:09.123456789"), np.datetime64("NaT")],
    ),
    "np.timedelta64": (
        np.timedelta64(5, "s"),
        [np.timedelta64(n, u) for n, u in ((-3, "D"), (7, "ns"), (2, "generic"))]
        + [np.timedelta64("NaT")],
    ),
    "np.complex64": (np.complex64(1j), [np.complex64(0.5 - 2j)]),
    "np.complex128": (np.complex128(1j), [np.complex128(0.1 - 2j)]),
    "np.bytes_": (np.bytes_(b"ab"), [np.bytes_(b"\xff'")]),
    "N-D text": (np.array([["a", "b"]]), [np.array([["longer", "b"], ["µ", "d"]])]),
    "N-D bytes": (np.array([[b"a"]]), [np.array([[b"ab", b"c"]])]),
    "N-D times": (np.array([["2024-01-01"]], "M8[D]"), [np.array([["1999-12-31"]], "M8[D]")]),
    "time spans": (np.array([5], "m8[s]"), [np.array([1, -2], "m8[s]")]),
    "objects": (np.array([1, None], object), [np.array(["a", 2.5, None], object)]),
    "N-D objects": (np.array([[1, None]], object), [np.array([[1], ["b"]], object)]),
    "nested fields": (
        np.zeros(1, [("a", [("b", "<i4"), ("c", "?")]), ("d", "<f8", (2,))]),
        [np.array([((5, True), (1.5, 2)), ((6, False), (0, 0))],
                  [("a", [("b", "<i4"), ("c", "?")]), ("d", "<f8", (2,))])],
    ),
    "0-D record": (
        np.array((1, 2.5), [("a", "<i4"), ("b", "<f8")]),
        [np.array((7, 0.5), [("a", "<i4"), ("b", "<f8")])],
    ),
}  # fmt: skip


def same(a, b):
    if isinstance(a, np.ndarray):
        return a.dtype.kind == b.dtype.kind and a.shape == b.shape and repr(a) == repr(b)
    return type(a) is type(b) and (repr(a) == repr(b) or a == b)


@pytest.mark.parametrize("name", OBJECTS)
def test_what_is_shown_can_be_put_back_unchanged(serve_value, name):
    default, others = OBJECTS[name]
    node, client = serve_value(default)
    raw = client.get(PV, timeout=LIMIT)
    assert (raw.getID(), raw.type()["value"]) == ("epics:nt/NTScalar:1.0", "s")
    for value in (default, *others):
        node.set(value)
        node.root.waitOnUpdate()
        text = shown(client)
        node.set(default)
        put(client, text)
        assert same(node.value(), value), (text, node.value())
        assert node.value() is not value or value is default or not isinstance(value, np.ndarray)
        assert shown(client) == text


@pytest.mark.parametrize(
    ("default", "text", "reason"),
    [
        ([1], "{}", "expected a list, got '{}'"),
        ({"a": 1}, "[1]", "expected a dict"),
        ({"a": 1}, "{not json", "is neither JSON nor a Python literal"),
        ((1,), "5", "expected a tuple"),
        ({1}, "[1, 1]", "is no set"),
        ({1}, "5", "is no set"),
        ({1}, "set([])) or exit(", "neither JSON nor|is no set"),
        (b"ab", "ab", "is no bytes"),
        (b"ab", "'ab'", "is no bytes"),
        (bytearray(b"ab"), "5", "is no bytearray"),
        (1j, "1+", "is no complex"),
        (Decimal(1), "one", "is no Decimal"),
        (Fraction(1), "1/0", "is no Fraction"),
        (STAMP, "yesterday", "is no datetime"),
        (datetime.date(2024, 1, 1), "2024-02-30", "is no date"),
        (datetime.timedelta(1), "", "is no timedelta"),
        (datetime.timedelta(1), "a while", "is no timedelta"),
        (np.datetime64("2024-01-01"), "soon", "is no datetime64"),
        (np.timedelta64(1, "s"), "5 fortnights", "is no timedelta64"),
        (np.array([["a"]]), '["a"]', "'a' is not a list|is not a list"),
        (np.array([["a"]]), '[["a"], ["b", "c"]]', "does not fit"),
        (np.array([["2024-01-01"]], "M8[D]"), '[["never"]]', "^Top.V: "),
        (np.array([1, None], object), "5", "is not a list"),
        (object(), "5", "text cannot be made into a object"),
    ],
    ids=no_address,
)
def test_text_that_does_not_stand_for_the_type_is_refused(
    serve_value, caplog, default, text, reason
):
    node, client = serve_value(default)
    with pytest.raises(RemoteError, match=reason) as caught:
        put(client, text)
    assert str(caught.value).startswith("Top.V: ")
    assert node.value() is default
    assert not [r for r in caplog.records if r.name.startswith("pyrogue.Variable")]


# Typed lists ----------------------------------------------------------------------------------

LISTS = [
    ("List[float]", [1.0], "ad", [0.1, -2.0, math.inf]),
    ("list[float]", [], "ad", []),
    ("List[int]", [1], "al", [-(2**63), 2**63 - 1]),
    ("List[str]", ["a"], "as", ["", "µ", "x y"]),
    ("List[bool]", [True], "a?", [False, True]),
    ("list[UInt16]", [1], "aH", [0, 65535]),
    ("List[np.float32]", [1.0], "af", [0.5, 1e30]),
    ("list[ Int8 ]", [1], "ab", [-128, 127]),
    ("List[UInt64]", [1], "aL", [2**64 - 1]),
]


@pytest.mark.parametrize(("declared", "default", "code", "value"), LISTS, ids=lambda v: str(v)[:16])
def test_a_list_with_a_declared_element_type_is_an_array(
    serve_value, declared, default, code, value
):
    node, client = serve_value(default, typeStr=declared)
    assert node.typeStr == declared
    raw = client.get(PV, timeout=LIMIT)
    assert (raw.getID(), raw.type()["value"]) == ("epics:nt/NTScalarArray:1.0", code)
    assert list(raw["value"]) == default
    put(client, value)
    given = node.value()
    assert type(given) is list
    expected = [float(np.float32(v)) for v in value] if code == "af" else value
    assert given == expected
    assert [type(item) for item in given] == [type(item) for item in expected]
    assert list(shown(client)) == expected


@pytest.mark.parametrize(
    ("declared", "default", "bad"),
    [
        ("List[float]", [1.0], [2**53 + 1]), ("List[float]", [1.0], ["1"]),
        ("List[float]", [1.0], [None]), ("List[int]", [1], [0.5]), ("List[int]", [1], [2**63]),
        ("list[UInt16]", [1], [-1]), ("List[str]", ["a"], [5]), ("List[bool]", [True], [2]),
        ("List[float]", [1.0], [[1.0]]),
    ],
    ids=str,
)  # fmt: skip
def test_a_list_with_other_elements_is_invalid_and_recovers(serve_value, declared, default, bad):
    node, client = serve_value(default, typeStr=declared)
    updates = Updates(client, PV)
    updates.next()
    node.set(bad)
    update = updates.until(lambda update: update["alarm.severity"] == 3)
    assert update["alarm.message"] == "CALC"
    assert list(update["value"]) == default
    node.set(default * 2)
    update = updates.until(lambda update: update["alarm.severity"] == 0)
    assert list(update["value"]) == default * 2
    updates.close()


@pytest.mark.parametrize("declared", ["List[Any]", "List", "List[List[int]]", "Dict[str, int]"])
def test_other_lists_stay_json(serve_value, declared):
    node, client = serve_value([1, 2], typeStr=declared)
    assert client.get(PV, timeout=LIMIT)["value"] == "[1, 2]"


# Python's Enum --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("default", "labels", "index"),
    [(Color.GREEN, ["RED", "GREEN"], 1), (Level.LOW, ["LOW", "HIGH"], 0)],
)
def test_a_member_of_an_enum_class_is_ntenum(serve_value, default, labels, index):
    node, client = serve_value(default)
    raw = client.get(PV, timeout=LIMIT)
    assert raw.getID() == "epics:nt/NTEnum:1.0"
    assert raw["value.choices"] == labels
    assert raw["value.index"] == index
    put(client, 1 - index, "value.index")
    assert node.value() is list(type(default))[1 - index]
    assert client.get(PV, timeout=LIMIT)["value.index"] == 1 - index
    for wrong in (2, -1):
        with pytest.raises(RemoteError, match=f"Top.V: index {wrong} is outside 0 .. 1"):
            put(client, wrong, "value.index")


def test_anything_but_a_member_is_a_state_alarm(serve_value):
    node, client = serve_value(Color.RED, typeCheck=False)
    updates = Updates(client, PV)
    updates.next()
    for wrong in ("RED", 7, Level.LOW, None):
        node.set(wrong)
        alarm = updates.next()["alarm"]
        assert alarm.todict() == {"severity": 3, "status": 1, "message": "STATE"}
    node.set(Color.GREEN)
    assert updates.next()["alarm.severity"] == 0
    updates.close()
