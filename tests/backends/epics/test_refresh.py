"""Reading hardware because a client asks for it: by rpc, by a put that processes, on connect."""

import numpy as np
import pytest
from p4p.client.thread import RemoteError
from support.clients.lab import NO_ALARM, lab, stamp, triple

LAST_WORDS = (3, 1, "READ")


def registers(pr, root, device):
    def add(name, offset, mode="RW", **options):
        options = {"bitSize": 16, "base": pr.UInt, **options}
        device.add(pr.RemoteVariable(name=name, offset=offset, mode=mode, **options))

    add("V", 0x00, description="a level", units="mm", maximum=1000)
    add("Ro", 0x10, mode="RO")
    add("Wo", 0x20, mode="WO")
    add("Late", 0x30)
    device.add(
        pr.RemoteVariable(
            name="Wave", offset=0x40, base=pr.UInt, numValues=4, valueBits=8, valueStride=8
        )
    )
    root.add(pr.LocalVariable(name="Local", value=5, localGet=lambda: root.numbers.pop(0)))
    root.numbers = [5] * 50
    root.add(
        pr.LinkVariable(
            name="Link", dependencies=[device.V],
            linkedGet=lambda read: device.V.get(read=read) * 0.5,
        )
    )  # fmt: skip
    root.add(pr.LocalVariable(name="Plain", value=1))


@pytest.fixture
def served(tree):
    with lab(tree, registers, timeout=0.2) as made:
        yield made


@pytest.mark.parametrize("path", ["Dev.V", "Dev.Ro"])
@pytest.mark.parametrize("arguments", [{}, {"op": "read"}], ids=["empty", "op=read"])
def test_an_rpc_reads_the_register_and_answers_with_the_whole_pv(served, path, arguments):
    before = served.get(path)
    served.memory.poke(0x00 if path == "Dev.V" else 0x10, bytes([7, 1]))
    reply = served.rpc(path, **arguments)
    assert reply.getID() == "epics:nt/NTScalar:1.0"
    assert reply["value"] == 0x107
    assert triple(reply) == NO_ALARM
    assert stamp(reply) > stamp(before)
    assert reply.type().aspy() == before.type().aspy()
    if path == "Dev.V":
        assert reply["display.description"] == "a level"
        assert reply["display.units"] == "mm"
        assert reply["control.limitHigh"] == 1000
    after = served.get(path)
    assert after["value"] == 0x107
    assert stamp(after) >= stamp(reply)


def test_an_rpc_without_nturi_reads_as_well(served):
    served.memory.poke(0x00, bytes([9, 0]))
    assert served.rpc_bare("Dev.V", op="read")["value"] == 9


def test_a_read_needs_nobody_who_looks(served):
    served.memory.poke(0x00, bytes([3, 0]))
    assert served.rpc("Dev.V")["value"] == 3
    assert served.get("Dev.V")["value"] == 3


def test_arrays_and_links_and_getters_are_read(served):
    served.memory.poke(0x40, bytes([1, 2, 3, 4]))
    assert list(served.rpc("Dev.Wave")["value"]) == [1, 2, 3, 4]
    served.memory.poke(0x00, bytes([9, 0]))
    assert served.rpc("Link")["value"] == 4.5
    served.get("Local")
    served.root.numbers[:] = [6] * 50
    assert served.rpc("Local")["value"] == 6
    assert served.rpc("Plain", op="read")["value"] == 1


def test_monitors_see_what_a_read_brings(served):
    monitor = served.monitor("Dev.V")
    monitor.next()
    served.memory.poke(0x00, bytes([8, 0]))
    served.rpc("Dev.V")
    assert monitor.until(lambda update: update == 8) == 8
    monitor.close()


def test_a_read_that_fails_tells_why_and_shows_it_until_one_succeeds(served):
    served.put("Dev.V", 5)
    served.memory.fail_read(0x00)
    with pytest.raises(RemoteError, match="NAK"):
        served.rpc("Dev.V")
    failed = served.get("Dev.V")
    assert (failed["value"], triple(failed)) == (5, LAST_WORDS)
    assert any("Top.Dev.V" in text and "NAK" in text for text in served.server.report())
    served.memory.clear()
    assert triple(served.rpc("Dev.V")) == NO_ALARM
    assert triple(served.get("Dev.V")) == NO_ALARM
    assert served.server.report() == ()


def test_a_transaction_that_times_out_is_told_apart(served):
    served.get("Dev.Late")
    served.memory.hang(0x30)
    with pytest.raises(RemoteError, match="Timeout"):
        served.rpc("Dev.Late")
    assert triple(served.get("Dev.Late")) == (3, 2, "TIMEOUT")


def test_what_cannot_be_read_or_called_is_refused_by_name(served):
    with pytest.raises(RemoteError, match="Base:Top:Dev:Wo is write-only"):
        served.rpc("Dev.Wo")
    with pytest.raises(RemoteError, match="Base:Top:Dev:V is a variable: it can be read with"):
        served.rpc("Dev.V", op="write")
    with pytest.raises(RemoteError, match="Base:Top:Dev:V is a variable"):
        served.rpc("Dev.V", op="read", arg=3)
    served.root.Dev.enable.set(False)
    with pytest.raises(RemoteError, match="Top.Dev is disabled"):
        served.rpc("Dev.V")


# Puts that process ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["Dev.V", "Dev.Ro"])
def test_a_put_of_nothing_that_processes_reads(served, path):
    served.get(path)
    address = 0x00 if path == "Dev.V" else 0x10
    served.memory.poke(address, bytes([4, 0]))
    writes = served.memory.all_writes()
    served.put_raw(path, {}, "field()record[block=true,process=true]")
    assert served.get(path)["value"] == 4
    assert served.memory.all_writes() == writes


def test_a_put_of_nothing_that_does_not_process_changes_and_reads_nothing(served):
    served.get("Dev.V")
    served.memory.poke(0x00, bytes([4, 0]))
    reads = served.memory.reads(0x00)
    for process in ("passive", "false", "odd"):
        served.put_raw("Dev.V", {}, f"field()record[block=true,process={process}]")
    served.put_raw("Dev.V", {"alarm.severity": 2}, "field()record[process=passive]")
    assert served.memory.reads(0x00) == reads
    assert served.get("Dev.V")["value"] == 0


def test_a_put_that_does_not_process_stays_in_the_tree(served):
    served.get("Dev.V")
    served.put_raw("Dev.V", {"value": 6}, "field()record[block=true,process=false]")
    assert served.memory.peek(0x00, 2) == bytes(2)
    assert served.node("Dev.V").value() == 6
    assert served.get("Dev.V")["value"] == 6
    served.put_raw("Dev.V", {"value": 6}, "field()record[block=true,process=true]")
    assert served.memory.peek(0x00, 2) == bytes([6, 0])


def test_a_processing_put_of_what_cannot_be_read_is_refused(served):
    served.get("Dev.Wo")
    with pytest.raises(RemoteError, match="write-only"):
        served.put_raw("Dev.Wo", {}, "field()record[block=true,process=true]")


def test_a_write_only_register_never_shows_what_it_refused(served):
    monitor = served.monitor("Dev.Wo")
    served.put("Dev.Wo", 3, wait=True)
    monitor.until(lambda update: update == 3)
    served.memory.fail_write(0x20)
    with pytest.raises(RemoteError, match="NAK"):
        served.put("Dev.Wo", 9, wait=True)
    failed = served.get("Dev.Wo")
    assert (failed["value"], triple(failed)) == (3, (3, 1, "WRITE"))
    served.memory.clear()
    served.node("Dev.Wo").set(4)
    assert monitor.until(lambda update: triple(update) == NO_ALARM) == 4
    monitor.close()


# Reading for the first client -----------------------------------------------------------------


def test_by_default_nothing_is_read_for_a_client(served):
    reads = served.memory.reads(0x00)
    served.get("Dev.V")
    assert served.memory.reads(0x00) == reads


def test_the_first_client_can_have_the_hardware_read(tree):
    with lab(tree, registers, read_on_connect=True) as served:
        served.memory.poke(0x00, bytes([7, 0]))
        first = served.get("Dev.V")
        assert (first["value"], triple(first)) == (7, NO_ALARM)
        reads = served.memory.reads(0x00)
        assert served.get("Dev.V")["value"] == 7  # the PV is open by now
        assert served.memory.reads(0x00) == reads
        served.memory.poke(0x20, bytes([7, 0]))
        served.get("Dev.Wo")
        assert served.memory.reads(0x20) == 0
        assert np.all(served.get("Dev.Wave")["value"] == 0)
        assert served.get("Local")["value"] == 5


def test_a_first_read_that_fails_opens_with_what_was_read_before(tree):
    with lab(tree, registers, read_on_connect=True) as served:
        served.node("Dev.V").set(3)
        served.memory.fail_read(0x00)
        first = served.get("Dev.V")
        assert (first["value"], triple(first)) == (3, LAST_WORDS)
        monitor = served.monitor("Dev.V")
        served.memory.clear()
        good = monitor.until(lambda update: update.severity == 0)
        assert good == 3
        monitor.close()
