"""The audit trail as lines of JSON: what is in them, and that none is lost without a word."""

import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from support.audit import make_record

from roguebridge.core.access import Credentials
from roguebridge.core.errors import PluginError
from roguebridge.core.mapping import PvEntry
from roguebridge.core.summary import kept
from roguebridge.plugins.audit import Audit
from roguebridge.plugins.audit_line import line_of


def fields(record, lost=0):
    line = line_of(record, lost)
    assert len(line.splitlines()) == 1
    return json.loads(line, parse_constant=pytest.fail)


def value(given):
    """The fields of a record that tell a value."""
    found = fields(make_record(kept(given)))
    return {name: found[name] for name in found if name.startswith("new")}


def lines(file):
    text = Path(file).read_text(encoding="utf-8")
    assert text == "" or text.endswith("\n")
    return [json.loads(line) for line in text.split("\n")[:-1]]


def news(file):
    return [line["new"] for line in lines(file)]


# Lines ----------------------------------------------------------------------------------------


@pytest.fixture
def in_central_europe(monkeypatch):
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_central_europe")
def test_a_line_has_the_fields_of_caputlog_in_its_order_and_then_ours():
    who = Credentials("ann", "10.0.0.1", "pva", roles=lambda: frozenset({"ops", "dev"}))
    record = make_record(77.5, who=who, old=1, time_ns=1_597_057_328_124_999_999, trap=True)
    assert line_of(record) == (
        '{"date":"2020-08-10","time":"13:02:08.124","host":"10.0.0.1","user":"ann",'
        '"pv":"B:Top:Dev:V","new":77.5,"old":1,'
        '"operation":"put","path":"Top.Dev.V","result":"done","protocol":"pva","trapwrite":true}'
    )
    assert who.roles == {"ops", "dev"}
    assert fields(record)["roles"] == ["dev", "ops"]


def test_what_is_not_known_is_null_and_an_error_has_its_text():
    found = fields(make_record(None, "failed", "cannot be read"))
    assert (found["new"], found["old"]) == (None, None)
    assert (found["result"], found["error"]) == ("failed", "cannot be read")
    assert not {"roles", "returned", "lost", "new-size"} & set(found)


def test_a_call_has_its_arguments_and_what_it_returned():
    record = make_record({"arg": 4}, operation="rpc", returned=kept([1, 2]))
    found = fields(record, lost=3)
    assert (found["operation"], found["new"], found["old"]) == ("rpc", {"arg": 4}, None)
    assert (found["returned"], found["returned-size"], found["lost"]) == ([1, 2], 2, 3)


@pytest.mark.parametrize(
    "given, written",
    [
        (True, True),
        (np.int16(-3), -3),
        (0.1, 0.1),
        (np.float64(0.1), 0.1),
        (np.longdouble(0.5), 0.5),
        (2**64, 2**64),
        (float("nan"), "Nan"),
        (float("inf"), "Infinity"),
        (np.float32("-inf"), "-Infinity"),
        ("two\nlines\x85\u2028 and µ", "two\nlines\x85\u2028 and µ"),
        ("lone \udc80", "lone \udc80"),
        (1 + 2j, "(1+2j)"),
        ({"a": np.array([1.0, float("nan")])}, {"a": [1, "Nan"]}),
    ],
    ids=repr,
)
def test_a_value_is_written_as_caputlog_does(given, written):
    assert value(given) == {"new": written}


def test_lines_are_utf_8_that_people_can_read():
    assert '"new":"10 µA"' in line_of(make_record("10 µA"))


@pytest.mark.parametrize(
    "given, written",
    [
        (np.array([4.5, 5, float("nan")]), {"new": [4.5, 5, "Nan"], "new-size": 3}),
        (np.zeros(0), {"new": [], "new-size": 0}),
        (["a", "b"], {"new": ["a", "b"], "new-size": 2}),
        (np.array([b"a", b"\xff"]), {"new": ["a", "\\xff"], "new-size": 2}),
        (np.array([[1, 2], [3, 4]]), {"new": [[1, 2], [3, 4]], "new-size": 4}),
        (
            np.arange(1000.0),
            {"new": list(range(10)), "new-size": 1000, "new-min": 0, "new-max": 999},
        ),
        (
            np.zeros((20, 30), bool),
            {
                "new": [False] * 10, "new-size": 600, "new-shape": [20, 30],
                "new-min": False, "new-max": False,
            },
        ),
        (["x"] * 60, {"new": ["x"] * 10, "new-size": 60}),
        (
            {"col": np.arange(60)},
            {
                "new": {
                    "col": {"first": list(range(10)), "first-size": 60, "first-min": 0,
                            "first-max": 59}
                }
            },
        ),
    ],
    ids=["floats", "empty", "texts", "bytes", "2-D", "large", "image", "long list", "table"],
)  # fmt: skip
def test_an_array_has_its_size_and_a_large_one_its_range(given, written):
    assert value(given) == written


# File -----------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path):
    return tmp_path / "audit.json"


def test_lines_are_appended_to_the_file_that_is_there(file):
    file.write_text('{"new":0}\n')
    audit = Audit(str(file))
    audit.server_starting(None)
    for number in (1, 2):
        audit.request_done(make_record(number))
    assert news(file) == [0, 1, 2]


def test_a_line_that_a_crash_has_torn_spoils_no_other(file):
    file.write_text('{"new":0}\n{"ne')
    audit = Audit(file)
    audit.server_starting(None)
    audit.request_done(make_record(1))
    assert file.read_text().split("\n")[1] == '{"ne'
    assert json.loads(file.read_text().split("\n")[2])["new"] == 1


def test_a_relative_file_stays_where_it_was(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    audit = Audit("audit.json")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    audit.request_done(make_record(1))
    assert news(tmp_path / "audit.json") == [1]


def test_a_file_that_would_be_too_large_becomes_the_first_backup(file):
    size = len(line_of(make_record(0))) + 1
    audit = Audit(file, max_bytes=2 * size, backups=2)
    for number in range(7):
        audit.request_done(make_record(number))
    assert news(file) == [6]
    assert news(f"{file}.1") == [4, 5]
    assert news(f"{file}.2") == [2, 3]
    assert len(list(file.parent.iterdir())) == 3


@pytest.mark.parametrize("options", [{"max_bytes": 0}, {"max_bytes": 1, "backups": 0}], ids=str)
def test_without_size_or_backups_one_file_grows(file, options):
    audit = Audit(file, **options)
    for number in range(5):
        audit.request_done(make_record(number))
    assert news(file) == [0, 1, 2, 3, 4]


def test_a_line_larger_than_the_file_may_be_is_written_whole(file):
    audit = Audit(file, max_bytes=10)
    audit.request_done(make_record(1))
    audit.request_done(make_record(2))
    assert (news(file), news(f"{file}.1")) == ([2], [1])


def test_a_file_that_cannot_be_rotated_grows_and_that_is_logged_once(file, caplog):
    audit = Audit(file, max_bytes=1, backups=1)
    in_the_way = Path(f"{file}.1")
    (in_the_way / "x").mkdir(parents=True)
    for number in range(3):
        audit.request_done(make_record(number))
    assert news(file) == [0, 1, 2]
    (text,) = [record.getMessage() for record in caplog.records]
    assert text.startswith(f"the audit file {file} grows: it cannot be rotated:")
    (in_the_way / "x").rmdir()
    in_the_way.rmdir()
    audit.request_done(make_record(3))
    assert (news(file), news(in_the_way)) == ([3], [0, 1, 2])


def test_a_file_that_is_deleted_or_moved_is_made_again(file):
    audit = Audit(file)
    audit.request_done(make_record(1))
    file.unlink()
    audit.request_done(make_record(2))
    file.rename(f"{file}.old")
    audit.request_done(make_record(3))
    assert (news(file), news(f"{file}.old")) == ([3], [2])


def test_a_file_that_cannot_be_written_for_a_while_says_what_is_missing(file):
    folder = file.parent / "folder"
    folder.mkdir()
    audit = Audit(folder / "audit.json")
    audit.request_done(make_record(1))
    folder.rename(file.parent / "away")
    for number in (2, 3):
        with pytest.raises(PluginError) as caught:
            audit.request_done(make_record(number, lost=number))
        assert str(caught.value) == (
            f"the audit file {folder / 'audit.json'} cannot be written: No such file or directory"
        )
    (file.parent / "away").rename(folder)
    audit.request_done(make_record(4))
    audit.request_done(make_record(5))
    found = lines(folder / "audit.json")
    assert [(line["new"], line.get("lost")) for line in found] == [(1, None), (4, 7), (5, None)]


FULL_DISK = """
import resource, sys
from support.audit import make_record
from roguebridge.plugins.audit import Audit

audit = Audit(sys.argv[1])
audit.request_done(make_record(1))
size = len(open(sys.argv[1], "rb").read())
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 5, -1))  # room for a part of a line
try:
    audit.request_done(make_record(2))
except Exception as exc:
    print(exc)
resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
audit.request_done(make_record(3))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="it has no limit for the size of a file")
def test_a_full_disk_leaves_no_part_of_a_line(file):
    command = [sys.executable, "-c", FULL_DISK, str(file)]
    tests = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{tests}{os.pathsep}{os.getenv('PYTHONPATH', '')}"}
    run = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    assert (run.stderr, run.returncode) == ("", 0)
    reason = "No space left on device"
    assert run.stdout == f"the audit file {file} cannot be written: {reason}\n"
    assert [(line["new"], line.get("lost")) for line in lines(file)] == [(1, None), (3, 1)]


def test_a_file_that_cannot_be_written_stops_the_start(serve_audited, tmp_path):
    missing = tmp_path / "nowhere" / "audit.json"
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for file, reason in (
        (missing, "No such file or directory"),
        (tmp_path, "Is a directory"),
        (fifo, "No such device or address"),
        ("/dev/null", "it is no regular file"),
    ):
        with pytest.raises(PluginError) as caught:
            serve_audited(Audit(file))
        assert str(caught.value) == (
            "plugin Audit: the server must not start: "
            f"the audit file {file} cannot be written: {reason}"
        )


@pytest.fixture
def serve_audited(tree, running):
    from roguebridge.core.server import PvServer

    servers = []

    def serve(audit):
        root = tree.pr.Root(name="Top", pollEn=False)
        root.add(tree.pr.LocalVariable(name="V", value=5))
        server = PvServer("B", root, backends=["soft"], plugins=[audit])
        with running(root):
            try:
                server.start()
                servers.append(server)
                client = server._backends[0].client("ann", "10.0.0.1")
                client.put("B:Top:V", 6)
                server.stop()
                server.start()
                server._backends[0].client().put("B:Top:V", 7)
            finally:
                server.stop()
        assert not server.running

    return serve


def test_a_server_writes_its_puts_whenever_it_is_started(serve_audited, file):
    serve_audited(Audit(file))
    found = [(line["user"], line["old"], line["new"]) for line in lines(file)]
    assert found == [("ann", 5, 6), ("soft", 6, 7)]


# What is written ------------------------------------------------------------------------------


def test_trapwrite_leaves_out_what_no_such_rule_has_allowed(file):
    audit = Audit(file, only="trapwrite")
    audit.request_done(make_record(1, trap=True))
    audit.request_done(make_record(2, "denied", "no", lost=4))
    audit.request_done(make_record(3, trap=True, lost=1))
    assert [(line["new"], line.get("lost")) for line in lines(file)] == [(1, None), (3, 5)]


def test_a_logger_gets_each_line_as_a_record(caplog, file):
    audit = Audit(file, logger="site.audit", level="warning")
    audit.server_starting(None)
    entry = PvEntry("Top.%s", "B:Top:%s", False, "RW")
    audit.request_done(make_record("100 %", entry=entry, lost=1))
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("site.audit", logging.WARNING)
    assert json.loads(record.getMessage()) == lines(file)[0]
    assert lines(file)[0]["lost"] == 1


@pytest.fixture
def logger():
    logger = logging.getLogger("roguebridge_test_audit")
    yield logger
    logger.setLevel(logging.NOTSET)
    logger.propagate = True
    logger.handlers.clear()


def test_a_logger_that_nobody_has_set_up_takes_the_records(logger, caplog):
    assert not logger.isEnabledFor(logging.INFO)  # as the root logger is not
    audit = Audit(logger=logger.name)
    audit.server_starting(None)
    audit.request_done(make_record(1))
    assert [record.levelno for record in caplog.records] == [logging.INFO]


def test_a_logger_that_drops_the_records_stops_the_start(logger):
    audit = Audit(logger=logger.name)
    logger.setLevel(logging.ERROR)
    with pytest.raises(PluginError, match=f"{logger.name} drops audit records: INFO is off"):
        audit.server_starting(None)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    with pytest.raises(PluginError, match=f"{logger.name} drops audit records: it has no handler"):
        audit.server_starting(None)
    logger.addHandler(logging.NullHandler())
    audit.server_starting(None)


@pytest.mark.parametrize(
    "option",
    ["audit.json", Path("audit.json"), {"file": "audit.json", "max_bytes": 5, "backups": 1}],
    ids=str,
)
def test_an_option_is_a_file_or_a_mapping(option, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    audit = Audit.from_option(option)
    for number in range(2):
        audit.request_done(make_record(number))
    assert len(list(tmp_path.iterdir())) == (2 if isinstance(option, dict) else 1)


@pytest.mark.parametrize(
    "option, error, text",
    [
        (5, TypeError, "audit must be a file name or a mapping, not 5"),
        ({}, ValueError, "audit: give a file or a logger"),
        ("", ValueError, "audit: give a file or a logger"),
        ({"fiel": "x"}, ValueError, "audit: unknown keys ['fiel']; there are ['file', 'logger', "),
        ({"file": 5}, TypeError, "audit: file must be a file name, not 5"),
        ({"logger": 5}, TypeError, "audit: logger must be the name of a logger, not 5"),
        ({"logger": "pyrogue"}, ValueError, "audit: the logger 'pyrogue' is PyRogue's"),
        ({"logger": "pyrogue.x"}, ValueError, "audit: the logger 'pyrogue.x' is PyRogue's"),
        ({"file": "x", "max_bytes": -1}, ValueError, "max_bytes must be a whole number, not -1"),
        ({"file": "x", "backups": 1.5}, ValueError, "backups must be a whole number, not 1.5"),
        ({"file": "x", "backups": True}, ValueError, "backups must be a whole number, not True"),
        ({"file": "x", "only": "some"}, ValueError, "only must be one of ('all', 'trapwrite')"),
        ({"logger": "x", "level": "loud"}, ValueError, "level must be a logging level, not 'loud'"),
        ({"logger": "x", "level": True}, ValueError, "level must be a logging level, not True"),
    ],
    ids=str,
)
def test_an_option_that_cannot_be_used_is_an_exact_error(option, error, text):
    with pytest.raises(error) as caught:
        Audit.from_option(option)
    assert text in str(caught.value)
