"""Made-up pages, and what is wrong with them."""

import pytest

from support.docs.pages import SnippetError


def page(*lines):
    """A page of these lines, in which three apostrophes stand for a fence."""
    return "".join(line.replace("'''", "```") + "\n" for line in lines)


def background(*lines):
    return ["<!-- snippet: background -->", "'''console", *lines, "'''"]


def interrupt(*lines, language="text"):
    return ["<!-- snippet: interrupt -->", f"'''{language}", *lines, "'''"]


def fails(run, text):
    with pytest.raises(SnippetError) as caught:
        run()
    assert text in str(caught.value), str(caught.value)
