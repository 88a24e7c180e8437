"""The rig itself, in miniature: what it writes, and that nothing of it is left."""

import json
import os
import queue
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.clients.caclient import CaClient

from bench.measure import order
from bench.rig import ABOVE, BenchError, Child, Server, clients, serving
from bench.rows import rows
from bench.scenario import names
from bench.scenarios import scenarios
from bench.sizes import FULL, MINIATURE, QUICK

LIMIT = 300.0
SERVERS = {"none", "raw", "ours", "again"}
OVER_CA = {"none", "caproto", "ours", "again"}
NATIVE = {"ca-first-values", "ca-get-cpu", "ca-put-p50", "ca-put-cpu"}
OVER_WEB = {"none", "handmade", "ours", "again"}
OVER_PVA = {*SERVERS, "plain"}
ROGUES_OWN = {"v4", "v7"}


@contextmanager
def bench(*arguments, cwd):
    """The command, started; it is dead at the end."""
    path = os.pathsep.join(filter(None, (str(ABOVE), os.environ.get("PYTHONPATH"))))
    with subprocess.Popen(
        [sys.executable, "-m", "bench", *arguments],
        env={**os.environ, "PYTHONPATH": path, "TMPDIR": str(cwd)},
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def run(*arguments, cwd):
    """What the command has printed, and its JSON."""
    target = cwd / "found" / "bench.json"
    with bench(*arguments, "--json", str(target), cwd=cwd) as process:
        out, err = process.communicate(timeout=LIMIT)
        assert process.returncode == 0, err
        assert children(process.pid) == []
    return out, json.loads(target.read_text())


def parents():
    """Each process and its parent."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            found[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has just ended
    return found


def children(pid):
    return [child for child, parent in parents().items() if parent == pid]


def gone(pids):
    """Wait until none of the processes is left."""
    end = time.monotonic() + LIMIT
    while left := parents().keys() & set(pids):
        assert time.monotonic() < end, left
        time.sleep(0.01)


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")


@linux
@pytest.mark.timeout(LIMIT)
def test_all_rows_are_measured_and_written(tmp_path):
    out, found = run("--miniature", "--simtree", cwd=tmp_path)
    wanted = {row.key: row for row in rows(MINIATURE)}
    assert [row["key"] for row in found["rows"]] == list(wanted)
    assert found["errors"] == []
    assert found["machine"].keys() > {"cpu", "cores", "python", "p4p", "numpy", "tree", "date"}
    assert found["machine"]["tree"] == "simtree"
    assert "simtree, not SLAC's PyRogue" in out
    for row in found["rows"]:
        limits = [lim for lim in wanted[row["key"]].limits if not ROGUES_OWN & {*lim.needs}]
        assert [limit["text"] for limit in row["limits"]] == [limit.text for limit in limits]
        assert bool(row["verdict"]) == bool(limits)
        over = {"ca": OVER_CA, "web": OVER_WEB}.get(row["key"].partition("-")[0], OVER_PVA)
        assert row["medians"].keys() <= over | ({"native"} if row["key"] in NATIVE else set())
        assert row["medians"]["ours"] == row["medians"]["ours"]  # a number
        assert row["spread"].keys() == row["medians"].keys()
        assert row["title"].split(",")[0][:20] in out
    medians = {row["key"]: row["medians"] for row in found["rows"]}
    assert all(medians["update-rate"][kind] > 0 for kind in SERVERS)
    assert all(medians["ca-update-rate"][kind] > 0 for kind in OVER_CA)
    for what in ("start", "memory"):
        assert found["growth"][what].keys() == {str(size) for size in MINIATURE.growth}
    left = [file.name for file in tmp_path.iterdir()]
    assert left == ["found"]


@pytest.mark.timeout(LIMIT)
def test_the_servers_of_rogue_are_measured_too(tree, tmp_path):
    if tree.name == "simtree":
        pytest.skip("has no server of its own")
    _, found = run("--miniature", "--rows", "update,put-p50", cwd=tmp_path)
    assert found["errors"] == []
    assert found["machine"]["tree"].startswith("rogue ")
    there = [
        row["medians"].keys() for row in found["rows"] if not row["key"].startswith(("ca-", "web-"))
    ]
    assert there
    assert all(kinds >= {"raw", "v4", "ours", "again"} for kinds in there)


@pytest.mark.timeout(LIMIT)
def test_rogues_own_server_over_channel_access_is_measured_too(tree, tmp_path):
    if tree.name == "simtree":
        pytest.skip("has no server of its own")
    pytest.importorskip("softioc", reason="of the extra 'bench'")
    _, found = run("--miniature", "--rows", "ca", cwd=tmp_path)
    assert found["errors"] == []
    assert [row["key"] for row in found["rows"]] == [
        "ca-start-10", "ca-start-20", "ca-memory-20", "ca-memory-monitored", "ca-first-values",
        "ca-update-cpu", "ca-update-rate", "ca-get-cpu", "ca-put-p50", "ca-put-cpu",
    ]  # fmt: skip
    assert found["machine"]["softioc"]
    for row in found["rows"]:
        assert row["medians"].keys() >= {"caproto", "v7", "ours", "again"}
        assert ("native" in row["medians"]) == (row["key"] in NATIVE)
    delivered = next(row for row in found["rows"] if row["key"] == "ca-update-rate")
    assert all(figure > 0 for figure in delivered["medians"].values())


@pytest.mark.parametrize("kind", ["caproto", "native_ca", "ours_ca"])
def test_a_server_of_channel_access_shows_what_was_put(kind):
    (name,) = names("putters", 1)
    shown = queue.SimpleQueue()
    with serving(kind, "putters", 1) as server:
        client = CaClient(server.conf)
        client.monitor(name, lambda channel, update: shown.put(update.data[0]))
        assert shown.get(timeout=LIMIT) == 1.0
        client.write(name, 7.5).result(LIMIT)
        assert shown.get(timeout=LIMIT) == 7.5
        assert client.read(name).result(LIMIT).value == 7.5
        if kind == "native_ca":  # nothing but clients gives it values
            client.close()
            return
        server.call("flood", seconds=0.05)
        while (last := shown.get(timeout=LIMIT)) not in (1.0, 2.0):
            assert last == 7.5
        assert client.read(name).result(LIMIT).value in (1.0, 2.0)
        client.close()


@pytest.mark.parametrize(
    ("op", "arguments", "said"),
    [
        ("monitor", {"names": ["nobody"]}, "the server says CREATE_CH_FAIL"),
        ("put_loop", {"name": "Bench:Top:Dev[0]:V1", "seconds": 0.05}, "Put not permitted"),
    ],
)
def test_a_client_of_channel_access_tells_what_the_server_refuses(op, arguments, said):
    with (
        serving("ours_ca", "readings", 2) as server,
        clients(server) as (client,),
        pytest.raises(BenchError, match=said),
    ):
        client.call(op, **arguments)


@linux
@pytest.mark.timeout(LIMIT)
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_it_is_ended(tmp_path, end):
    # Far more seconds than the test has: the server is at work when the end comes.
    with bench("--simtree", "--rows", "update", "--rounds", "1000", cwd=tmp_path) as process:
        while not (running := children(process.pid)):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(end)
        process.communicate(timeout=LIMIT)
        assert process.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143}.get(end, -end)
        gone(running)
    assert list(tmp_path.iterdir()) == []


@linux
def test_a_frozen_child_dies_with_the_rig():
    with Child("client") as child:
        child.stop()
        pid = child.pid
    gone([pid])


def test_a_child_that_fails_says_why_and_answers_again():
    with Server("none") as server:
        with pytest.raises(BenchError, match="KeyError: 'nonsense'"):
            server.build("nonsense", 1)
        server.build("scalars", 1)


def test_a_child_that_dies_is_told_with_its_last_words():
    with Server("none") as server:
        server.build("scalars", 1)
        os.kill(server.pid, signal.SIGABRT)
        with pytest.raises(BenchError, match="host none: ended with -6 during start"):
            server.start()


def test_a_kind_of_server_that_does_not_exist_is_an_error():
    with pytest.raises(BenchError, match="nonsense"), serving("nonsense", "scalars", 1):
        pass


@pytest.mark.parametrize("sizes", [FULL, QUICK, MINIATURE], ids=lambda sizes: sizes.name)
def test_each_row_has_a_scenario_and_a_name_of_its_own(sizes):
    keys = [row.key for row in rows(sizes)]
    assert len(set(keys)) == len(keys)
    assert {row.scenario for row in rows(sizes)} <= {s.name for s in scenarios(sizes)}


def test_servers_take_turns_and_the_last_is_one_of_them_again():
    updates = next(s for s in scenarios(FULL) if s.name == "updates")
    assert [kind for kind, _ in order(updates, missing=())] == [
        "none", "raw", "v4", "ours", "again",
    ]  # fmt: skip
    assert order(updates, missing=())[-1] == ("again", "v4")
    assert order(updates, missing=ROGUES_OWN)[-1] == ("again", "raw")
    over_ca = next(s for s in scenarios(FULL) if s.name == "ca-puts")
    without = {"v7", "native"}
    assert [kind for kind, _ in order(over_ca, missing=without)] == ["caproto", "ours", "again"]
    assert next(iter(order(over_ca, missing={"v7"})))[0] == "native"
    assert order(over_ca, missing=())[-1] == ("again", "caproto")


def test_a_row_that_does_not_exist_is_refused(tmp_path):
    with bench("--rows", "nonsense", cwd=tmp_path) as process:
        _, err = process.communicate(timeout=LIMIT)
        assert process.returncode == 2
        assert "no row is named 'nonsense'" in err
