"""What the rig makes of its samples: figures, a table, a page, a picture."""

import io
import math

import pytest
from rich.console import Console

from bench import page, profile, report
from bench.measure import Samples
from bench.plot import plot
from bench.results import net, noise_of, results, verdict
from bench.sizes import MINIATURE

MACHINE = {
    "date": "2030-01-01T00:00:00+00:00", "revision": "abc", "cpu": "a CPU", "cores": "2",
    "load": "0.1", "system": "a system", "python": "3.11", "p4p": "4.3", "numpy": "2.4",
    "caproto": "1.3", "softioc": "4.7", "tree": "rogue v6",
}  # fmt: skip
BLOCKS = "\n".join(
    f"<!-- {name}: written by make bench -->\nold\n<!-- {name}: end -->"
    for name in ("figures", "profiles")
)


def found(ours=(20.0, 22.0, 30.0), again=(40.0, 42.0, 41.0)):
    """The results of one row with a limit of none + 1.1 x raw, and of a start."""
    samples = Samples()
    kinds = {
        "none": (5.0, 5.0, 5.0), "raw": (20.0, 20.0, 20.0), "v4": (40.0, 42.0, 41.0),
        "ours": ours, "again": again,
    }  # fmt: skip
    for kind, values in kinds.items():
        for value in values:
            samples.add("update-watched", kind, value)
    samples.add("start-100", "ours", 0.5)
    samples.again = {"update-watched": "v4", "start-100": "v4"}
    return results(samples, MINIATURE, MACHINE)


def row(**values):
    return next(row for row in found(**values)["rows"] if row["key"] == "update-watched")


def test_a_row_has_medians_ratios_spread_and_its_limit():
    one = row()
    assert one["medians"]["ours"] == 22.0
    assert one["spread"]["ours"] == [20.0, 30.0]
    assert one["ratios"] == {"none": 4.4, "raw": 1.1, "v4": pytest.approx(22 / 41)}
    (limit,) = one["limits"]
    assert limit["text"] == "none + 1.1 x raw"
    assert limit["bound"] == 27.0
    assert limit["ratio"] == pytest.approx(22 / 27)
    assert one["noise"] == 0.0
    assert one["verdict"] == "reached"


def test_a_row_above_its_limit_is_not_reached():
    assert row(ours=(28.0, 28.0, 28.0))["verdict"] == "not reached"


def test_a_difference_below_the_noise_is_no_result():
    assert row(ours=(28.0, 28.0, 28.0), again=(44.0, 47.0, 46.0))["verdict"] == "below noise"


def test_a_row_that_ours_has_no_figure_for_has_failed():
    assert row(ours=())["verdict"] == "failed"


@pytest.mark.parametrize(
    ("ratios", "noise", "said"),
    [
        ([], 0.1, ""),
        ([0.5, 0.9], 0.05, "reached"),
        ([0.5, 1.2], 0.05, "not reached"),
        ([0.97], 0.05, "below noise"),
        ([1.03], 0.05, "below noise"),
        ([1.03], None, "not reached"),
        ([-0.5], 0.05, "reached"),  # something taken off something
    ],
)
def test_the_worst_ratio_decides(ratios, noise, said):
    assert verdict(ratios, noise) == said


def test_noise_is_by_how_much_two_medians_of_one_server_differ():
    assert noise_of([10.0, 10.0], [11.0, 11.0]) == pytest.approx(math.log(1.1))
    assert noise_of([10.0, 10.0], [5.0, 20.0]) == pytest.approx(math.log(2) / math.sqrt(2))
    assert noise_of([10.0], [11.0], scale=5.0) == pytest.approx(0.2)
    assert noise_of([10.0], []) is None
    assert noise_of([], []) is None
    assert noise_of([10.0], [-1.0]) is None


def test_what_the_tree_costs_is_taken_off_those_that_have_one():
    values = {kind: [3.0, 4.0] for kind in ("raw", "v4", "ours", "again")} | {"none": [1.0, 3.0]}
    assert net(values, "v4") == {
        "none": [1.0, 3.0], "raw": [3.0, 4.0],
        "v4": [2.0, 1.0], "ours": [2.0, 1.0], "again": [2.0, 1.0],
    }  # fmt: skip
    assert net(values, "raw")["again"] == [3.0, 4.0]


def test_the_table_names_machine_and_tree_and_says_what_is_reached():
    said = io.StringIO()
    report.show({**found(), "errors": ["it broke"]}, Console(file=said, width=200))
    text = said.getvalue()
    for word in ("rogue v6", "a CPU", "abc", "2030-01-01", "none + 1.1 x raw", "it broke"):
        assert word in text
    line = next(line for line in text.splitlines() if line.lstrip().startswith("update, one"))
    assert "reached" in line
    assert "0.81" in line
    assert "p4p 4.3, caproto 1.3, softioc 4.7, numpy 2.4" in text


def over_channel_access(**kinds):
    """The results of a row of Channel Access."""
    samples = Samples()
    for kind, value in {
        "caproto": 200.0,
        "v7": 400.0,
        "ours": 220.0,
        "again": 200.0,
        **kinds,
    }.items():
        samples.add("ca-put-p50", kind, value)
    samples.again = {"ca-put-p50": "caproto"}
    return results(samples, MINIATURE, MACHINE)


def test_a_row_of_channel_access_stands_beside_caproto_and_rogues_own():
    (one,) = over_channel_access()["rows"]
    assert one["ratios"] == {"caproto": pytest.approx(1.1), "v7": pytest.approx(0.55)}
    (limit,) = one["limits"]
    assert (limit["text"], limit["bound"]) == ("1.3 x caproto", pytest.approx(260))
    assert one["verdict"] == "reached"
    assert over_channel_access(ours=270.0)["rows"][0]["verdict"] == "not reached"
    cells = report.cells(one)
    assert cells[2:6] == ["", "1.10", "0.55", ""]
    assert cells[7:12] == ["", "200", "400", "", "220"]


def test_a_row_of_channel_access_stands_beside_an_ioc():
    samples = Samples()
    for kind, value in {"native": 20.0, "caproto": 200.0, "ours": 30.0, "again": 200.0}.items():
        samples.add("ca-get-cpu", kind, value)
    samples.again = {"ca-get-cpu": "caproto"}
    (one,) = results(samples, MINIATURE, MACHINE)["rows"]
    (limit,) = one["limits"]
    assert (limit["text"], limit["bound"]) == ("1.6 x native", pytest.approx(32))
    assert report.cells(one)[5] == "1.50"
    assert report.cells(one)[10] == "20"


def test_what_the_tree_costs_is_taken_off_an_update_of_channel_access():
    samples = Samples()
    kinds = {"none": 60.0, "caproto": 160.0, "v7": 180.0, "ours": 200.0, "again": 160.0}
    for kind, value in kinds.items():
        samples.add("ca-update-cpu", kind, value)
    samples.again = {"ca-update-cpu": "caproto"}
    (one,) = results(samples, MINIATURE, MACHINE)["rows"]
    assert one["medians"]["caproto"] == 100.0
    assert one["medians"]["ours"] == 140.0
    assert one["verdict"] == "not reached"


@pytest.mark.parametrize(
    ("machine", "said"),
    [
        (
            {"tree": "simtree", "softioc": ""},
            "simtree, not SLAC's PyRogue: there is no v4 and no v7",
        ),
        ({"softioc": ""}, "rogue v6, softioc not installed: there is no v7"),
    ],
)
def test_the_table_names_the_servers_that_there_are_not(machine, said):
    assert said in report.headline({**found(), "machine": {**MACHINE, **machine}})


def test_the_page_gets_the_figures_between_its_marks(tmp_path):
    file = tmp_path / "page.md"
    file.write_text(f"before\n{BLOCKS}\nafter\n")
    profiles = {"update": [("Roguebridge", "Showing.on_update (showing.py)", 0.25)]}
    page.refresh({**found(), "profiles": profiles}, file)
    text = file.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "a CPU" in text
    assert "| 25% | Roguebridge | `Showing.on_update (showing.py)` |" in text
    page.refresh({**found(), "profiles": profiles}, file)
    assert file.read_text() == text


def test_without_a_profile_the_page_keeps_the_one_it_has(tmp_path):
    file = tmp_path / "page.md"
    file.write_text(BLOCKS)
    page.refresh(found(), file)
    assert file.read_text().count("old") == 1


def test_a_page_without_marks_is_refused(tmp_path):
    file = tmp_path / "page.md"
    file.write_text("nothing")
    with pytest.raises(ValueError, match="page.md: there is not one block between <!-- figures"):
        page.refresh(found(), file)


def test_how_cost_grows_is_drawn(tmp_path):
    pytest.importorskip("matplotlib", reason="of the extra 'bench'")
    assert plot(found(), tmp_path / "new" / "scaling.png")
    assert (tmp_path / "new" / "scaling.png").read_bytes().startswith(b"\x89PNG")
    assert not plot({**found(), "growth": {"start": {}, "memory": {}}}, tmp_path / "none.png")


def test_a_profile_says_whose_code_it_was():
    thread = "thread (1): a thread;Thread._bootstrap (threading.py:1);Thread.run (threading.py:9)"
    update = f"{thread};Root._updateWorker (pyrogue/_Root.py:1);Show.it (core/pv/showing.py:2)"
    lines = profile.summary(
        [
            f"{update} 3",
            f"{update};PyObject_Call (libpython3.11.so.1.0) 2",
            f"{update};post (p4p/_p4p.cpython-311.so);malloc (libc.so.6) 2",
            f"{update};post (p4p/_p4p.cpython-311.so);pthread_cond_timedwait (libc.so.6);? 1",
            f"{thread};Root._updateWorker (pyrogue/_Root.py:1) 1",
            f"{thread};Root._updateWorker (pyrogue/_Root.py:1);time_sleep (libpython3.so) 50",
            "thread (2): PVXTCP;pvxs::run (pvxslibs/lib/libpvxs.so.1.5);send (libc.so.6) 1",
        ],
        {1: 0.08, 2: 0.01, 3: 0.1},  # the third ran no Python
    )
    assert lines == [
        ("p4p and pvxs", "network threads", 0.55),
        ("Roguebridge", "Show.it (showing.py)", 0.25),
        ("p4p and pvxs", "Show.it (showing.py)", 0.1),
        ("waiting for the interpreter lock", "Show.it (showing.py)", 0.05),
        ("the tree", "Root._updateWorker (_Root.py)", 0.05),
    ]
