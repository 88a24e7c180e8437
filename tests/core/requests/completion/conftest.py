"""Completions whose thread ends with the test."""

import pytest
from support.engine.completions import Answers


@pytest.fixture
def answers():
    """Make an Answers; its thread has ended at the end, whatever happened."""
    made = []

    def make(*args, **kwargs):
        made.append(Answers(*args, **kwargs))
        return made[-1]

    yield make
    for one in made:
        one.completion.stop()
