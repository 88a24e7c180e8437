"""The audit trail as a file: no line is lost without a word."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.engine.audit import lines, make_record, news

from roguebridge.core.errors import PluginError
from roguebridge.plugins.audit import Audit
from roguebridge.plugins.audit.line import line_of


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
from support.engine.audit import make_record
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
    from roguebridge.core.server.server import PvServer

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
