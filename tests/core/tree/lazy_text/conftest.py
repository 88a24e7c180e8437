"""Worlds of one variable, heard by a server or not."""

from contextlib import ExitStack

import pytest
from support.trees.arrays import open_world


@pytest.fixture
def world(tree):
    """Give a function that starts a World with one variable."""
    with ExitStack() as stack:
        yield lambda kind, served=True: open_world(stack, tree, kind[0], served)
