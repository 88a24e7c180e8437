"""What a PV tells is the same for each client, whenever it comes and however it asks."""

import threading

import pytest
from p4p import Type, Value
from p4p.client.thread import Context, RemoteError
from support.clients.lab import NO_ALARM, lab, stamp, triple

from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.hooks.rules import TimeSourceRule
from roguebridge.core.mapping.select import Select

DISABLE, UDF, WRITE = (3, 4, "DISABLE"), (3, 2, "UDF"), (3, 1, "WRITE")
HIHI = (2, 1, "HIHI")


@pytest.mark.parametrize(
    ("arguments", "bad"),
    [
        ({"value": 0, "enum": {0: "a", 5: "b", 9: "c"}, "highAlarm": 6, "highWarning": 4}, 9),
        ({"value": 2**70, "highAlarm": 2**71}, 2**72),
        ({"value": "a", "highAlarm": "m"}, "z"),
        ({"value": [1.0], "typeStr": "List[float]", "highAlarm": 5.0}, [1.0, 9.0]),
    ],
    ids=["enum", "big", "text", "list"],
)
def test_the_alarm_is_that_of_the_value_however_it_was_read(tree, arguments, bad):
    def build(pr, root, device):
        root.add(pr.LocalVariable(name="V", **arguments))

    with lab(tree, build) as served:
        served.node("V").set(bad)
        served.root.waitOnUpdate()
        monitor = served.monitor("V")
        assert triple(monitor.next()) == HIHI
        served.node("V").set(bad)
        assert triple(monitor.next()) == HIHI
        assert triple(served.rpc("V", op="read")) == HIHI
        served.node("V").set(arguments["value"])
        monitor.until(lambda update: triple(update) == NO_ALARM)
        monitor.close()


def registers(pr, root, device):
    device.add(pr.RemoteVariable(name="R", offset=0, bitSize=32, base=pr.UInt, mode="RW"))
    device.add(pr.RemoteVariable(name="RO", offset=8, bitSize=32, base=pr.UInt, mode="RO"))
    root.add(pr.LinkVariable(name="Mirror", variable=device.R))
    root.add(pr.LinkVariable(name="Again", variable=root.Mirror))


def gone(served, path):
    """Wait until the PV has no client any more."""
    for _ in range(2000):
        if not served.holder(path).is_open:
            return
        threading.Event().wait(0.01)
    raise AssertionError(f"{path} has a client")


def test_a_register_never_read_stays_undefined_whatever_happens_around_it(tree):
    with lab(tree, registers) as served:
        monitor = served.monitor("Dev.R")
        assert triple(monitor.next()) == UDF
        served.node("Dev.enable").set(False)
        monitor.until(lambda update: triple(update) == DISABLE)
        served.node("Dev.enable").set(True)
        assert triple(monitor.until(lambda update: triple(update) != DISABLE)) == UDF
        served.memory.fail_read(8)
        with (
            Context("pva", conf=served.server.client_conf(), useenv=False) as other,
            pytest.raises(RemoteError),
        ):
            other.rpc(served.pv("Dev.RO"), Value(Type([])), timeout=30)
        gone(served, "Dev.RO")
        assert triple(served.get("Dev.RO")) == UDF
        served.memory.clear()
        assert triple(served.rpc("Dev.RO", op="read")) == NO_ALARM
        monitor.close()


@pytest.mark.parametrize("path", ["Mirror", "Again"])
def test_a_mirror_of_a_register_is_disabled_with_its_device(tree, path):
    with lab(tree, registers) as served:
        served.put(path, 4, wait=True)
        monitor = served.monitor(path)
        monitor.next()
        served.node("Dev.enable").set(False)
        assert monitor.until(lambda update: triple(update) == DISABLE) == 4
        with pytest.raises(RemoteError, match=r"mirrors Top\.Dev\.R, .* Top\.Dev is disabled"):
            served.put(path, 77, wait=True)
        assert served.get(path)["value"] == 4
        served.node("Dev.enable").set(True)
        assert monitor.until(lambda update: triple(update) == NO_ALARM) == 4
        assert served.memory.peek(0, 1) == b"\4"
        monitor.close()


def test_a_write_that_fails_after_its_client_has_left_shows_no_false_value_to_the_next(tree):
    with lab(tree, registers) as served:
        served.put("Dev.R", 4, wait=True)
        served.server.stop()
        served.server.start()
        held = served.memory.hold(0)
        served.memory.stuck(0)
        conf = served.server.client_conf()
        with Context("pva", conf=conf, useenv=False) as leaving:
            leaving.put(served.pv("Dev.R"), 77, wait=False, timeout=30, get=False)
            assert held.entered.wait(30)
        gone(served, "Dev.R")
        held.open()
        assert served.rpc_bare("Dev.RO")["value"] == 0  # one after the other, per device
        for _ in range(2000):
            if served.node("Dev.R").value() == 4:
                break
            threading.Event().wait(0.01)
        assert served.get("Dev.R")["value"] == 4


def test_a_command_is_busy_for_those_too_who_come_while_it_runs(tree):
    entered, free = threading.Event(), threading.Event()

    def run():
        entered.set()
        free.wait(30)

    def fail(arg):
        raise RuntimeError("the pump is off")

    def build(pr, root, device):
        root.add(pr.LocalCommand(name="Run", function=run))
        root.add(pr.LocalCommand(name="Fail", function=fail))

    with lab(tree, build) as served:
        conf = served.server.client_conf()
        with Context("pva", conf=conf, useenv=False) as caller:
            caller.put(served.pv("Run"), 1, wait=False, get=False, timeout=30)
            with pytest.raises(RemoteError, match="the pump is off"):
                caller.put(served.pv("Fail"), 5, wait=True, get=False, timeout=30)
        assert entered.wait(30)
        gone(served, "Run")
        gone(served, "Fail")
        try:
            monitor = served.monitor("Run")
            assert monitor.next() == 1
        finally:
            free.set()
        assert monitor.until(lambda update: update == 0) == 0
        assert triple(served.get("Fail")) == (2, 3, "the pump is off")
        monitor.close()


class Times:
    """The value is its own time, in ns after a day in 2023."""

    START = 1_700_000_000_000_000_000

    @hookimpl
    def time_source_rules(self):
        return [TimeSourceRule(lambda node: lambda value: self.START + value, Select("*.T"))]


def test_a_time_source_gives_the_time_of_each_value_that_is_shown(tree):
    def build(pr, root, device):
        root.add(pr.LocalVariable(name="T", value=0))

    with lab(tree, build, plugins=[Times()]) as served:
        monitor = served.monitor("T")
        assert stamp(monitor.next()) == Times.START
        served.node("T").set(5)
        assert stamp(monitor.next()) == Times.START + 5
        served.put("T", 7, wait=True)
        assert stamp(monitor.next()) == Times.START + 7
        served.node("T").set(9)
        assert stamp(monitor.until(lambda update: update == 9)) == Times.START + 9
        served.node("T").set(2**70)
        monitor.until(lambda update: triple(update) != NO_ALARM)
        monitor.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_getter_that_fails_once_is_asked_again(tree):
    failing = []

    def get():
        if failing:
            raise ValueError("no sensor")
        return 1.5

    def build(pr, root, device):
        root.add(pr.LocalVariable(name="Good", value=0))
        root.add(pr.LinkVariable(name="Link", dependencies=[root.Good], linkedGet=get))

    with lab(tree, build) as served:
        monitor = served.monitor("Link")
        assert triple(monitor.next()) == NO_ALARM
        failing.append(True)
        served.node("Good").set(1)
        monitor.until(lambda update: triple(update) == (3, 3, "CALC"))
        failing.clear()
        monitor.until(lambda update: triple(update) == NO_ALARM)
        monitor.close()


def test_the_next_client_is_told_too_that_polls_reads_and_writes_have_failed(tree):
    def build(pr, root, device):
        registers(pr, root, device)
        device.add(
            pr.RemoteVariable(
                name="P", offset=16, bitSize=8, base=pr.UInt, mode="RO", pollInterval=0.2
            )
        )

    paths = ["Dev.P", "Dev.R", "Dev.RO"]
    with lab(tree, build) as served:
        served.root.PollEn.set(True)
        served.put("Dev.R", 4, wait=True)
        served.rpc("Dev.RO", op="read")
        conf = served.server.client_conf()
        with Context("pva", conf=conf, useenv=False, nt=False) as first:
            seen = threading.Event(), threading.Event()

            def look(value):
                seen[triple(value) == (3, 2, "TIMEOUT")].set()

            polled = first.monitor(served.pv("Dev.P"), look)
            assert seen[0].wait(30)
            served.memory.fail_read(16)
            served.memory.fail_read(8)
            with pytest.raises(RemoteError):
                first.rpc(served.pv("Dev.RO"), Value(Type([])), timeout=30)
            served.memory.stuck(0)
            with pytest.raises(RemoteError):
                first.put(served.pv("Dev.R"), {"value": 5}, timeout=30, get=False)
            assert seen[1].wait(30)
            polled.close()
        for path in paths:
            gone(served, path)
        alarms = [triple(served.get(path)) for path in paths]
        assert alarms == [(3, 2, "TIMEOUT"), WRITE, (3, 1, "READ")]
        served.memory.clear()
        served.put("Dev.R", 5, wait=True)
        served.rpc("Dev.RO", op="read")
        monitor = served.monitor("Dev.P")
        monitor.until(lambda update: triple(update) == NO_ALARM)
        assert {triple(served.get(path)) for path in paths} == {NO_ALARM}
        monitor.close()


@pytest.mark.parametrize("fault", ["stuck", "fail_write", "hang"])
def test_who_knows_that_a_write_has_failed_finds_it_shown(tree, fault):
    def build(pr, root, device):
        registers(pr, root, device)
        device.add(pr.RemoteVariable(name="WO", offset=16, bitSize=8, base=pr.UInt, mode="WO"))

    with lab(tree, build, timeout=0.3) as served:
        for path, address in {"Dev.R": 0, "Mirror": 0, "Dev.WO": 16}.items():
            if (path, fault) == ("Dev.WO", "stuck"):
                continue  # nobody can know
            served.put(path, 4, wait=True)
            getattr(served.memory, fault)(address)
            with pytest.raises(RemoteError):
                served.put(path, 5, wait=True, get=False)
            shown = served.get(path)
            assert (shown["value"], triple(shown)) == (4, WRITE)
            served.memory.clear()
            if path != "Dev.WO":
                # PyRogue still has the verification of that write to complain of
                fresh = served.rpc(path, op="read")
                assert (fresh["value"], triple(fresh)) == (4, NO_ALARM)
            served.put(path, 6, wait=True)
            assert triple(served.get(path)) == NO_ALARM
