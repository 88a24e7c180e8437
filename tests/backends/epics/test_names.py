"""Several names of a node, and names by a template, as a PVAccess client meets them."""

import queue
from functools import partial
from operator import eq

import pytest
from p4p.client.thread import Context, RemoteError
from support.clients.lab import NO_ALARM, lab, stamp, triple
from support.clients.served import LIMIT, Updates
from support.engine.site_plugins import Audit

NAMES = {
    "template": "{base}:{device}:{name}",
    "case": "upper",
    "index": "{:02d}",
    "prefixes": {"Top.Dev": "RF01"},
    "aliases": "{base}:{path}",
}
R = ("BASE:RF01:R", "Base:Top:Dev:R")
HIHI = (2, 1, "HIHI")


def nodes(pr, root, device):
    root.add(pr.LocalVariable(name="V", value=1, highAlarm=100, units="V"))
    device.add(pr.RemoteVariable(name="R", offset=0, bitSize=32, base=pr.UInt, mode="RW"))
    amplifier = pr.Device(name="Amp[3]")
    amplifier.add(pr.LocalVariable(name="Gain", value=1.5))
    device.add(amplifier)
    root.add(pr.LocalCommand(name="Double", function=lambda arg: 2 * arg, value=0))


@pytest.fixture
def records():
    return queue.SimpleQueue()


@pytest.fixture
def site(tree, records):
    with lab(tree, nodes, names=NAMES, plugins=[Audit(records)]) as served:
        yield served


def get(served, pv_name):
    return served.client.get(pv_name, timeout=LIMIT).raw


def test_a_template_names_every_node_and_an_alias_keeps_the_standard_name(site):
    names = site.server.list()
    assert names["Top.V"] == "BASE:V"
    assert names["Top.Dev.Amp[3].Gain"] == "BASE:RF01:AMP03:GAIN"
    assert get(site, "BASE:RF01:AMP03:GAIN")["value"] == 1.5
    for path, holder in site.server.holders.items():
        assert holder.aliases == ("Base:" + path.replace(".", ":"),)
    assert site.server.report() == ()
    assert get(site, site.pv("Dev.Amp[3].Gain"))["value"] == 1.5


def test_all_names_show_the_same_value_alarm_time_and_metadata(site):
    watches = [Updates(site.client, name) for name in ("BASE:V", "Base:Top:V")]
    assert [watch.next() for watch in watches] == [1, 1]
    for value, alarm in ((500, HIHI), (2, NO_ALARM)):
        site.node("V").set(value)
        one, other = (watch.until(partial(eq, value)) for watch in watches)
        assert (triple(one), stamp(one)) == (triple(other), stamp(other))
        assert triple(one) == alarm
    both = [get(site, name) for name in ("BASE:V", "Base:Top:V")]
    assert both[0].todict() == both[1].todict()
    assert both[0].getID() == both[1].getID()
    for watch in watches:
        watch.close()


def test_a_put_by_an_alias_is_there_by_the_primary_name_when_it_is_answered(site, records):
    for value, name, other in ((7, R[1], R[0]), (8, *R)):
        site.client.put(name, value, timeout=LIMIT, wait=True)
        assert get(site, other)["value"] == value
        assert site.memory.peek(0, 1) == bytes([value])
        record = records.get(timeout=LIMIT)
        assert (record.entry.pv_name, record.entry.path, record.value) == (name, "Top.Dev.R", value)


def test_a_failed_put_shows_its_alarm_by_all_names(site):
    site.client.put(R[0], 4, timeout=LIMIT, wait=True)
    get(site, R[1])
    site.memory.stuck(0)
    with pytest.raises(RemoteError):
        site.client.put(R[1], 5, timeout=LIMIT, wait=True)
    for name in R:
        shown = get(site, name)
        assert (shown["value"], triple(shown)) == (4, (3, 1, "WRITE"))


def test_a_command_is_called_by_an_alias(site):
    assert site.rpc("Double", arg=21)["value"] == 42
    with pytest.raises(RemoteError, match="^Base:Top:Double: unknown arguments"):
        site.rpc("Double", nonsense=1)


def test_a_name_whose_client_leaves_harms_no_client_of_the_other(site):
    watch = Updates(site.client, "BASE:V")
    assert watch.next() == 1
    for value in (2, 3):
        conf = site.server.client_conf()
        with Context("pva", conf=conf, useenv=False) as passing:
            passing.put("Base:Top:V", value, timeout=LIMIT, wait=True)
        assert watch.until(partial(eq, value)) == value
    watch.close()


def test_an_explicit_map_gives_a_node_several_names(tree, tmp_path):
    file = tmp_path / "names.map"
    with lab(tree, nodes, pvMap={"Top.V": ["LAB:V", "OLD:V"], "Top.Dev.R": "LAB:R"}) as served:
        assert [get(served, name)["value"] for name in ("LAB:V", "OLD:V")] == [1, 1]
        served.server.dump(file)
    assert file.read_text().splitlines() == [
        "LAB:R -> Top.Dev.R", "LAB:V -> Top.V", "OLD:V -> Top.V",
    ]  # fmt: skip
    with lab(tree, nodes, pvMap=file) as served:
        served.client.put("OLD:V", 6, timeout=LIMIT, wait=True)
        assert get(served, "LAB:V")["value"] == 6
        assert served.server.list() == {"Top.V": "LAB:V", "Top.Dev.R": "LAB:R"}
