"""A file for an audit trail."""

import pytest


@pytest.fixture
def file(tmp_path):
    return tmp_path / "audit.json"
