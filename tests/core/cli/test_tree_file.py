"""A tree's file runs as Python would run it: its libraries are found, and nothing of it stays."""

import sys
from pathlib import Path

import pytest

from roguebridge.core.cli.failure import Failure
from roguebridge.core.cli.target import load_root

TREE = """
import os, sys
import {module} as pr

HERE = os.path.dirname(sys.argv[0]) or '.'  # as pyrogue.addLibraryPath() works it out
sys.path.append(os.path.join(HERE, '../python'))
FIRST = sys.path[0]
WORDS = list(sys.argv)
import my_lib


class Top(pr.Root):
    def __init__(self):
        super().__init__(name='Top', pollEn=False)
        self.made_as = list(sys.argv)
        self._doHeartbeat = False
        self.add(pr.LocalVariable(name='Size', value=my_lib.SIZE))

    def start(self):
        import my_later_lib
        super().start()


def fails():
    raise RuntimeError('no board')
"""


@pytest.fixture
def files(shell):
    shell.write("python/my_lib.py", "SIZE = 3\n")
    shell.write("python/my_later_lib.py", "")
    shell.write("scripts/tree.py", TREE)
    shell.write("scripts/inner/__init__.py", "")
    shell.write("scripts/inner/tree.py", TREE.replace("'../python'", "'../../python'"))
    return shell


@pytest.fixture
def unchanged(monkeypatch, files):
    """``sys.argv`` of the command, and ``sys.path`` and the modules as they were, at the end."""
    monkeypatch.setattr(sys, "argv", ["roguebridge", "check", "--base", "X"])
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(files.folder)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in ("tree", "tree_", "inner", "my_lib", "my_later_lib"):
            del sys.modules[name]


@pytest.mark.parametrize("command", ["check", "map"])
def test_it_finds_its_libraries_from_its_own_folder(files, command):
    for target in ("scripts/tree.py:Top", files.folder / "scripts/tree.py:Top"):
        done = files.run(command, target, "--base", "X")
        assert done.returncode == 0, done.stderr
        assert "2 PVs" in done.stdout or "X:Top:Size" in done.stdout or "no problems" in done.stdout


def test_real_rogue_adds_its_library_paths(files):
    if files.module != "pyrogue":
        pytest.skip("simtree has no addLibraryPath")
    by_hand = "sys.path.append(os.path.join(HERE, '../python'))"
    text = TREE.replace(by_hand, "pr.addLibraryPath('../python')")
    files.write("scripts/tree.py", text)
    assert files.run("check", "scripts/tree.py:Top", "--base", "X").returncode == 0


def test_the_words_are_its_file_alone_while_it_is_imported_and_made(files, unchanged):
    words = sys.argv
    root = load_root("scripts/tree.py", "Top")
    module = sys.modules[type(root).__module__]
    assert module.WORDS == root.made_as == ["scripts/tree.py"]
    assert str(files.folder / "scripts") == module.FIRST
    assert sys.argv is words
    assert module.FIRST in sys.path  # for what it imports later


def test_a_module_runs_as_python_would_run_it(files, unchanged, monkeypatch):
    monkeypatch.syspath_prepend("scripts")
    root = load_root("inner.tree", "Top")
    module = sys.modules["inner.tree"]
    assert list(map(Path, root.made_as)) == [files.folder / "scripts/inner/tree.py"]
    assert str(files.folder) == module.FIRST


WRONG = """
import sys
sys.argv += ['more']
sys.path += ['more']
raise RuntimeError('no library')
"""


@pytest.mark.parametrize(
    ("target", "name", "why"),
    [
        ("scripts/tree.py", "fails", "no board"),
        ("scripts/tree.py", "nothing", "has no 'nothing'"),
        ("scripts/tree.py", "my_lib", "is a module"),
        ("scripts/gone.py", "Top", "there is no file"),
        ("scripts/wrong.py", "Top", "no library"),
        ("no_such_module", "Top", "there is no module"),
    ],
)
def test_after_an_error_words_and_path_are_as_they_were(files, unchanged, target, name, why):
    files.write("scripts/wrong.py", WRONG)
    words, path = list(sys.argv), list(sys.path)
    with pytest.raises(Failure, match=why):
        load_root(target, name)
    assert sys.argv == words
    assert sys.path == [str(files.folder), *path]


def test_a_check_refuses_an_audit_trail_that_serve_refuses(files):
    files.write("site.yaml", "base: X\naudit: no/such/folder/audit.json\n")
    checked = files.run("check", "my_tree.py:MyRoot", "--config", "site.yaml")
    assert checked.returncode == 1, checked.stderr
    why = f"the audit file {files.folder / 'no/such/folder/audit.json'} cannot be written"
    assert f"Problem: {why}: No such file or directory" in checked.stdout
    served = files.fails(4, "serve", "my_tree.py:MyRoot", "--config", "site.yaml", "--isolate")
    assert why in served
    assert not (files.folder / "no").exists()
