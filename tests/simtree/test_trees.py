"""Finding SLAC's PyRogue, and not taking another package for it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.trees import TREES, describe

HERE = Path(__file__).parent.parent
ASK = "import support.trees as t; print([x.name for x in t.TREES], t.REASON)"


def ask(path):
    env = dict(os.environ, PYTHONPATH=os.pathsep.join([str(path), str(HERE), *sys.path]))
    return subprocess.run(
        [sys.executable, "-c", ASK], env=env, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_simtree_is_always_there():
    assert TREES[0].name == "simtree"
    assert describe().startswith("trees: simtree")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            {"pyrogue": ""},
            "the importable package 'pyrogue' at {}/pyrogue/__init__.py is not SLAC's",
        ),
        (
            {"pyrogue": "Root = BaseVariable = 1", "rogue": ""},
            "the importable package 'rogue' at {}/rogue/__init__.py is not SLAC's",
        ),
        ({"pyrogue": "raise OSError('broken')"}, "its import failed: OSError('broken')"),
    ],
)
def test_other_packages_are_named(tmp_path, content, reason):
    for name, text in content.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(text)
    assert ask(tmp_path) == f"['simtree'] {reason.format(tmp_path)}"
