"""The backend of the page on backends, and a client of it."""

from types import ModuleType
from unittest import mock

from support.docs.pages import ROOT, blocks_of

PAGE = "docs/extend/write-a-backend.md"


def source(name="jsonlines.py"):
    """The text of a file that the page shows."""
    blocks = blocks_of((ROOT / PAGE).read_text(encoding="utf-8"), PAGE)
    (found,) = [block for block in blocks if block.ask == "file" and block.argument == name]
    return found.text


def modules():
    """The plugin that the page shows, and its tests."""
    plugin = _module("jsonlines")
    with mock.patch.dict("sys.modules", jsonlines=plugin):
        return plugin, _module("test_jsonlines")


def _module(name):
    module = ModuleType(name)
    exec(compile(source(f"{name}.py"), PAGE, "exec"), module.__dict__)  # noqa: S102
    return module
