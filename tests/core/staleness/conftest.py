"""What looks for polled variables that fall silent."""

import pytest
from support.silence import Bench


@pytest.fixture
def bench():
    return Bench()
