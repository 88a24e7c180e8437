"""The nodes of a tree by path, name and group, each made when it is first asked for."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

_WILD = re.compile(r"[*?]|\[(?!\d+\])")  # an index in brackets means itself


class NodeIndex:
    """Finds the few nodes among which those of a glob must be, in place of trying all.

    :param nodes: all there are
    """

    def __init__(self, nodes: Sequence[Any]) -> None:
        self.nodes = nodes

    @cached_property
    def by_path(self) -> dict[str, Any]:
        """Path -> node."""
        found: dict[str, Any] = {}
        for node in self.nodes:
            with suppress(Exception):  # the mapping reports it
                found[str(node.path)] = node
        return found

    @cached_property
    def paths(self) -> list[str]:
        """All paths, sorted."""
        return sorted(self.by_path)

    @cached_property
    def by_name(self) -> dict[str, list[str]]:
        """Name of a node, the last part of its path -> paths of all nodes of that name."""
        found: dict[str, list[str]] = {}
        for path in self.by_path:
            found.setdefault(path.rpartition(".")[2], []).append(path)
        return found

    @cached_property
    def parts(self) -> set[str]:
        """The names of all nodes and devices."""
        devices = {path.rpartition(".")[0] for path in self.by_path}
        return {*self.by_name, *(part for device in devices for part in device.split("."))}

    @cached_property
    def groups(self) -> set[str]:
        """The groups that any node is in."""
        found: set[str] = set()
        for node in self.nodes:
            with suppress(Exception):
                found.update(node.groups)
        return found

    def near(self, globs: Iterable[str]) -> Iterable[Any]:
        """Return the nodes of which some may match one of the globs; all others match none."""
        return (self.by_path[path] for glob in globs for path in self._near(glob))

    def _near(self, glob: str) -> Sequence[str]:
        found = _WILD.search(glob)
        if found is None:
            return [glob] if glob in self.by_path else []
        wild = found.start()
        name = glob.rpartition(".")[2]
        # A dot within brackets is one of a set.
        if "." in glob[wild:] and not any(char in "*?[]" for char in name):
            return self.by_name.get(name, [])
        begin = glob[:wild]
        first = bisect_left(self.paths, begin)
        return self.paths[first : bisect_left(self.paths, begin + "\U0010ffff")]
