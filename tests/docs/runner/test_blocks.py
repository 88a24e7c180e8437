"""Which blocks a page has, and which it may not have."""

import pytest
from support.docs.made_pages import fails, page
from support.docs.pages import blocks_of


def test_blocks_have_language_line_and_what_the_comment_asks_for():
    found = blocks_of(
        page(
            "# Title",
            "'''python",
            "a = 1",
            "'''",
            "- in a list",
            "  <!-- snippet: file=a/b.yaml -->",
            "  '''yaml",
            "  x:",
            "    y: 1",
            "  '''",
            "~~~~{note}",
            "'''text",
            "as it is",
            "'''",
            "~~~~",
            "'''{toctree}",
            "page",
            "'''",
        ),
        "page.md",
    )
    assert [(b.line, b.language, b.text, b.ask, b.argument) for b in found] == [
        (2, "python", "a = 1\n", "", ""),
        (7, "yaml", "x:\n  y: 1\n", "file", "a/b.yaml"),
        (12, "text", "as it is\n", "", ""),
    ]
    assert [b.runs for b in found] == [True, True, False]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["'''yaml", "'''"], "page.md:1: a block in yaml needs '<!-- snippet: file=NAME -->'"),
        (["", "'''", "'''"], "page.md:2: a block without a language needs"),
        (["'''{code-block} python", "'''"], "page.md:1: write a plain fence"),
        (["<!-- snippet: not run -->", "'''yaml", "'''"], "page.md:2: 'not run' needs a reason"),
        (["<!-- snippet: not run: -->", "'''yaml", "'''"], "page.md:2: 'not run' needs a reason"),
        (["<!-- snippet: skip -->", "'''text", "'''"], "page.md:2: unknown: 'snippet: skip'"),
        (["<!-- snippet: file=../x -->", "'''text", "'''"], "must name a file in the page's own"),
        (["<!-- snippet: file=/x -->", "'''text", "'''"], "must name a file in the page's own"),
        (["<!-- snippet: file= -->", "'''text", "'''"], "must name a file in the page's own"),
        (["<!-- snippet: output -->", "'''python", "'''"], "'output' stands before a text block"),
        (["<!-- snippet: background -->", "'''text", "'''"], "before a console block"),
        (["<!-- snippet: interrupt -->", "'''python", "'''"], "'interrupt' shows console or text"),
        (["<!-- snippet: output -->", "", "'''text", "'''"], "page.md:1: a snippet comment is"),
        (["'''python", "a"], "page.md:1: this block has no end"),
    ],
)
def test_a_page_against_the_convention_is_refused(lines, text):
    fails(lambda: blocks_of(page(*lines), "page.md"), text)
