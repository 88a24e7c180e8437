"""Polls of nodes that are made up."""

import pytest
from support.engine.polls import PollBench


@pytest.fixture
def bench():
    return PollBench()
