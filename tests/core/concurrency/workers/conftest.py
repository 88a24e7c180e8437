"""A pool of workers that is ended whatever a test does."""

import pytest
from support.engine.steps import Pool


@pytest.fixture
def bench():
    bench = Pool()
    yield bench
    bench.end()
