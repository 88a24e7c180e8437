"""What looks for polled variables that fall silent."""

import pytest
from support.engine.silence import SilenceBench


@pytest.fixture
def bench():
    return SilenceBench()
