"""Typical, lowest and highest values put into every PV arrive in the tree and come back."""

import numpy as np
import pytest
from p4p import Value
from support.clients.normative import content_of, equal, put_of
from support.each import each
from support.trees import registers, whole_tree
from support.trees.whole_tree import ARRAYS, CODES, COMMANDS, ENUMS, LOCALS, ROWS, As


@pytest.fixture(scope="module")
def served(tree):
    with whole_tree.serving(tree) as found:
        yield found


@pytest.fixture(scope="module")
def first(served):
    paths = list(CODES)
    values = served.client.get([served.pv(path) for path in paths], timeout=whole_tree.LIMIT)
    return dict(zip(paths, values, strict=True))


def extremes(name):
    """A typical, the lowest and the highest value."""
    typical = registers.BYTES.get(name, (3,))[0]
    if name in ("UIntBE12", "IntBE12"):  # PyRogue drops four bits of others than these
        return [typical, 0, 1]
    if name == "Fixed64_8":  # its limit is one too high, to PyRogue itself
        return [typical, registers.LIMITS[name][0], 2.0**54]
    return [typical, *registers.LIMITS[name]]


def register_puts(name):
    """Three values of a register, as they are put."""
    if name == "Bool":
        return [As(1, True), As(0, False), As(1, True)]
    if name == "String":
        return ["ab", "", "ünï7"]
    values = extremes(name)
    if CODES[f"S.{name}"] == "s":
        return [As(hex(value), value) for value in values]
    return [float(np.float32(v)) for v in values] if CODES[f"S.{name}"] == "f" else values


def array_puts(name):
    """An array of registers: typical, lowest, highest, and a zero."""
    dtype = {"?": "?", "f": "f4", "d": "f8"}.get(CODES[f"A.{name}"][1])
    values = [*extremes(name), 0]
    if dtype is None:
        signed = CODES[f"A.{name}"][1].islower()
        dtype = ("i" if signed else "u") + str(np.dtype(CODES[f"A.{name}"][1]).itemsize)
    return [np.array(values, dtype)]


def cases():
    """Each put of each PV."""
    for name, (_code, _options, puts) in LOCALS.items():
        yield from ((f"L.{name}", put) for put in puts)
    for name, (_choices, _options, _first, keys) in ENUMS.items():
        yield from ((f"E.{name}", As(keys.index(key), key)) for key in (*keys[:3], keys[-1]))
    for name in registers.MODELS:
        yield from ((f"S.{name}", put) for put in register_puts(name))
    for name in ARRAYS:
        yield from ((f"A.{name}", put) for put in array_puts(name))
    yield from (("E.Register", As(index, key)) for index, key in ((1, 9), (0, 0)))
    yield from (("K.Double", 5.0), ("K.OfFloat", 0.5), ("K.OfEnum", As(2, 2)), ("K.OfByte", 255))


def parameters():
    count = {}
    for path, put in cases():
        count[path] = count.get(path, 0) + 1
        yield pytest.param(path, put, id=f"{path}-{count[path]}")


def wire_and_tree(put):
    return (put.wire, put.tree) if isinstance(put, As) else (put, put)


@each("path, put", list(parameters()))
def test_a_put_arrives_and_comes_back(served, first, path, put):
    wire, wanted = wire_and_tree(put)
    node = served.node(path)
    before = node.value()
    served.put(path, put_of(first[path], wire))
    after = node.get() if path[:2] in ("S.", "A.") else node.value()
    assert equal(after, wanted)
    arrays = isinstance(after, np.ndarray)
    alike = isinstance(before, np.ndarray) if arrays else type(after) is type(before)
    assert alike or path in ("L.Changing",)
    if arrays and CODES[path] != "image":
        assert after.dtype.newbyteorder("=").kind == before.dtype.kind
    shown = served.get(path)
    assert equal(content_of(shown), wire) or path in ("L.IntBig",)
    assert shown["alarm.severity"] < 3


def test_a_table_is_put_whole(served, first):
    put = Value(first["L.Table"].type())
    put["value"] = {"count": [3, -4, 5], "level": [0.5, -1e300, 0.0], "name": ["x", "yz", ""]}
    served.put("L.Table", put)
    node = served.node("L.Table")
    assert node.value().dtype == ROWS.dtype
    assert node.value().tolist() == [(3, 0.5, "x"), (-4, -1e300, "yz"), (5, 0.0, "")]
    shown = served.get("L.Table")
    assert list(shown["value.count"]) == [3, -4, 5]
    assert list(shown["value.name"]) == ["x", "yz", ""]


@each("name", registers.BYTES)
def test_a_put_is_in_memory_byte_for_byte(served, first, name):
    value, data = registers.BYTES[name]
    wire = hex(value) if CODES[f"S.{name}"] == "s" and name != "String" else value
    address = list(registers.MODELS).index(name) * registers.STEP
    for device, offset in (("S", 0), ("C", 0x20000)):
        put = put_of(first[f"{device}.{name}"], wire)
        served.put(f"{device}.{name}", put)
        size = len(data) // 2
        assert served.memory.peek(address + offset, size).hex() == data, device


@each("name", [n for n in ARRAYS if n in registers.BYTES])
def test_arrays_are_in_memory_byte_for_byte(served, first, name):
    value, data = registers.BYTES[name]
    address = list(registers.MODELS).index(name) * registers.STEP
    if registers.MODELS[name][1] == 1:
        data = "0f"  # bits of one byte, one stride apart
    for device, offset in (("A", 0x10000), ("CA", 0x30000)):
        array = np.full(registers.COUNT, value, array_puts(name)[0].dtype)
        served.put(f"{device}.{name}", put_of(first[f"{device}.{name}"], array))
        found = served.memory.peek(address + offset, len(data) // 2 * registers.COUNT)
        wanted = data * registers.COUNT if name != "Bool" else "01" * registers.COUNT
        assert found.hex() == wanted, device


ARGUMENTS = {
    "Any": [5, 0], "Real": [0.25, 0.0], "Text": ["run", ""], "Flag": [As(1, True), As(0, False)],
    "Limited": [0, 10], "Choice": [As(1, 5), As(0, 1)], "Vector": [np.array([1.5, 0.0])],
}  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_a_put_runs_a_command_with_its_value(served, first, name):
    path = f"F.{name}"
    for put in ARGUMENTS.get(name, [As(1, None)]):
        wire, wanted = wire_and_tree(put)
        served.calls.clear()
        served.put(path, put_of(first[path], wire))
        ((called, argument),) = served.calls
        assert called == name
        assert equal(argument, wanted)
        assert name == "Plain" or equal(content_of(served.get(path)), wire)


OTHER_FIELDS = {
    "alarm.severity": 2, "alarm.message": "mine", "timeStamp.userTag": 3,
    "display.description": "mine", "display.units": "mine", "control.limitHigh": 1,
    "valueAlarm.active": True, "value.choices": ["mine"], "uniqueId": 77,
}  # fmt: skip


@each("path", [p for p in CODES if p not in ("WriteAll", "LoadConfig")])
def test_a_put_of_anything_but_the_value_changes_nothing(served, first, path, monkeypatch):
    node, sets = served.node(path), []
    served.calls.clear()
    before, writes = served.get(path), served.memory.all_writes()
    with monkeypatch.context() as patch:
        if not node.isCommand:
            patch.setattr(node, "set", lambda *args, **kwargs: sets.append(args))
        for name, content in OTHER_FIELDS.items():
            put = Value(before.type())
            try:
                put[name] = content
            except KeyError:
                continue
            served.put(path, put)
    assert (sets, served.calls, served.memory.all_writes()) == ([], [], writes)
    after = served.get(path)
    if path != "Time":
        np.testing.assert_equal(after.todict(), before.todict())
