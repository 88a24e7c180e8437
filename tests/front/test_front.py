"""The package itself: its names come when they are asked for, and it hides nothing of a site's."""

import importlib
import json
import os
import subprocess
import sys

import pytest
from support.trees import LIMIT

import roguebridge
from roguebridge import backends, core
from roguebridge.backends import epics

NAMES = ("EpicsPvServer", "PvServer", "Select", "__version__", "hookimpl")


def python(*words, cwd, path=()):
    """What a Python of its own prints."""
    given = [str(cwd / one) for one in path]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*given, *filter(None, sys.path)])}
    command = [sys.executable, *words]
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=LIMIT * 6
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_name_is_that_of_its_module():
    assert roguebridge.EpicsPvServer is epics.EpicsPvServer
    assert roguebridge.PvServer is core.PvServer
    assert roguebridge.Select is core.Select
    assert roguebridge.hookimpl is core.hookimpl
    assert roguebridge.__version__ == core.__version__
    assert sorted(roguebridge.__all__) == sorted(NAMES)
    assert set(NAMES) <= set(dir(roguebridge))


def test_importing_it_loads_nothing_else_until_a_name_is_asked_for(tmp_path):
    code = """
import json, sys
import roguebridge
loaded = [name for name in sys.modules if name.startswith("roguebridge.")]
foreign = [name for name in ("numpy", "p4p", "pluggy", "click", "pyrogue") if name in sys.modules]
names = dir(roguebridge)
roguebridge.EpicsPvServer
print(json.dumps([loaded, foreign, names, "roguebridge.backends.epics" in sys.modules]))
"""
    loaded, foreign, names, later = json.loads(python("-c", code, cwd=tmp_path))
    assert (loaded, foreign, later) == ([], [], True)
    assert set(NAMES) <= set(names)


def test_a_star_import_brings_the_names_that_are_offered(tmp_path):
    code = "from roguebridge import *; print(sorted({'PvServer', 'Select'} & set(globals())))"
    assert python("-c", code, cwd=tmp_path) == "['PvServer', 'Select']\n"


def test_an_unknown_name_is_the_ordinary_error():
    with pytest.raises(AttributeError, match="^module 'roguebridge' has no attribute 'nothing'$"):
        roguebridge.nothing  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'nothing' from 'roguebridge'"):
        exec("from roguebridge import nothing")  # noqa: S102
    assert not hasattr(roguebridge, "__wrapped__")
    assert backends is importlib.import_module("roguebridge.backends")


def test_it_runs_as_a_module_and_tells_its_version(tmp_path):
    for module in ("roguebridge", "roguebridge.core.cli"):
        told = python("-m", module, "--version", cwd=tmp_path)
        assert told == f"roguebridge {roguebridge.__version__}\n"


@pytest.mark.parametrize("kind", ["regular", "namespace"])
def test_a_sites_own_package_may_be_below_it_in_another_folder(tmp_path, kind):
    package = tmp_path / "site" / "roguebridge" / "lab"
    package.mkdir(parents=True)
    if kind == "regular":
        (package / "__init__.py").touch()
    (package / "boards.py").write_text("SIZE = 3\n")
    code = "import roguebridge.lab.boards as b, roguebridge as r; print(b.SIZE, r.PvServer.base)"
    assert python("-c", code, cwd=tmp_path, path=["site"]).startswith("3 <property")


def test_a_folder_of_that_name_beside_a_tree_hides_nothing(tmp_path):
    (tmp_path / "roguebridge").mkdir()
    (tmp_path / "roguebridge" / "notes.txt").touch()
    told = python("-m", "roguebridge", "--version", cwd=tmp_path)
    assert told == f"roguebridge {roguebridge.__version__}\n"
