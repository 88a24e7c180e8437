"""Sources say what was installed; where nothing was, they say that they do not know."""

import runpy
import sys
from importlib import metadata

import pytest

from roguebridge import core
from roguebridge.core import version


@pytest.fixture
def version_in(monkeypatch):
    """What the module says where only ``path`` can have an installed Roguebridge."""
    others = [p for p in sys.path if not [*metadata.distributions(name="roguebridge", path=[p])]]

    def version_in(path):
        monkeypatch.setattr(sys, "path", [str(path), *others])
        return runpy.run_path(version.__file__)["__version__"]

    return version_in


def test_the_version_is_that_of_the_installed_distribution(version_in, tmp_path):
    info = tmp_path / "roguebridge-1.2.3.dev4.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.4\nName: roguebridge\nVersion: 1.2.3.dev4\n"
    )
    assert version_in(tmp_path) == "1.2.3.dev4"


def test_sources_that_were_not_installed_have_no_version(version_in, tmp_path):
    assert version_in(tmp_path) == "0+unknown"


def test_the_package_gives_it():
    found = [d.version for d in metadata.distributions(name="roguebridge")]
    assert core.__version__ == (found[0] if found else "0+unknown")
