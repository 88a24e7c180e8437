"""The source distribution holds the sources, and nothing that work with them has left."""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEFTOVERS = (
    ".coverage.host.1",
    ".hypothesis/examples/1",
    ".venv/lib/site.py",
    "build/__editable__.roguebridge/roguebridge/__init__.py",
    "build/docs/index.html",
    "build/lib/roguebridge/core/old.py",
    "core/__pycache__/errors.cpython-311.pyc",
    "docs/examples/__pycache__/demo.cpython-311.pyc",
    "docs/examples/site_plugin/build/lib/old.py",
)
NEEDED = {
    "LICENSE",
    "README.md",
    "backends/epics/__init__.py",
    "core/errors.py",
    "docs/examples/demo.py",
    "front/__main__.py",
    "pyproject.toml",
}
BUILD = "import setuptools.build_meta as b; b.build_sdist('dist')"
IGNORED = shutil.ignore_patterns(
    ".*_cache", ".coverage*", ".git", ".hypothesis", ".venv", "*.egg-info", "__pycache__", "build"
)


def run(folder, *command):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "PYTHONPATH"))}
    clean |= {"SETUPTOOLS_SCM_PRETEND_VERSION": "0.1.0", "HOME": str(folder)}
    done = subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(params=["with git", "without git"])
def dirty(request, tmp_path):
    """A copy of the sources in which somebody has worked, and the files that belong into it."""
    copy = tmp_path / "copy"
    shutil.copytree(ROOT, copy, ignore=IGNORED)
    sources = {f.relative_to(copy).as_posix() for f in copy.rglob("*") if f.is_file()}
    if request.param == "with git":
        if shutil.which("git") is None:
            pytest.skip("git is not installed")
        run(copy, "git", "init", "-q")
        run(copy, "git", "add", "-A")
    for name in LEFTOVERS:
        file = copy / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("left")
    stale = copy / "roguebridge.egg-info" / "SOURCES.txt"  # of an earlier build
    stale.parent.mkdir()
    stale.write_text("".join(f"{name}\n" for name in LEFTOVERS))
    return copy, sources


def test_an_sdist_has_the_sources_and_no_leftovers(dirty):
    copy, sources = dirty
    run(copy, sys.executable, "-c", BUILD)
    (file,) = (copy / "dist").iterdir()
    assert file.name == "roguebridge-0.1.0.tar.gz"
    with tarfile.open(file) as archive:
        members = {m.name.partition("/")[2] for m in archive.getmembers() if m.isfile()}
    made = {name for name in members if name.startswith("roguebridge.egg-info/")}
    assert members - made - {"PKG-INFO", "setup.cfg"} <= sources
    assert members >= NEEDED
