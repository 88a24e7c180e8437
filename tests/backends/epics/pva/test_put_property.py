"""Whatever a client puts that a PV can hold: it arrives whole, or is refused with a reason.

The values are those of hypothesis, the same in each run; they are sent as raw Values.
"""

import ast
import copy
import enum
import json
import threading
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from p4p.client.thread import RemoteError
from support.clients.normative import content_of, equal, put_of
from support.trees import registers, whole_tree
from support.trees.whole_tree import CODES, LIMIT

FIXED = settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
INTEGERS = {"b": "i1", "h": "i2", "i": "i4", "l": "i8", "B": "u1", "H": "u2", "I": "u4", "L": "u8"}
DTYPES = {**INTEGERS, "f": "f4", "d": "f8", "?": "?"}
PIXELS = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"]
# PyRogue writes other bits than it is given, or has limits that it does not hold itself
ODD = {f"{d}.{n}" for d in "SA" for n in ("UIntBE12", "IntBE12", "Fixed64_8")}
ODD |= {"L.ArrayObject", "K.Double"}  # has a test of its own; halves the smallest to 0
# What these hold is a grid of PyRogue's own
GRIDS = ["NpF16", "ArrayHalf", "ImageHalf", "ArrayDates"]
GRIDS += [n for g in ("Halves", "Smalls", "Fixeds", "Reversed") for n in registers.GROUPS[g]]
PUT = [
    path
    for path, code in CODES.items()
    if path[:2] in ("L.", "E.", "S.", "A.", "K.") and path not in ODD and code != "table"
]


@pytest.fixture(scope="module")
def served(tree):
    with whole_tree.serving(tree) as found:
        yield found


@pytest.fixture(scope="module")
def first(served):
    values = served.client.get([served.pv(path) for path in PUT], timeout=LIMIT)
    return dict(zip(PUT, values, strict=True))


def numbers(code):
    """Numbers of a type, its ends and the usual ones among them."""
    if code == "?":
        return st.booleans()
    if code in INTEGERS:
        low, high = int(np.iinfo(INTEGERS[code]).min), int(np.iinfo(INTEGERS[code]).max)
        return st.sampled_from([low, high, 0, 1]) | st.integers(low, high) | st.integers(0, 12)
    width = 32 if code == "f" else 64
    return st.floats(width=width) | st.floats(-10, 10, width=width)


def text(most):
    """Text without zeros: p4p ends it there before it sends it."""
    return st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=most)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | text(5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text(3), inner, max_size=3),
    max_leaves=5,
)
TEXTS = text(12) | JSON.map(json.dumps) | st.integers().map(hex) | st.just("ü" * 5000)


@st.composite
def images(draw):
    shape = draw(st.lists(st.integers(0, 4), min_size=2, max_size=4))
    dtype = np.dtype(draw(st.sampled_from(PIXELS)))
    code = {np.dtype(name): code for code, name in DTYPES.items()}[dtype]
    size = int(np.prod(shape))
    pixels = draw(st.lists(numbers(code), min_size=size, max_size=size))
    return np.array(pixels, dtype).reshape(shape)


def wires(value):
    """What can be put to a PV, by its type."""
    kind = value.getID().split("/")[1].partition(":")[0]
    if kind == "NTEnum":
        return st.integers(-2, len(value["value.choices"]) + 1) | numbers("i")
    if kind == "NTNDArray":
        return images()
    code = value.type()["value"]
    if code == "s":
        return TEXTS
    if code == "as":
        return st.lists(text(5), max_size=5)
    if code.startswith("a"):
        element = numbers(code[1])
        lists = st.lists(element, max_size=6) | st.lists(element, min_size=4, max_size=4)
        return lists.map(lambda items: np.array(items, DTYPES[code[1]]))
    return numbers(code)


def shows(node, value, content):
    """Tell whether the content of a PV is what a node has."""
    if value.getID().startswith("epics:nt/NTEnum"):
        return equal(keys_of(node)[content], node_value(node))
    has = node_value(node)
    if isinstance(has, np.ndarray) and has.dtype.kind == "c":
        has = np.stack([has.real, has.imag], -1)
    if isinstance(has, np.ndarray) and has.dtype.kind == "M":
        return [str(item) for item in has] == list(content)
    if value.type().aspy("value") == "s" and not isinstance(has, str):
        if isinstance(has, (list, dict, tuple)):
            return any(equal(read(content), one) for one in (has, list(has)))
        if isinstance(has, int):
            return int(content, 0) == has
        return content == str(has).encode("utf-8", "backslashreplace").decode()
    if isinstance(has, np.ndarray) and has.dtype.kind == "S":
        return [item.decode() for item in has] == list(content)
    return equal(has, content)


def keys_of(node):
    """What the node can have, in the order of the choices."""
    if isinstance(node.value(), enum.Enum):
        return list(type(node.value()))
    return list(node.enum or {False: "False", True: "True"})


def read(text):
    try:
        return json.loads(text)
    except ValueError:
        return ast.literal_eval(text)


def node_value(node):
    """What the node has: a register is read."""
    if node.name == "Sink":
        return whole_tree.in_sink[-1] if whole_tree.in_sink else ""
    return node.get() if getattr(node, "numValues", None) is not None else node.value()


def exact(path, value):
    """Tell whether the tree keeps each value of the type as it is."""
    kind = value.getID().split("/")[1].partition(":")[0]
    text = kind == "NTScalar" and value.type()["value"] == "s"
    return path.partition(".")[2] not in GRIDS and not (text and path not in ("L.Str", "S.String"))


def rounded(wire, found):
    """Tell whether pixels of another type were put, which a float may have to round."""
    return isinstance(found, np.ndarray) and found.dtype.kind == "f" and found.dtype != wire.dtype


@pytest.mark.parametrize("path", PUT)
def test_a_put_arrives_whole_or_is_refused(served, first, path):
    node, kind = served.node(path), first[path]

    @FIXED
    @given(wires(kind))
    def put(wire):
        before, shown = copy.deepcopy(node_value(node)), served.get(path)
        try:
            served.put(path, put_of(kind, wire))
        except RemoteError as refused:
            assert len(str(refused)) > 10
            assert equal(node_value(node), before) or repr(node.value()) == repr(before)  # NaT
            assert type(node.value()) is type(before)
            assert equal(content_of(served.get(path)), content_of(shown))
            return
        after = served.get(path)
        assert after["alarm.severity"] < 3
        assert shows(node, kind, content_of(after))
        if exact(path, kind) and not rounded(wire, content_of(after)):
            if CODES[path] == "enum" and wire not in range(len(keys_of(node))):
                wire = keys_of(node).index(wire)  # what is no index may be a key
            assert equal(content_of(after), wire)

    put()
    assert updates_come(served.root)


@pytest.mark.parametrize("count", [12, 5])
def test_an_image_put_with_one_dimension_has_one(served, first, count):
    served.put("L.Image", put_of(first["L.Image"], np.ones((3, 4), "u2")))
    served.put("L.Image", put_of(first["L.Image"], np.ones(count, "u2")))
    assert served.node("L.Image").value().shape == (count,)


def test_whole_numbers_are_not_rounded(served, first):
    with pytest.raises(RemoteError, match="2147483647 has no exact float32"):
        served.put("L.Cube", put_of(first["L.Cube"], np.full((1, 1, 1), 2**31 - 1, "i4")))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_text_for_an_array_of_objects_does_not_stop_the_tree(tree, monkeypatch):
    """PyRogue cannot format an array with a text of no characters, and dies of trying."""
    monkeypatch.setattr(threading, "excepthook", lambda args: None)
    with whole_tree.serving(tree) as mine:
        with suppress(RemoteError):
            mine.put("L.ArrayObject", put_of(mine.get("L.ArrayObject"), '[""]'))
        assert updates_come(mine.root)


def updates_come(root):
    """Tell whether the tree's update thread lives."""
    heard = threading.Event()

    def listener(path, value):
        heard.set()

    root.L.Int.addListener(listener)
    root.L.Int.set(1)
    found = heard.wait(LIMIT)
    root.L.Int.delListener(listener)
    return found
