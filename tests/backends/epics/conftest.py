"""One served tree for the tests of a module."""

import pytest
from support.clients.served import serving


@pytest.fixture(scope="module")
def served(tree):
    """A tree with one of everything, its server, and a client."""
    with serving(tree) as found:
        yield found
