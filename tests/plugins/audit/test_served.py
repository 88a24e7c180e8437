"""The audit trail of what p4p clients put and call."""

import json
import os
import pwd
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
from p4p.client.thread import RemoteError
from support.clients.lab import lab, triple
from support.clients.served import LIMIT
from support.engine.audit import Sink
from support.engine.fakes import WAIT, bridge_threads
from support.engine.holders import HolderBench
from support.engine.site_plugins import Guard

from roguebridge.backends.epics import EpicsPvServer
from roguebridge.backends.epics.pva.backlog import Backlog
from roguebridge.backends.epics.pva.requests import Put
from roguebridge.core.errors import PluginError
from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.mapping.select import Select
from roguebridge.core.requests import QueuedBytes
from roguebridge.core.requests.policy import ALLOW, Allow, Deny
from roguebridge.plugins.audit import Audit


class ToldAudit(Audit):
    """Tells the test when a line has been written."""

    def __init__(self, file):
        super().__init__(file)
        self.told = Sink()

    @hookimpl
    def request_done(self, record):
        super().request_done(record)
        self.told.request_done(record)


class Audited:
    """A served tree, and the lines of its audit file as they come."""

    def __init__(self, served, file, told, slow):
        self.served, self.file, self.told, self.slow = served, file, told, slow
        self.read = 0

    def lines(self):
        return self.file.read_text(encoding="utf-8").splitlines()

    def next(self):
        self.told.next()
        self.read += 1
        return json.loads(self.lines()[self.read - 1])


def build(slow):
    """What adds the nodes; ``slow`` holds puts of 9, which then fail."""

    def set_slowly(value):
        if value == 9:
            slow.entered.set()
            assert slow.gate.wait(WAIT)
            raise RuntimeError("too late")

    def fail():
        raise RuntimeError("the pump is off")

    def nodes(pr, root, device):
        local = {
            "Int": {"value": 3},
            "Small": {"value": 3, "minimum": 0, "maximum": 10},
            "Float": {"value": 1.5},
            "Text": {"value": "hello"},
            "Flag": {"value": True},
            "Choice": {"value": 5, "enum": {0: "Zero", 5: "Five", 2: "Two"}},
            "Ro": {"value": 7, "mode": "RO"},
            "List": {"value": [1, 2]},
            "Doubles": {"value": np.arange(4.0)},
            "Image": {"value": np.arange(600, dtype=np.uint16).reshape(20, 30)},
            "Slow": {"value": 1, "localSet": set_slowly},
        }
        for name, options in local.items():
            root.add(pr.LocalVariable(name=name, **options))
        root.add(
            pr.LinkVariable(
                name="Link", dependencies=[root.Int], typeStr="float",
                linkedGet=lambda read: root.Int.get(read=read) * 2.0,
                linkedSet=lambda value, write: root.Int.set(int(value / 2), write=write),
            )
        )  # fmt: skip
        for name, offset, bits in (("U8", 0, 8), ("U64", 8, 64)):
            device.add(
                pr.RemoteVariable(name=name, offset=offset, bitSize=bits, base=pr.UInt, mode="RW")
            )
        device.add(
            pr.RemoteVariable(
                name="Wave", offset=0x40, base=pr.UInt, numValues=4, valueBits=8, valueStride=8
            )
        )
        root.add(pr.LocalCommand(name="Go", function=lambda: None))
        root.add(pr.LocalCommand(name="Double", value=1, function=lambda arg: arg * 2))
        root.add(pr.LocalCommand(name="Array", function=lambda: np.arange(3, dtype=np.uint16)))
        root.add(pr.LocalCommand(name="Fail", function=fail))

    return nodes


@contextmanager
def auditing(tree, tmp_path, plugins=(), **options):
    """Serve with an audit; in the end there must be a line for each request and no thread."""
    audit = ToldAudit(tmp_path / "audit.json")
    slow = SimpleNamespace(entered=threading.Event(), gate=threading.Event())
    with lab(tree, build(slow), plugins=[*plugins, audit], **options) as served:
        found = Audited(served, tmp_path / "audit.json", audit.told, slow)
        try:
            yield found
        finally:
            slow.gate.set()
    assert len(found.lines()) == found.read
    assert bridge_threads() == []


@pytest.fixture
def audited(tree, tmp_path):
    with auditing(tree, tmp_path) as found:
        yield found


def what(line):
    return line["new"], line["old"], line["result"], line.get("error", "")


def refused(ask):
    with pytest.raises(RemoteError) as caught:
        ask()
    return str(caught.value)


def test_a_put_says_who_did_what_from_where_and_when(audited):
    before = time.time()
    audited.served.put("Int", 4)
    line = audited.next()
    assert what(line) == (4, 3, "done", "")
    assert (line["user"], line["host"]) == (pwd.getpwuid(os.getuid()).pw_name, "127.0.0.1")
    assert (line["pv"], line["path"]) == ("Base:Top:Int", "Top.Int")
    assert (line["operation"], line["protocol"], line["trapwrite"]) == ("put", "pva", False)
    assert "roles" not in line
    assert list(line)[:7] == ["date", "time", "host", "user", "pv", "new", "old"]
    stamp = time.strptime(f"{line['date']} {line['time'][:8]}", "%Y-%m-%d %H:%M:%S")
    assert before - 1 <= time.mktime(stamp) <= time.time()


@pytest.mark.parametrize(
    "path, given, new, old",
    [
        ("Float", float("nan"), "Nan", 1.5),
        ("Text", "two\nlines µ", "two\nlines µ", "hello"),
        ("Flag", False, False, True),
        ("Choice", 2, 2, 1),  # the index, as in caPutLog
        ("List", "[3]", "[3]", "[1, 2]"),
        ("Link", 8.0, 8.0, 6.0),
        ("Dev.U8", 7, 7, 0),
        ("Dev.U64", 2**63, 2**63, 0),
    ],
)
def test_each_kind_of_value_is_in_the_terms_of_its_pv(audited, path, given, new, old):
    audited.served.put(path, given)
    assert what(audited.next()) == (new, old, "done", "")


def test_arrays_have_their_size_and_large_ones_their_range(audited):
    audited.served.put("Doubles", np.array([4.0, 5.0]))
    line = audited.next()
    assert (line["new"], line["new-size"], line["old"]) == ([4, 5], 2, [0, 1, 2, 3])
    audited.served.put("Doubles", np.arange(1e5))
    line = audited.next()
    assert (line["new"], line["new-size"]) == (list(range(10)), 100_000)
    assert (line["new-min"], line["new-max"], line["old"]) == (0, 99_999, [4, 5])
    audited.served.put("Dev.Wave", np.arange(4))
    assert audited.next()["new"] == [0, 1, 2, 3]
    audited.served.put_raw("Image", {"value": ("ushortValue", np.ones(600, np.uint16))})
    line = audited.next()
    assert (line["new-size"], line["new-min"], line["new-max"]) == (600, 1, 1)
    assert (line["old-shape"], line["old-min"], line["old-max"]) == ([20, 30], 0, 599)


def test_what_is_refused_has_the_words_that_the_client_got(audited):
    text = refused(lambda: audited.served.put("Ro", 8))
    assert what(audited.next()) == (8, 7, "denied", text)
    text = refused(lambda: audited.served.put("Small", 11))
    assert what(audited.next()) == (11, 3, "failed", text)


def test_a_write_that_the_hardware_refuses_has_the_value_before(audited):
    audited.served.put("Dev.U8", 5)
    assert what(audited.next()) == (5, 0, "done", "")
    audited.served.memory.fail_write(0)
    text = refused(lambda: audited.served.put("Dev.U8", 6, wait=True))
    assert what(audited.next()) == (6, 5, "failed", text)
    audited.served.memory.clear()
    audited.served.put("Dev.U8", 7)
    assert what(audited.next()) == (7, 5, "done", "")


def test_a_put_that_fails_after_its_answer_has_one_line_that_says_so(tree, tmp_path):
    with auditing(tree, tmp_path, put_reply_timeout=0.01) as audited:
        audited.served.put("Slow", 9, wait=False)
        assert audited.slow.entered.wait(WAIT)
        assert audited.lines() == []
        updates = audited.served.monitor("Slow")
        audited.slow.gate.set()
        updates.until(lambda update: triple(update)[2] == "WRITE")
        updates.close()
        line = audited.next()
        assert what(line)[:3] == (9, 1, "failed")
        assert "too late" in line["error"]


def test_calls_have_their_arguments_and_results(audited):
    audited.served.rpc("Double", arg=4)
    line = audited.next()
    assert (line["operation"], line["new"], line["old"]) == ("rpc", {"arg": 4}, None)
    assert (line["returned"], line["result"]) == (8, "done")
    audited.served.rpc("Array")
    assert audited.next()["returned"] == [0, 1, 2]
    audited.served.rpc("Int", op="read")
    assert audited.next()["returned"] == 3
    text = refused(lambda: audited.served.rpc("Fail"))
    line = audited.next()
    assert (line["result"], line["error"]) == ("failed", text)
    assert "the pump is off" in text


def test_a_command_that_is_put_has_a_line_and_so_has_its_release(audited):
    audited.served.put("Go", 1)
    assert what(audited.next()) == (1, 0, "done", "")
    audited.served.put("Go", 0)
    assert what(audited.next()) == (0, 0, "done", "")


def test_puts_that_only_process_or_mark_nothing_have_no_value(audited):
    audited.served.put_raw("Dev.U8", {}, "field()record[block=true,process=true]")
    assert what(audited.next()) == (None, 0, "done", "")
    audited.served.put_raw("Dev.U8", {"alarm.severity": 2})
    assert what(audited.next()) == (None, 0, "done", "")


def test_what_cannot_be_read_has_a_line_too(audited):
    fields = {"value": ("ubyteValue", np.zeros(3, "u1")), "codec.name": "jpeg"}
    text = refused(lambda: audited.served.put_raw("Image", fields))
    assert what(audited.next()) == (None, None, "failed", text)
    assert "'jpeg' are not taken" in text


def test_roles_that_a_policy_asked_for_and_its_trap_are_in_the_line(tree, tmp_path):
    def decide(request):
        if request.value == 5:
            assert isinstance(request.credentials.roles, frozenset)
            return Allow(trap=True)
        return Deny("not you") if request.value == 6 else ALLOW

    guard = Guard(decide, select=Select(path="Top.Int"))
    with auditing(tree, tmp_path, plugins=[guard]) as audited:
        audited.served.put("Int", 5)
        line = audited.next()
        assert (line["trapwrite"], line["roles"] == sorted(line["roles"])) == (True, True)
        assert refused(lambda: audited.served.put("Int", 6)) == "not you"
        line = audited.next()
        assert what(line) == (6, 5, "denied", "not you")
        assert (line["trapwrite"], "roles" in line) == (False, False)


def test_a_client_that_puts_over_and_over_has_each_put_in_order(audited):
    for number in range(100):
        audited.served.put("Int", number, wait=True)
    lines = [audited.next() for _ in range(100)]
    assert [line["new"] for line in lines] == list(range(100))
    assert [line["old"] for line in lines] == [3, *range(99)]


@pytest.mark.parametrize(
    ("peer", "host"),
    [
        ("[::1]:5075", "::1"),
        ("10.0.0.7:5075", "10.0.0.7"),
        ("[::ffff:10.0.0.7]:5075", "10.0.0.7"),
    ],
)
def test_a_put_to_a_pv_that_has_just_closed_is_answered_and_recorded(peer, host):
    bench = HolderBench(5)
    answers = []
    op = SimpleNamespace(
        account=lambda: "ann", peer=lambda: peer, roles=set,
        done=lambda error: answers.append(error),
    )  # fmt: skip
    backlog = Backlog(QueuedBytes(), list)
    thread = SimpleNamespace(max_name=256, backlog=backlog)
    Put(op, bench.entry, bench.holder, thread, None).hand_on()
    assert answers == [f"{bench.entry.pv_name} is closed"]
    (record,) = bench.records
    assert (record.value, record.result, record.error) == (None, "failed", answers[0])
    assert (record.credentials.user, record.credentials.host) == ("ann", host)


def lines_of(file):
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_the_argument_of_a_server_brings_the_audit_its_own_nodes_included(tree, tmp_path):
    file = tmp_path / "audit.json"
    slow = SimpleNamespace(entered=threading.Event(), gate=threading.Event())
    options = {"audit": {"file": file, "backups": 1}, "policies": {"read_only": False}}
    with lab(tree, build(slow), **options) as served:
        served.put("Int", 4)
        served.client.put("Base:RB:ReadOnly", 1, timeout=LIMIT)
        text = refused(lambda: served.put("Int", 5))
    found = [(line["path"], *what(line)) for line in lines_of(file)]
    assert found == [
        ("Top.Int", 4, 3, "done", ""),
        ("RB.ReadOnly", True, False, "done", ""),
        ("Top.Int", 5, 4, "denied", text),
    ]


def test_a_file_that_cannot_be_written_stops_the_start_of_the_root(tree, tmp_path):
    root = tree.pr.Root(name="Top", pollEn=False)
    file = tmp_path / "nowhere" / "audit.json"
    server = EpicsPvServer(base="Base", root=root, isolate=True, audit=str(file))
    root.addProtocol(server)
    with pytest.raises(PluginError, match="the server must not start: the audit file .*nowhere"):
        root.start()
    root.stop()
    assert not server.running
    assert bridge_threads() == []
