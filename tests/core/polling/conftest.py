"""Polls of nodes that are made up."""

import pytest
from support.polls import Bench


@pytest.fixture
def bench():
    return Bench()
