"""A disabled device: its PVs are INVALID, refuse puts and calls, and recover with it."""

import pytest
from p4p.client.thread import RemoteError
from support.clients.lab import NO_ALARM, lab, triple

DISABLED = (3, 4, "DISABLE")


def build(pr, root, device):
    device.add(pr.RemoteVariable(name="V", offset=0, bitSize=8, base=pr.UInt, mode="RW"))
    device.add(pr.LocalVariable(name="L", value=1.5, highAlarm=2.0))
    device.add(pr.LocalVariable(name="Words", value=[1, 2]))
    device.add(pr.LocalCommand(name="Go", function=lambda: None))
    inner = pr.Device(name="Inner", offset=0x10)
    inner.add(pr.RemoteVariable(name="V", offset=0, bitSize=8, base=pr.UInt, mode="RW"))
    device.add(inner)
    root.add(pr.LocalVariable(name="Other", value=1))


PATHS = ["Dev.V", "Dev.L", "Dev.Words", "Dev.Go", "Dev.Inner.V"]


@pytest.fixture
def served(tree):
    with lab(tree, build) as made:
        yield made


def bad(update):
    return triple(update) == DISABLED


def good(update):
    return triple(update) == NO_ALARM


def test_the_pvs_of_a_disabled_device_are_invalid_until_it_is_enabled(served):
    served.put("Dev.V", 5, wait=True)
    served.put("Dev.Inner.V", 5, wait=True)
    monitors = {path: served.monitor(path) for path in PATHS}
    for monitor in monitors.values():
        assert good(monitor.next())
    served.put("Dev.enable", "False", wait=True)
    for monitor in monitors.values():
        monitor.until(bad)
    assert triple(served.get("Other")) == NO_ALARM
    assert triple(served.get("Dev.enable")) == NO_ALARM
    inner = served.client.get(served.pv("Dev.Inner.enable"))
    assert (str(inner), triple(inner)) == ("ParentFalse", NO_ALARM)
    assert served.get("Dev.V")["value"] == 5
    served.put("Dev.enable", "True", wait=True)
    for monitor in monitors.values():
        monitor.until(good)
        monitor.close()


def test_a_pv_opened_while_its_device_is_disabled_opens_invalid(served):
    served.node("Dev.enable").set(False)
    served.root.waitOnUpdate()
    for path in PATHS:
        assert triple(served.get(path)) == DISABLED, path
    served.node("Dev.enable").set(True)
    served.root.waitOnUpdate()
    for path in ("Dev.L", "Dev.Words", "Dev.Go"):
        monitor = served.monitor(path)
        monitor.until(good)
        monitor.close()


def test_what_changes_meanwhile_is_shown_when_the_device_is_enabled(served):
    monitor = served.monitor("Dev.L")
    monitor.next()
    served.node("Dev.enable").set(False)
    monitor.until(bad)
    served.node("Dev.L").set(2.5)  # PyRogue tells nobody
    served.node("Dev.enable").set(True)
    update = monitor.until(lambda update: triple(update) == (2, 1, "HIHI"))
    assert update == 2.5
    monitor.close()


def test_the_root_disables_all(served):
    served.put("Dev.Inner.V", 1, wait=True)
    monitor = served.monitor("Dev.Inner.V")
    monitor.next()
    served.node("enable").set(False)
    monitor.until(bad)
    assert triple(served.get("Other")) == DISABLED
    served.put("enable", "True", wait=True)
    monitor.until(good)
    monitor.close()


@pytest.mark.parametrize("path", PATHS)
def test_puts_and_calls_are_refused_with_the_reason(served, path):
    served.node("Dev.enable").set(False)
    value = "[3]" if path == "Dev.Words" else 3
    with pytest.raises(RemoteError, match=r"its device Top\.Dev.* is disabled"):
        served.put(path, value, wait=True)
    with pytest.raises(RemoteError, match=r"its device Top\.Dev.* is disabled"):
        served.rpc(path)


def test_enable_listeners_are_gone_with_the_server(tree):
    with lab(tree, build) as served:
        functions = served.node("Dev.enable")._BaseVariable__functions
        before = len(functions)
        served.server.stop()
        assert (before, functions) == (2, [])
