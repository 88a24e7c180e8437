"""How PV names are spelt: a template, case, separator, form of an index, prefixes by subtree."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from roguebridge.core.mapping import Select, Selector, illegal_in

from .template import NameTemplate

_CASES: dict[str | None, Callable[[str], str]] = {
    None: str,
    "upper": str.upper,
    "lower": str.lower,
}
_INDEX = re.compile(r"\[(\d+)\]")
_NAME = "\ud800"  # stands for the node's name in the text of a device; no name has it


class Spelling:
    """Makes one PV name of a path; see :class:`.TemplateNames` for the arguments.

    :raises TypeError: for an argument of the wrong type
    :raises ValueError: for a wrong template, case, separator, index or path
    """

    def __init__(
        self,
        template: str = "{base}:{path}",
        case: str | None = None,
        separator: str = ":",
        index: str = "[{}]",
        prefixes: Mapping[str, str] | None = None,
    ) -> None:
        self._template = NameTemplate(template)
        if not isinstance(case, (str, type(None))) or case not in _CASES:
            raise ValueError(f"names: case must be 'upper', 'lower' or None, not {case!r}")
        self._cased = _CASES[case]
        self._separator = _part("separator", separator)
        self._index = _index_format(index)
        if not isinstance(prefixes, (Mapping, type(None))):
            raise TypeError(f"names: prefixes must map paths to names, not {prefixes!r}")
        self._prefixes = {
            _path(path): _part(f"the prefix of {path!r}", prefix)
            for path, prefix in (prefixes or {}).items()
        }
        self.begin("")

    def begin(self, base: str) -> None:
        """Forget what was named before.

        :param base: the server's
        """
        self._base = base
        self._known: dict[str, list[str]] = {}

    @property
    def selectors(self) -> list[Selector]:
        """One selector for each prefix; it selects the nodes below the path."""
        return [
            Selector(f"names: no node is named by the prefix of {path!r}", _below(path))
            for path in self._prefixes
        ]

    def name(self, path: str) -> str:
        """Return the name of the node of that path."""
        device, _, name = path.rpartition(".")
        around = self._known.get(device)
        if around is None:
            around = self._known[device] = self._around(device)
        return self._cased(self._indexed(name).join(around))

    def _around(self, device: str) -> list[str]:
        """Return the texts around a node's name in the names of a device's nodes."""
        root, *parts = device.split(".")
        above = [root]
        prefix, length = self._prefix(root, parts)
        parts = [self._indexed(part) for part in parts[length:]]
        if prefix is not None:
            above = []
            parts = [prefix, *parts] if prefix else parts
        values = {
            "base": self._base,
            "root": root,
            "path": self._separator.join([*above, *parts, _NAME]),
            "device": self._separator.join(parts),
            "parent": parts[-1] if parts else "",
            "name": _NAME,
        }
        return self._template.fill(values).split(_NAME)

    def _prefix(self, root: str, parts: list[str]) -> tuple[str | None, int]:
        """Return the longest prefix, and for how many of ``parts`` it stands."""
        for length in range(len(parts), -1, -1):
            for name in (root, "root"):
                path = ".".join([name, *parts[:length]])
                if path in self._prefixes:
                    return self._prefixes[path], length
        return None, 0

    def _indexed(self, name: str) -> str:
        form = self._index
        if form is None or "[" not in name:
            return name
        return _INDEX.sub(lambda found: form.format(int(found[1])), name)


def _below(path: str) -> Callable[[Any], bool]:
    """Return what selects the nodes in and below a device."""
    root, _, rest = path.partition(".")
    if root != "root":
        return Select(path=f"{path}.*")
    within = f"{rest}." if rest else ""  # whatever the name of the root is
    return lambda node: str(node.path).partition(".")[2].startswith(within)


def _part(what: str, text: object) -> str:
    """Return ``text`` if it may be a part of a name."""
    if not isinstance(text, str):
        raise TypeError(f"names: {what} must be a str, not {text!r}")
    bad = illegal_in(text)
    if bad is not None:
        raise ValueError(f"names: {what} {text!r} contains {bad!r}, which no PV name may")
    return text


def _path(path: object) -> str:
    if not isinstance(path, str) or not all(path.split(".")):
        raise ValueError(f"names: prefixes are for paths of devices, not {path!r}")
    return path


def _index_format(index: object) -> str | None:
    """Return the format of an index, None if it is PyRogue's own."""
    text = _part("index", index)
    try:
        one, two = text.format(1), text.format(2)
    except (ValueError, LookupError, AttributeError, TypeError) as exc:
        raise ValueError(f"names: index {text!r} is no format of a number: {exc}") from None
    if illegal_in(one) is not None:
        raise ValueError(f"names: index {text!r} makes {one!r}, which no PV name may have")
    if one == two:
        raise ValueError(f"names: index {text!r} has no place for the number, as '[{{}}]' has")
    return None if text == "[{}]" else text
