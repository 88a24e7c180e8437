"""The variables of devices as one NTTable, as a client sees it."""

import threading

import numpy as np
import pytest
from p4p.client.thread import Context, RemoteError
from p4p.nt import NTURI
from support.clients.lab import NO_ALARM, lab, stamp, triple
from support.clients.raw_tables import get_raw, put_columns, raw_monitor
from support.clients.served import LIMIT

from roguebridge.core import Select
from roguebridge.plugins.recipes import DeviceTable, linear

PV = "Base:Adcs"


def build(pr, root, device):
    for number in range(3):
        adc = pr.Device(name=f"Adc[{number}]", offset=0x100 * number)
        adc.add(pr.LocalVariable(name="Gain", value=number, minimum=0, maximum=9))
        adc.add(pr.LocalVariable(name="Temp", value=20.5 + number, highAlarm=30.0, lowWarning=5.0))
        adc.add(pr.LocalVariable(name="On", value=True))
        adc.add(pr.LocalVariable(name="Mode", value=0, enum={0: "Slow", 1: "Fast"}))
        adc.add(pr.LocalVariable(name="Secret", value=1, groups=["NoServe"]))
        adc.add(pr.LocalVariable(name="Wave", value=np.zeros(3)))
        adc.add(pr.RemoteVariable(name="Raw", offset=0, bitSize=16, base=pr.UInt))
        adc.add(pr.RemoteVariable(name="Name", offset=0x10, bitSize=64, base=pr.String))
        device.add(adc)


def make_lab(tree, **options):
    options = {"variables": ["Gain", "Temp", "On", "Mode", "Raw"], "period": 0.01} | options
    return lab(tree, build, plugins=[DeviceTable("{base}:Adcs", "Top.Dev.Adc[*]", **options)])


@pytest.fixture
def adcs(tree):
    with make_lab(tree) as made:
        for number in range(3):
            made.node(f"Dev.Adc[{number}].Raw").set(7)
        yield made


@pytest.fixture
def monitor(adcs):
    updates = raw_monitor(adcs, PV)
    yield updates
    updates.close()


def shows(**columns):
    """Tell whether an update has these columns."""

    def fits(update):
        return all(list(update[f"value.{name}"]) == items for name, items in columns.items())

    return fits


def test_devices_are_rows_and_variables_are_columns(adcs):
    value = get_raw(adcs, PV)
    assert value.getID() == "epics:nt/NTTable:1.0"
    assert list(value["labels"]) == ["device", "Gain", "Temp", "On", "Mode", "Raw"]
    assert list(value["value.device"]) == [f"Top.Dev.Adc[{number}]" for number in range(3)]
    assert list(value["value.Gain"]) == [0, 1, 2]
    assert list(value["value.Temp"]) == [20.5, 21.5, 22.5]
    assert list(value["value.On"]) == [True, True, True]
    assert list(value["value.Mode"]) == ["Slow"] * 3
    assert list(value["value.Raw"]) == [7, 7, 7]
    kinds = [value.type()["value"][name] for name in ("Gain", "Temp", "On", "Mode", "Raw")]
    assert kinds == ["ai", "ad", "a?", "as", "aH"]
    assert triple(value) == NO_ALARM


def test_an_update_of_any_variable_posts_the_table_with_its_time(adcs, monitor):
    first = monitor.next()
    adcs.node("Dev.Adc[1].Gain").set(9)
    adcs.node("Dev.Adc[2].Mode").set(1)
    update = monitor.until(shows(Gain=[0, 9, 2], Mode=["Slow", "Slow", "Fast"]))
    assert stamp(update) > stamp(first)


def test_the_alarm_is_the_worst_of_all(adcs, monitor):
    adcs.node("Dev.Adc[0].Temp").set(1.0)
    assert triple(monitor.until(shows(Temp=[1.0, 21.5, 22.5]))) == (1, 1, "LOW")
    adcs.node("Dev.Adc[2].Temp").set(40.0)
    assert triple(monitor.until(shows(Temp=[1.0, 21.5, 40.0]))) == (2, 1, "HIHI")
    assert triple(get_raw(adcs, PV)) == (2, 1, "HIHI")
    adcs.node("Dev.Adc[2].Temp").set(20.0)
    adcs.node("Dev.Adc[0].Temp").set(20.0)
    assert triple(monitor.until(shows(Temp=[20.0, 21.5, 20.0]))) == NO_ALARM


def test_a_disabled_device_makes_it_invalid(adcs, monitor):
    adcs.node("Dev.Adc[1].enable").set(False)
    monitor.until(lambda update: triple(update) == (3, 4, "DISABLE"))
    adcs.node("Dev.Adc[1].enable").set(True)
    monitor.until(lambda update: triple(update) == NO_ALARM)


def test_it_cannot_be_put(adcs):
    with pytest.raises(RemoteError, match=r"Put not permitted: Base:Adcs is read-only \(mode RO\)"):
        put_columns(adcs, PV, Gain=[1, 2, 3])
    assert adcs.node("Dev.Adc[0].Gain").value() == 0


def test_a_read_that_is_asked_for_reads_all_registers(adcs):
    adcs.memory.poke(0x200, (5).to_bytes(4, "little"))
    uri = NTURI([("op", "s")]).wrap(PV, kws={"op": "read"})
    reply = adcs.raw.rpc(PV, uri, timeout=LIMIT)
    assert list(reply["value.Raw"]) == [7, 7, 5]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # of the tree
def test_text_that_cannot_be_read_makes_it_invalid_and_keeps_the_rest(tree):
    with make_lab(tree, variables=["Gain", "Name"]) as made:
        made.node("Dev.Adc[0].Name").set("first")
        monitor = raw_monitor(made, PV)
        monitor.until(shows(Name=["first", "", ""]))
        made.memory.poke(0x10, b"\xff\xfe\xfd\xfc\0\0\0\0")
        with pytest.raises(tree.general_error):
            made.node("Dev.Adc[0].Name").get()
        made.node("Dev.Adc[1].Gain").set(5)
        update = monitor.until(shows(Gain=[0, 5, 2]))
        assert triple(update)[0] == 3
        assert list(update["value.Name"]) == ["first", "", ""]
        monitor.close()


def test_by_default_all_scalars_are_shown_that_no_group_hides(tree):
    with make_lab(tree, variables=None) as made:
        labels = list(get_raw(made, PV)["labels"])
    assert labels == ["device", "enable", "Gain", "Temp", "On", "Mode", "Raw", "Name"]


def test_what_is_named_is_shown_whatever_its_groups(tree):
    with make_lab(tree, variables=["Secret"]) as made:
        assert list(get_raw(made, PV)["value.Secret"]) == [1, 1, 1]
        assert "Top.Dev.Adc[0].Secret" not in made.server.holders


def test_rules_of_the_table_convert_its_variables(tree):
    rule = linear(Select(path="*.Temp"), scale=2.0, offset=1.0)
    with make_lab(tree, variables=["Gain", "Temp"], rules=[rule]) as made:
        monitor = raw_monitor(made, PV)
        assert list(monitor.next()["value.Temp"]) == [42.0, 44.0, 46.0]
        made.node("Dev.Adc[0].Temp").set(31.0)
        assert triple(monitor.until(shows(Temp=[63.0, 44.0, 46.0]))) == (2, 1, "HIHI")
        monitor.close()


def test_a_variable_that_is_no_scalar_is_named(tree):
    with make_lab(tree, variables=["Gain", "Wave"]) as made:
        assert triple(get_raw(made, PV)) == (3, 3, "CALC")
        trouble = next(h for h in made.server._lifecycle.own_holders.values()).trouble
        assert "Top.Dev.Adc[0].Wave is no scalar" in trouble


def test_a_stop_leaves_no_listener_and_no_thread_and_a_start_serves_it_again(tree):
    with make_lab(tree) as made:
        gain = made.node("Dev.Adc[0].Gain")
        before = threads()
        assert len(before) == 1
        made.server.stop()
        assert threads() == []
        made.server.start()
        with raw_client(made) as client:
            gain.set(8)
            assert list(client.get(PV, timeout=LIMIT)["value.Gain"])[0] == 8


def threads():
    return [t.name for t in threading.enumerate() if t.name.startswith("roguebridge-Base:Adcs")]


def raw_client(made):
    return Context("pva", conf=made.server.client_conf(), useenv=False, nt=False)


def test_a_table_of_nothing_does_not_start(tree):
    table = DeviceTable("{base}:T", "Top.Dev.Adk[*]")
    with lab(tree, build, plugins=[table]) as made:
        problem = "no device matches ('Top.Dev.Adk[*]',)"
        assert any(problem in text for text in made.server.report())
