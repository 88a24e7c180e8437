"""An access security file that is still to be written."""

import pytest


@pytest.fixture
def file(tmp_path):
    return tmp_path / "site.acf"
