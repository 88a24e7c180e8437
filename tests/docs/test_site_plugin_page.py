"""The guide to a plugin of a site shows the files of the example, to the letter."""

from support.docs.pages import ROOT, blocks_of

PAGE = "docs/extend/write-a-site-plugin.md"
EXAMPLE = ROOT / "docs/examples/site_plugin"


def test_each_file_of_the_example_is_on_the_page():
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    shown = {
        block.argument: block.text.strip() for block in blocks_of(text, PAGE) if block.ask == "file"
    }
    shown.pop("crate.py")
    there = {
        str(file.relative_to(EXAMPLE)): file.read_text(encoding="utf-8").strip()
        for file in EXAMPLE.rglob("*")
        if file.suffix in (".py", ".acf", ".toml") and "build" not in file.parts
    }
    there.pop("site_plugin/__init__.py")
    assert shown == there
