"""Runs made-up pages on the stand-in tree."""

from pathlib import Path
from tempfile import mkdtemp

import pytest
from support.docs.made_pages import page
from support.docs.page_world import page_world
from support.docs.pages import blocks_of
from support.docs.snippets import PageRun
from support.trees import TREES


@pytest.fixture
def play(tmp_path):
    """Run a page, given by its lines, on the stand-in tree; return the directory it ran in."""

    def run(*lines, limit=30.0):
        blocks = blocks_of(page(*lines), "page.md")
        directory = Path(mkdtemp(dir=tmp_path))
        with page_world(TREES[0], directory, False) as here, PageRun(limit) as page_run:
            page_run.run(blocks)
        return here

    return run
