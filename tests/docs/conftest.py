"""Runs a page on a tree."""

import pytest
from support.docs.page_world import page_world
from support.docs.pages import blocks_of
from support.docs.snippets import PageRun, says_pyrogue


@pytest.fixture
def run_page(tree, tmp_path):
    """A function that runs a page, given as text, on the tree."""

    def run(text, page="page.md", limit=60.0):
        blocks = blocks_of(text, page)
        with page_world(tree, tmp_path, says_pyrogue(text)), PageRun(limit) as page_run:
            page_run.run(blocks)

    return run
