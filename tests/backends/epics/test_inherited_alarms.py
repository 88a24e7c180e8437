"""What is worked out from a bad value is not good: links, chains of them, and tables."""

import pytest
from p4p import Type, Value
from p4p.client.thread import Context, RemoteError
from support.clients.lab import NO_ALARM, lab, triple
from support.clients.served import Updates

from roguebridge.core.tree.links import sources_of
from roguebridge.plugins.recipes import DeviceTable

UDF, DISABLE, TIMEOUT = (3, 2, "UDF"), (3, 4, "DISABLE"), (3, 2, "TIMEOUT")
READ, WRITE, CALC = (3, 1, "READ"), (3, 1, "WRITE"), (3, 3, "CALC")
LINKS = ["Mirror", "Computed", "Chain", "Sum"]


def build(pr, root, device):
    """A register, a second one in a device of its own, and links to them."""
    device.add(pr.RemoteVariable(name="R", offset=0, bitSize=32, base=pr.UInt, mode="RW"))
    device.add(pr.RemoteVariable(name="WO", offset=4, bitSize=32, base=pr.UInt, mode="WO"))
    other = pr.Device(name="Other", offset=0x100)
    other.add(
        pr.RemoteVariable(name="R", offset=0, bitSize=32, base=pr.UInt, mode="RW", groups=["Raw"])
    )
    device.add(other)
    root.add(pr.LocalVariable(name="Local", value=1.5))
    root.add(pr.LinkVariable(name="Mirror", variable=device.R))
    root.add(
        pr.LinkVariable(
            name="Computed", dependencies=[device.R], linkedGet=lambda: device.R.value() * 0.5
        )
    )
    root.add(
        pr.LinkVariable(
            name="Chain", dependencies=[root.Computed], linkedGet=lambda: root.Computed.value() + 1
        )
    )
    root.add(
        pr.LinkVariable(
            name="Sum",
            dependencies=[root.Local, root.Mirror],
            linkedGet=lambda: root.Local.value() + root.Mirror.value(),
        )
    )
    root.add(
        pr.LinkVariable(
            name="Both",
            dependencies=[device.R, other.R],
            linkedGet=lambda: device.R.value() + other.R.value(),
        )
    )


def good(update):
    return triple(update) == NO_ALARM


def shows(alarm):
    return lambda update: triple(update) == alarm


@pytest.fixture
def served(tree):
    with lab(tree, build, excGroups=["Raw"]) as made:
        yield made


@pytest.mark.parametrize("path", LINKS)
def test_a_link_of_a_register_never_read_is_undefined_until_the_first_update(served, path):
    expected = {"Mirror": 8, "Computed": 4.0, "Chain": 5.0, "Sum": 9.5}[path]
    monitor = served.monitor(path)
    assert triple(monitor.next()) == UDF
    served.node("Local").set(1.5)
    served.memory.poke(0, b"\x08\0\0\0")
    served.node("Dev.R").get()
    update = monitor.until(good)
    assert update == expected
    monitor.close()


@pytest.mark.parametrize("path", LINKS)
def test_a_link_that_nobody_watched_is_good_when_its_source_was_read(served, path):
    served.node("Dev.R").get()
    served.root.waitOnUpdate()
    assert triple(served.get(path)) == NO_ALARM


def chain(pr, root, device):
    """Five links in a row, each second one a mirror, of a register that is not served."""
    sub = pr.Device(name="Sub", offset=0x100)
    sub.add(
        pr.RemoteVariable(name="R", offset=0, bitSize=32, base=pr.UInt, mode="RW", groups=["Raw"])
    )
    device.add(sub)
    node = sub.R
    for number in range(5):
        if number % 2:
            root.add(pr.LinkVariable(name=f"L{number}", variable=node))
        else:
            get = node.value
            root.add(pr.LinkVariable(name=f"L{number}", dependencies=[node], linkedGet=get))
        node = root.node(f"L{number}")


def test_each_state_of_a_register_reaches_the_end_of_a_long_chain(tree):
    with lab(tree, chain, excGroups=["Raw"]) as served:
        monitor = served.monitor("L4")
        assert triple(monitor.next()) == UDF
        served.node("Dev.Sub.R").set(7)
        assert monitor.until(good) == 7
        for switch in ("Dev.Sub.enable", "Dev.enable", "enable"):
            served.node(switch).set(False)
            monitor.until(shows(DISABLE))
            served.node(switch).set(True)
            monitor.until(good)
        monitor.close()


def mirrors(pr, root, device):
    device.add(pr.RemoteVariable(name="R", offset=0, bitSize=32, base=pr.UInt, mode="RW"))
    root.add(pr.LinkVariable(name="M", variable=device.R))
    root.add(pr.LinkVariable(name="MM", variable=root.M))


@pytest.mark.parametrize("path", ["M", "MM"])
def test_a_mirror_of_a_register_never_read_is_good_when_a_put_to_it_is_answered(tree, path):
    with lab(tree, mirrors) as served:
        monitor = served.monitor(path)
        assert triple(monitor.next()) == UDF
        served.put(path, 5, wait=True)
        shown = served.get(path)
        assert (shown["value"], triple(shown)) == (5, NO_ALARM)
        assert monitor.until(good) == 5
        monitor.close()


@pytest.mark.parametrize("watched", [True, False])
def test_what_a_failed_put_to_a_mirror_has_left_behind_is_no_good_value(tree, watched):
    with lab(tree, mirrors) as served:
        served.put("Dev.R", 4, wait=True)
        monitor = served.monitor("Dev.R") if watched else None
        if watched:
            monitor.until(good)
        served.memory.fail_read(0)  # and so no write can be verified, and nothing read back
        with pytest.raises(RemoteError):
            served.put("MM", 6, wait=True)
        shown = served.get("Dev.R")
        assert shown["alarm.severity"] == 3
        assert shown["value"] == 4 or not watched
        served.memory.clear()
        monitor = monitor or served.monitor("Dev.R")
        assert monitor.until(good) == 6  # it was written
        monitor.close()


def test_a_source_that_is_not_served_is_heard(served):
    served.node("Dev.R").get()
    monitor = served.monitor("Both")
    assert triple(monitor.next()) == UDF
    served.node("Dev.R").set(4)  # the link is updated, and still not good
    assert triple(monitor.next()) == UDF
    served.node("Dev.Other.R").get()
    assert monitor.until(good) == 4
    monitor.close()


def test_the_listeners_of_sources_are_gone_with_the_server(served):
    functions = served.node("Dev.Other.R")._BaseVariable__functions
    assert len(functions) == 1
    served.server.stop()
    assert functions == []


def test_the_worst_source_wins(served):
    monitor = served.monitor("Both")
    assert triple(monitor.next()) == UDF
    served.node("Dev.Other.enable").set(False)
    monitor.until(shows(DISABLE))
    served.node("Dev.R").get()
    assert triple(monitor.next()) == DISABLE
    served.node("Dev.Other.enable").set(True)
    monitor.until(shows(UDF))
    monitor.close()


@pytest.mark.parametrize("path", LINKS)
def test_a_link_of_a_disabled_device_is_disabled(served, path):
    served.node("Dev.R").get()
    served.root.waitOnUpdate()
    monitor = served.monitor(path)
    assert good(monitor.next())
    served.node("Dev.enable").set(False)
    monitor.until(shows(DISABLE))
    served.node("Dev.enable").set(True)
    monitor.until(good)
    monitor.close()


def read(served, path):
    """Have a PV read by a client of its own, which then leaves."""
    conf = served.server.client_conf()
    with Context("pva", conf=conf, useenv=False) as other:
        return other.rpc(served.pv(path), Value(Type([])), timeout=30)


@pytest.mark.parametrize("path", LINKS)
def test_a_read_that_fails_when_a_client_asks_is_a_fault_of_the_links(served, path):
    read(served, "Dev.R")
    monitor = served.monitor(path)
    monitor.until(good)
    served.memory.fail_read(0)
    with pytest.raises(RemoteError):
        read(served, "Dev.R")
    monitor.until(shows(READ))
    served.memory.clear()
    served.node("Dev.R").get()  # its own PV has no client any more
    monitor.until(good)
    monitor.close()


def test_a_link_read_in_hardware_says_what_has_failed_there(served):
    read(served, "Mirror")
    monitor = served.monitor("Mirror")
    monitor.until(good)
    served.memory.fail_read(0)
    with pytest.raises(RemoteError):
        read(served, "Mirror")
    monitor.until(shows(READ))
    served.memory.clear()
    read(served, "Mirror")
    monitor.until(good)
    monitor.close()


def test_a_register_whose_write_has_failed_and_cannot_be_read_is_no_good_source(served):
    served.put("Dev.R", 4, wait=True)
    monitor = served.monitor("Computed")
    monitor.until(good)
    served.memory.fail_read(0)  # and so no write can be verified
    with (
        Context("pva", conf=served.server.client_conf(), useenv=False) as other,
        pytest.raises(RemoteError),
    ):
        other.put(served.pv("Dev.R"), 6, timeout=30, get=False)
    monitor.until(shows(WRITE))
    served.memory.clear()  # the register is read again although nobody looks at its own PV
    assert monitor.until(good) in (2.0, 3.0)
    monitor.close()


def polled(pr, root, device):
    for number, groups in enumerate((["Seen"], ["Raw"])):
        device.add(
            pr.RemoteVariable(
                name=f"P[{number}]", offset=16 * number, bitSize=8, base=pr.UInt, mode="RO",
                pollInterval=0.2, groups=groups,
            )
        )  # fmt: skip
    first, second = device.P[0], device.P[1]
    root.add(
        pr.LinkVariable(
            name="Both", dependencies=[first, second],
            linkedGet=lambda: first.value() + second.value(),
        )
    )  # fmt: skip


@pytest.mark.parametrize("failing", [0, 1])
def test_polls_of_one_source_that_fail_in_silence_are_seen(tree, failing):
    with lab(tree, polled, excGroups=["Raw"]) as served:
        served.root.PollEn.set(True)
        monitor = served.monitor("Both")
        monitor.until(good)
        served.memory.fail_read(16 * failing)
        monitor.until(shows(TIMEOUT))
        served.memory.clear()
        monitor.until(good)
        monitor.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_source_that_cannot_be_worked_out_spoils_what_is_made_of_it(tree):
    failing = []

    def get():
        if failing:
            raise ValueError("no sensor")
        return 1.5

    def add(pr, root, device):
        root.add(pr.LocalVariable(name="Good", value=0))
        root.add(
            pr.LinkVariable(name="Inner", dependencies=[root.Good], linkedGet=get, groups=["Raw"])
        )
        root.add(
            pr.LinkVariable(name="Outer", dependencies=[root.Inner], linkedGet=lambda: len(failing))
        )

    with lab(tree, add, excGroups=["Raw"]) as served:
        monitor = served.monitor("Outer")
        assert good(monitor.next())
        failing.append(True)
        served.node("Good").set(1)
        served.node("Good").set(2)
        monitor.until(shows(CALC))
        failing.clear()
        served.node("Good").set(3)
        monitor.until(good)
        monitor.close()


def test_what_a_client_has_read_for_it_reads_sources_that_were_never_read(tree):
    with lab(tree, build, excGroups=["Raw"], read_on_connect=True) as served:
        monitor = served.monitor("Computed")
        assert good(monitor.next())
        assert served.memory.reads(0) == 1
        monitor.close()
        served.memory.fail_read(0x100)
        monitor = served.monitor("Both")
        monitor.until(shows(UDF))
        monitor.close()


def test_links_that_depend_on_each_other_end(tree):
    def add(pr, root, device):
        device.add(pr.RemoteVariable(name="R", offset=0, bitSize=32, base=pr.UInt, mode="RW"))
        root.add(pr.LinkVariable(name="A", dependencies=[device.R], linkedGet=lambda: 1))
        root.add(pr.LinkVariable(name="B", dependencies=[root.A], linkedGet=lambda: 2))

    with lab(tree, add) as served:
        a, b = served.node("A"), served.node("B")
        a.dependencies.append(b)
        try:
            assert {one.name for one in sources_of(a)} == {"R", "B"}
            assert {one.name for one in sources_of(b)} == {"A", "R"}
        finally:
            a.dependencies.remove(b)


def test_a_write_only_source_is_left_out(tree):
    def add(pr, root, device):
        device.add(pr.RemoteVariable(name="WO", offset=0, bitSize=32, base=pr.UInt, mode="WO"))
        root.add(pr.LinkVariable(name="Staged", dependencies=[device.WO], linkedGet=lambda: 1))

    with lab(tree, add) as served:
        assert triple(served.get("Staged")) == NO_ALARM


def test_a_table_is_as_good_as_its_worst_cell(tree):
    table = DeviceTable("Base:Table", "Top.Dev", ["R", "Half"])

    def add(pr, root, device):
        device.add(pr.RemoteVariable(name="R", offset=0, bitSize=32, base=pr.UInt, mode="RW"))
        device.add(
            pr.LinkVariable(
                name="Half", dependencies=[device.R], linkedGet=lambda: device.R.value() / 2
            )
        )

    with lab(tree, add, plugins=[table]) as served:
        monitor = Updates(served.client, "Base:Table")
        monitor.until(shows(UDF))
        served.node("Dev.R").get()
        monitor.until(good)
        served.node("Dev.enable").set(False)
        monitor.until(shows(DISABLE))
        monitor.close()


@pytest.mark.parametrize(("declared", "put", "zero"), [("UInt32", 7, 0), ("Float32", 7.5, 0.0)])
def test_a_link_that_only_writes_has_its_declared_type_and_shows_the_last_put(
    tree, declared, put, zero
):
    taken = []

    def add(pr, root, device):
        root.add(
            pr.LinkVariable(
                name="W", mode="WO", typeStr=declared, linkedSet=lambda value: taken.append(value)
            )
        )

    with lab(tree, add) as served:
        shown = served.get("W")
        assert (shown["value"], triple(shown)) == (zero, NO_ALARM)
        served.put("W", put, wait=True)
        shown = served.get("W")
        assert (shown["value"], triple(shown), taken) == (put, NO_ALARM, [put])


def test_a_write_only_register_says_that_nothing_has_been_put_yet(served):
    text = "UDF: write-only, nothing has been put yet"
    shown = served.get("Dev.WO")
    assert (shown["value"], triple(shown)) == (0, (3, 2, text))
    served.put("Dev.WO", 5, wait=True)
    shown = served.get("Dev.WO")
    assert (shown["value"], triple(shown)) == (5, NO_ALARM)
