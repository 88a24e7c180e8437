"""What servers of PyRogue trees have got wrong before: each test names the behaviour wanted."""

import math

import numpy as np
import pytest
from p4p.client.thread import Context, RemoteError
from support.clients.raw_bench import LIMIT, RawBench

from roguebridge.backends.epics import EpicsPvServer
from roguebridge.core import MappingError

NOTHING = {"severity": 0, "status": 0, "message": ""}


@pytest.fixture
def bench(tree):
    return RawBench(tree)


STAMPED = {
    "Int": (3, 4), "Float": (1.5, 2.5), "Text": ("a", "b"), "Flag": (True, False),
    "List": ([1], [2]), "Array": (np.zeros(3), np.ones(3)),
    "Image": (np.zeros((2, 3)), np.ones((2, 3))),
}  # fmt: skip


def test_each_post_of_each_type_has_a_time_stamp_of_its_own(bench):
    """Whatever its type, a PV has a time that is not 0 and grows with each post."""
    for name, (value, _) in STAMPED.items():
        bench.local(name, value=value)
    with bench.served():
        for name, (_, value) in STAMPED.items():
            subscription, update = bench.monitor(name)
            last = 0
            for _ in range(3):
                stamp = update()["timeStamp"]
                now = stamp["secondsPastEpoch"] * 10**9 + stamp["nanoseconds"]
                assert now > max(last, 1_700_000_000 * 10**9)
                last = now
                bench.root.node(name).set(value)
            subscription.close()


@pytest.mark.parametrize(
    ("field", "content"),
    [("alarm.severity", 0), ("alarm.severity", 2), ("display.description", "x")],
)
def test_a_put_of_alarm_or_display_does_not_reach_the_hardware(bench, field, content):
    """The value that a put does not mark, 0, is not written to the register."""
    bench.register("V", 0)
    with bench.served():
        bench.put("Dev:V", "value", 1234)
        writes = bench.memory.all_writes()
        bench.put("Dev:V", field, content)
        assert bench.memory.all_writes() == writes
        assert bench.memory.peek(0, 4) == (1234).to_bytes(4, "little")
        assert bench.device.V.get() == 1234
        assert bench.get("Dev:V")["value"] == 1234


def test_a_register_outside_its_enum_at_start_is_invalid_and_all_else_is_served(tree):
    """The server starts, and says STATE."""
    bench = RawBench(tree, initRead=True)
    bench.register("State", 0, 4, enum={0: "Off", 1: "On"})
    bench.register("Other", 4)
    bench.memory.poke(0, b"\x07")
    with bench.served():
        bad = bench.get("Dev:State")
        assert bad["alarm"].todict() == {"severity": 3, "status": 1, "message": "STATE"}
        assert list(bad["value.choices"]) == ["Off", "On"]
        bench.put("Dev:Other", "value", 5)
        assert bench.get("Dev:Other")["value"] == 5
        bench.put("Dev:State", "value.index", 1)
        assert bench.get("Dev:State")["alarm"].todict() == NOTHING


def test_a_register_that_leaves_its_enum_keeps_its_index_and_the_tree_its_updates(bench):
    """No wrong state is shown, and the tree's update thread goes on."""
    bench.register("State", 0, 4, enum={0: "Off", 1: "On"})
    bench.local("Other", value=1)
    with bench.served():
        bench.put("Dev:State", "value.index", 1)
        subscription, update = bench.monitor("Dev:State")
        others, other = bench.monitor("Other")
        assert (update()["value.index"], other()["value"]) == (1, 1)
        bench.memory.poke(0, b"\x07")
        bench.device.State.get()
        bad = update()
        assert bad["value.index"] == 1  # neither the first nor any other wrong label
        assert bad["alarm"].todict() == {"severity": 3, "status": 1, "message": "STATE"}
        bench.root.Other.set(2)
        assert other()["value"] == 2
        bench.memory.poke(0, b"\x00")
        bench.device.State.get()
        good = update()
        assert (good["value.index"], good["alarm"].todict()) == (0, NOTHING)
        subscription.close()
        others.close()


def test_odd_arrays_and_empty_values_do_not_keep_the_server_from_starting(bench):
    """Three axes without colour, float16 and None are served or INVALID, and all else is served."""
    bench.local("Cube", value=np.arange(40.0).reshape(2, 4, 5))
    bench.local("Half", value=np.ones((2, 3), np.float16) / 4)
    bench.local("Empty", value=1.5, typeCheck=False)
    bench.local("Void", localGet=lambda: None)
    bench.local("Other", value=7)
    with bench.served():
        bench.root.Empty.set(None)
        bench.root.waitOnUpdate()
        cube, half = bench.get("Cube"), bench.get("Half")
        assert [d["size"] for d in cube["dimension"]] == [5, 4, 2]
        assert list(cube["value"]) == list(range(40))
        assert half["value"].dtype == np.float32
        assert list(half["value"]) == [0.25] * 6
        assert bench.get("Empty")["alarm.severity"] == 3
        assert bench.get("Void").getID() == "epics:nt/NTScalar:1.0"
        assert bench.get("Other")["value"] == 7
        bench.root.Empty.set(2.5)
        bench.root.waitOnUpdate()
        assert bench.get("Empty")["value"] == 2.5
        assert bench.get("Empty")["alarm"].todict() == NOTHING


@pytest.mark.parametrize(
    ("value", "alarm"),
    [
        (9, (2, 1, "HIHI")), (6, (1, 1, "HIGH")), (5, (0, 0, "")), (1, (1, 1, "LOW")),
        (0, (2, 1, "LOLO")),
    ],
)  # fmt: skip
def test_alarm_status_is_of_pvaccess_and_the_message_is_its_word(bench, value, alarm):
    """The numbers are not those of Channel Access menus, and the message is not empty."""
    limits = {"lowAlarm": 1, "lowWarning": 2, "highWarning": 5, "highAlarm": 8}
    bench.register("Register", 0, **limits)
    bench.local("Int", value=3, **limits)
    bench.local("Float", value=3.0, **{k: float(v) for k, v in limits.items()})
    with bench.served():
        for path in ("Dev:Register", "Int", "Float"):
            kind = type(bench.get(path)["value"])
            bench.put(path, "value", kind(value))
            assert tuple(bench.get(path)["alarm"].todict().values()) == alarm, path


@pytest.mark.parametrize("dtype", ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"])
def test_an_array_is_served_in_its_own_type(bench, dtype):
    """Not everything is a double."""
    array = np.array([0, 1, 1], dtype)
    if array.dtype.kind in "iu":
        array[1:] = np.iinfo(dtype).min, np.iinfo(dtype).max
    bench.local("V", value=array)
    with bench.served():
        found = bench.get("V")["value"]
        assert found.dtype == array.dtype
        assert np.array_equal(found, array)


def test_a_python_float_keeps_all_its_digits(bench):
    """A Python float is a double."""
    bench.local("V", value=0.1)
    with bench.served():
        assert bench.get("V")["value"] == 0.1
        bench.put("V", "value", math.pi)
        assert bench.root.V.value() == math.pi
        assert bench.get("V")["value"] == math.pi


def test_limits_precision_and_form_are_sent(bench):
    """Control limits are not 0 where the node has limits; digits and radix come from disp."""
    bench.local("V", value=1.5, minimum=-1.0, maximum=2.0, disp="{:.4f}")
    bench.register("R", 0, 8, minimum=3, maximum=9, disp="{:#x}")
    with bench.served():
        local, register = bench.get("V"), bench.get("Dev:R")
        assert (local["control.limitLow"], local["control.limitHigh"]) == (-1.0, 2.0)
        assert local["display.precision"] == 4
        assert (register["control.limitLow"], register["control.limitHigh"]) == (3, 9)
        assert register["display.form.index"] == 4
        assert register["display.form.choices"][4] == "Hex"


def test_texts_arrays_and_bools_have_alarms_too(bench):
    """Not only numbers have alarms."""
    bench.register("Text", 0, 64, "String")
    bench.register("Flag", 8, 1, "Bool")
    bench.device.add(
        bench.pr.RemoteVariable(
            name="Wave", offset=16, base=bench.pr.UInt, numValues=2, valueBits=8, valueStride=8
        )
    )
    written = {
        "Text": ("value", "new", 0),
        "Flag": ("value.index", 1, 8),
        "Wave": ("value", [1, 2], 16),
    }
    with bench.served():
        for name, (field, content, address) in written.items():
            bench.memory.fail_write(address)
            with pytest.raises(RemoteError):
                bench.put(f"Dev:{name}", field, content)
            alarm = bench.until(f"Dev:{name}", 3)["alarm"].todict()
            assert alarm == {"severity": 3, "status": 1, "message": "WRITE"}, name
            bench.memory.clear()
            bench.put(f"Dev:{name}", field, content)
            assert bench.get(f"Dev:{name}")["alarm"].todict() == NOTHING, name


def test_commands_answer_with_values_say_what_failed_and_run_by_put(bench):
    """Nothing is not the text None, errors are readable, and a put runs a command."""
    runs = []
    add = bench.root.add
    add(bench.pr.LocalCommand(name="Quiet", function=lambda: runs.append("quiet")))
    add(bench.pr.LocalCommand(name="Count", function=lambda arg: runs.append(arg)))

    def fail():
        raise KeyError(3)

    add(bench.pr.LocalCommand(name="Fail", function=fail))
    with bench.served():
        assert bench.call("Quiet")["value"] is True  # not the text None
        with pytest.raises(RemoteError) as raised:
            bench.call("Count", arg="many")
        assert "many" in str(raised.value)
        assert "incorrect type" not in str(raised.value)
        with pytest.raises(RemoteError, match="3"):
            bench.call("Fail")
        assert runs == ["quiet"]
        bench.put("Quiet", "value", 1)
        bench.put("Count", "value", 0)
        assert runs == ["quiet", "quiet", 0]


RESULTS = {
    "object": object, "huge": 2**70, "bytes": b"\xff", "dict": {"a": {1: None}}, "none": [None],
    "complex": 1j, "mixed": [1, "a"], "ragged": [[1], [2, 3]], "half": np.ones(2, np.float16),
    "objects": np.array([1, None], object), "dates": np.zeros(2, "M8[s]"), "scalar": np.array(3),
    "rows": np.zeros(2, [("a", "i4")]), "complexes": np.ones((2, 2), complex), "empty": [],
}  # fmt: skip


@pytest.mark.parametrize("name", RESULTS)
def test_a_command_may_return_anything(bench, name):
    """What a command returned never makes of its success an error."""
    bench.root.add(bench.pr.LocalCommand(name="Give", function=lambda: RESULTS[name]))
    with bench.served():
        assert bench.call("Give").getID().startswith("epics:nt/NT")


def test_a_command_may_return_text_that_is_no_unicode(bench):
    """What a command returned never makes of its success an error."""
    bench.root.add(bench.pr.LocalCommand(name="Give", function=lambda: "a\udc80"))
    with bench.served():
        assert bench.call("Give")["value"] == "a\\udc80"


def test_a_server_starts_again_and_leaves_no_listener_behind(bench):
    """Stop undoes all that start did."""
    bench.local("V", value=1)
    listeners = bench.root.V._BaseVariable__functions
    before = list(listeners)
    with bench.served():
        for value in (2, 3):
            assert len(listeners) == len(before) + 1
            bench.server.stop()
            assert listeners == before
            bench.root.V.set(value)
            bench.server.start()
            conf = bench.server.client_conf()
            with Context("pva", conf=conf, useenv=False) as client:
                assert client.get("B:Top:V", timeout=LIMIT) == value
    assert listeners == before


def test_only_what_is_missing_of_a_map_is_called_missing(bench):
    """One wrong path is one problem, with the nearest path that there is."""
    bench.local("One", value=1)
    bench.local("Two", value=2)
    names = {"Top.One": "one", "Top.Tow": "tow", "Top.Two": "two"}
    with bench.served(pvMap=names) as client:
        problems = [text for text in bench.server.report() if "is not in the tree" in text]
        assert len(problems) == 1
        assert "Top.Tow" in problems[0] and "Top.Two" in problems[0]  # and the nearest path
        assert not any("Top.One" in text for text in bench.server.report())
        assert client.get(["one", "two"], timeout=LIMIT)[1]["value"] == 2
        with pytest.raises(MappingError):
            EpicsPvServer(base="B", root=bench.root, isolate=True, pvMap=names, strict=True).start()
