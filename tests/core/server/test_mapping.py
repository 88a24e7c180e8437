"""Which nodes a server serves, by groups or by a map, and what it says of it."""

import pytest
from support.engine.fakes import bridge_threads

from roguebridge.core.errors import MappingError
from roguebridge.core.server.server import PvServer

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


def test_the_default_leaves_out_no_serve_only(serve, tree):
    site = serve(
        tree.pr.LocalVariable(name="Secret", value=1, groups=["NoServe"]),
        tree.pr.LocalVariable(name="Plain", value=1, groups=["Hidden"]),
    )
    assert "Top.Secret" not in site.server.list()
    assert "Top.Plain" in site.server.list()


def test_an_empty_exclusion_excludes_nothing(serve, tree):
    site = serve(tree.pr.LocalVariable(name="Secret", value=1, groups=["NoServe"]), excGroups=[])
    assert "Top.Secret" in site.server.list()


@pytest.mark.parametrize("groups", ["Mine", ["Mine"], ("Mine",), {"Mine"}])
def test_groups_may_be_any_collection(serve, tree, groups):
    mine = tree.pr.LocalVariable(name="V", value=1, groups=["Mine"])
    assert list(serve(mine, incGroups=groups).server.list()) == ["Top.V"]


def test_an_explicit_map_serves_exactly_its_paths(serve, tree):
    pv_map = {"root.V": "My:V", "Top.enable": "My:E"}
    site = serve(tree.pr.LocalVariable(name="V", value=5, groups=["NoServe"]), pvMap=pv_map)
    assert site.server.list() == {"Top.enable": "My:E", "Top.V": "My:V"}
    assert pv_map == {"root.V": "My:V", "Top.enable": "My:E"}
    assert site.client().get("My:V").value == 5
    with pytest.raises(KeyError):
        site.client().get("B:Top:V")


def test_a_later_change_of_the_callers_dict_changes_nothing(serve):
    pv_map = {"Top.enable": "E"}
    site = serve(pvMap=pv_map, start=False)
    pv_map["Top.Time"] = "T"
    site.server.start()
    assert site.server.list() == {"Top.enable": "E"}


def test_an_empty_map_serves_nothing_and_says_so(serve, caplog):
    site = serve(pvMap={})
    assert site.server.list() == {}
    assert site.server.report() == ("the explicit map is empty: nothing is served",)
    assert "nothing is served" in caplog.text


def test_problems_are_logged_and_reported_and_the_rest_is_served(serve, caplog):
    site = serve(pvMap={"Top.enable": "E", "Top.enabel": "X", "Top.Time": "a b"})
    assert site.server.list() == {"Top.enable": "E"}
    assert len(site.server.report()) == 2
    for text in site.server.report():
        assert text in caplog.text
    assert "the nearest path is Top.enable" in site.server.report()[1]


def test_strict_raises_with_all_problems_and_leaves_nothing_behind(serve):
    site = serve(pvMap={"Top.enabel": "X", "Top.Time": "a b"}, strict=True, start=False)
    with pytest.raises(MappingError) as caught:
        site.server.start()
    assert len(caught.value.problems) == 2
    assert not site.server.running
    assert bridge_threads() == []
    assert set(site.server.report()) == set(caught.value.problems)


def test_explicit_duplicates_raise_without_strict(serve):
    site = serve(pvMap={"Top.enable": "X", "Top.Time": "X"}, start=False)
    with pytest.raises(MappingError, match=r"Top.enable and Top.Time both map to PV X"):
        site.server.start()
    assert not site.server.running


def test_a_dumped_map_edited_and_loaded_serves_the_same_nodes(serve, tree, tmp_path, capsys):
    site = serve(tree.pr.LocalVariable(name="V", value=5), incGroups=None)
    file = tmp_path / "map.txt"
    site.server.dump(file)
    site.server.dump()
    assert capsys.readouterr().out == file.read_text()
    assert "B:Top:V -> Top.V" in file.read_text().splitlines()
    file.write_text("# mine\n" + file.read_text().replace("B:Top:V ->", "Mine:V ->"))
    other = PvServer("unused", site.root, pvMap=file, backends=["soft"])
    other.start()
    assert other.list() == site.server.list() | {"Top.V": "Mine:V"}
    assert other._backends[0].client().get("Mine:V").value == 5
    other.stop()


def test_an_unusable_map_file_stops_the_start(serve, tmp_path):
    (tmp_path / "bad.txt").write_text("nonsense\n")
    for name in ("bad.txt", "missing.txt"):
        site = serve(pvMap=str(tmp_path / name), start=False)
        with pytest.raises(MappingError, match=name):
            site.server.start()
        assert not site.server.running
