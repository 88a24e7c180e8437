"""The import contracts hold, and each breaks where it should: one that fits nothing is no guard."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.trees import LIMIT

import roguebridge

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "pyproject.toml"
INSTALLED = "site-packages" in str(Path(roguebridge.__file__))

pytestmark = pytest.mark.skipif(not INSTALLED, reason="the contracts are those of the wheel")


def linted(folder):
    """What import-linter says of the copy in ``folder``."""
    command = ["-c", "from importlinter.cli import lint_imports_command as lint; lint()"]
    command += ["--config", str(PROJECT), "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment,
        capture_output=True, text=True, timeout=LIMIT * 12,
    )  # fmt: skip


@pytest.fixture
def copy(tmp_path):
    package = Path(roguebridge.__file__).parent
    shutil.copytree(package, tmp_path / "roguebridge", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("core/concurrency/clock.py", "import roguebridge", "stands in front"),
        ("core/cli/map.py", "from roguebridge import PvServer", "stands in front"),
        ("plugins/audit/__init__.py", "import roguebridge.__main__", "stands in front"),
        ("core/concurrency/clock.py", "import roguebridge.plugins.audit", "stand on core"),
        ("plugins/audit/__init__.py", "import roguebridge.backends.epics", "stand on core"),
        ("simtree/node.py", "import roguebridge.examples.demo", "stand on core"),
        ("lab/__init__.py", "", "stand on core"),
        ("testing/client.py", "import roguebridge.backends.soft", "stand on core"),
        ("backends/soft/client.py", "import roguebridge.testing", "stand on core"),
        ("testing/client.py", "from roguebridge.core.values import spec", "faces of core"),
        ("plugins/audit/line.py", "import pytest", "pytest is needed"),
        ("core/concurrency/clock.py", "import p4p", "no protocol library"),
        ("core/values/alarm.py", "from ..tree import pyrogue", "rooms of core"),
        ("core/values/alarm.py", "from ..concurrency import clock", "rooms of core"),
        ("core/attic/__init__.py", "", "rooms of core"),
        ("core/pv/reader.py", "from . import holder", "parts of a PV"),
        ("core/pv/attic.py", "", "parts of a PV"),
        ("backends/epics/ca/served_pv.py", "from . import channel", "files of Channel Access"),
        ("backends/epics/ca/attic.py", "", "files of Channel Access"),
        ("backends/soft/client.py", "from ..epics import ca", "do not know each other"),
        ("plugins/audit/line.py", "from roguebridge.core.values import spec", "faces of core"),
        ("core/tree/pyrogue.py", "from .patches import watchdog", "change a live tree"),
        ("plugins/converters/refusals.py", "from . import scalars", "no circles"),
    ],
)
def test_a_contract_breaks_where_an_import_goes_the_wrong_way(copy, module, line, contract):
    file = copy / "roguebridge" / module
    file.parent.mkdir(exist_ok=True)
    text = file.read_text() if file.exists() else ""
    file.write_text(f"{text}\n{line}\n")
    done = linted(copy)
    assert done.returncode == 1, done.stdout + done.stderr
    broken = [line for line in done.stdout.splitlines() if "BROKEN" in line]
    assert any(contract in line for line in broken), done.stdout


def test_they_hold(copy):
    done = linted(copy)
    assert done.returncode == 0, done.stdout + done.stderr
