"""YAML as plain values, and the line of each of them, so that an error can name it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

Path = tuple[str | int, ...]  # keys and indices from the top of the document

_PLAIN = "tag:yaml.org,2002:"
_MERGE = _PLAIN + "merge"
_ALIASED = 100_000  # values that aliases may add: a few lines of them can mean billions


class Fault(NamedTuple):
    """Something wrong with a document.

    :param line: as an editor counts, from 1
    :param path: where in the document; empty for the document itself
    :param text: what is wrong
    """

    line: int
    path: Path
    text: str


@dataclass(slots=True)
class Document:
    """The content of a YAML text.

    :param value: dicts, lists and scalars; None if there is nothing
    :param lines: the line of each key and each item
    :param written: each scalar as it is written, without quotes
    :param faults: what is wrong; the value is then not complete
    """

    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    written: dict[Path, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """Return the line of a value, or that of the innermost one around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_yaml(text: str) -> Document:
    """Read the one document of a text; every key in it must be text, and given once.

    Only what YAML itself defines is understood: no tag makes an object.

    :returns: with all that is wrong among its ``faults``
    """
    document = Document()
    loader = None
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is not None:
            document.value = _Reader(loader, document, text).read(node, (), ())
    except yaml.reader.ReaderError as exc:
        line, column = _place(text, exc.position)
        found = (
            f"it is no YAML, column {column}: the character {chr(exc.character)!r} is not allowed"
        )
        document.faults = [Fault(line, (), found)]
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        line, column = _place(text, mark.index if mark else 0)
        words = ", ".join(part for part in (exc.context, exc.problem) if part)
        document.faults = [Fault(line, (), f"it is no YAML, column {column}: {words}")]
    except _TooMuch as exc:
        document.faults = [Fault(exc.line, (), "its aliases stand for too many values")]
    except RecursionError:
        document.faults = [Fault(1, (), "it is nested too deeply")]
    finally:
        if loader is not None:
            loader.dispose()
    return document


def _place(text: str, index: int) -> tuple[int, int]:
    """Return line and column as an editor counts: form feeds and the like break no line."""
    start = text.rfind("\n", 0, index) + 1
    return text.count("\n", 0, index) + 1, index - start + 1


class _TooMuch(Exception):
    """Aliases within aliases."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line


class _Reader:
    """Makes plain values of nodes, and notes where they are."""

    def __init__(self, loader: yaml.SafeLoader, document: Document, text: str) -> None:
        self._loader = loader
        self._document = document
        self._breaks = [index for index, character in enumerate(text) if character == "\n"]
        self._left = len(text) + _ALIASED

    def read(self, node: yaml.Node, path: Path, above: tuple[yaml.Node, ...]) -> Any:
        """Return the value of a node.

        :param above: the nodes it is part of
        """
        self._left -= 1
        if self._left < 0:
            raise _TooMuch(self._line(node))
        if node in above:
            return self._fault(path, self._document.line(path), "it refers to itself")
        if isinstance(node, yaml.ScalarNode):
            self._document.written[path] = node.value
            return self._scalar(node, path)
        if node.tag not in (_PLAIN + "map", _PLAIN + "seq"):
            return self._fault(path, self._line(node), _unknown_tag(node))
        above = (*above, node)
        if isinstance(node, yaml.MappingNode):
            return dict(self._pairs(node, path, above))
        return list(self._items(node, path, above))

    def _items(self, node: yaml.Node, path: Path, above: tuple[yaml.Node, ...]) -> Iterator[Any]:
        for index, item in enumerate(node.value):
            inner = (*path, index)
            self._document.lines[inner] = self._line(item)
            yield self.read(item, inner, above)

    def _pairs(
        self, node: yaml.Node, path: Path, above: tuple[yaml.Node, ...]
    ) -> Iterator[tuple[str, Any]]:
        lines = self._document.lines
        for key_node, value_node in node.value:
            line = self._line(key_node)
            key = self._key(key_node, path, line)
            if key is None:
                continue
            inner = (*path, key)
            if inner in lines:
                self._fault(inner, line, f"it is given twice, first in line {lines[inner]}")
                continue
            lines[inner] = line
            yield key, self.read(value_node, inner, above)

    def _key(self, node: yaml.Node, path: Path, line: int) -> Any:
        """Return the text of a key, or None."""
        if node.tag == _MERGE:
            return self._fault(path, line, "merge keys (<<) are not supported: write them out")
        if not isinstance(node, yaml.ScalarNode):
            return self._fault(path, line, "a key must be text, not a list or a mapping")
        if node.tag != _PLAIN + "str":
            return self._fault(path, line, f"the key {node.value} is not text: put it in quotes")
        return node.value

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> Any:
        if node.tag not in self._loader.yaml_constructors:
            return self._fault(path, self._line(node), _unknown_tag(node))
        try:
            return self._loader.construct_object(node)
        except Exception:  # PyYAML's own converters raise what they like
            text = f"{node.value!r} is no {_short(node.tag)}"
            return self._fault(path, self._line(node), text)

    def _fault(self, path: Path, line: int, text: str) -> Any:
        """Note a fault; return what stands for the value."""
        self._document.faults.append(Fault(line, path, text))
        return None

    def _line(self, node: yaml.Node) -> int:
        return bisect_right(self._breaks, node.start_mark.index - 1) + 1


def _unknown_tag(node: yaml.Node) -> str:
    return f"the tag {_short(node.tag)} is not known"


def _short(tag: str) -> str:
    return tag.replace(_PLAIN, "!!")
