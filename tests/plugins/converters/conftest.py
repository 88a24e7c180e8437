"""A root with one of everything, for the tests of a module."""

import pytest
from support.trees import TREES, running
from support.trees.everything import build


@pytest.fixture(scope="module", params=TREES, ids=str)
def root(request):
    with running(build(request.param)) as root:
        yield root
