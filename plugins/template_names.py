"""PV names by a template: ``{base}:{device}:{name}``, in upper case, with prefixes by subtree."""

from __future__ import annotations

import inspect
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from roguebridge.core.hookspecs import hookimpl
from roguebridge.core.naming import illegal_in
from roguebridge.core.rules import NamingRule
from roguebridge.core.tree import TreeNode

from .name_template import NameTemplate

_log = logging.getLogger("roguebridge.plugins")
_CASES: dict[str | None, Callable[[str], str]] = {
    None: str,
    "upper": str.upper,
    "lower": str.lower,
}
_INDEX = re.compile(r"\[(\d+)\]")
_NAME = "\ud800"  # stands for the node's name in what is worked out per device; no name has it


class TemplateNames:
    """Names every node by a template; a plugin.

    The fields of a template are ``{base}``, the server's; ``{root}``, the name of the root;
    ``{device}``, the path of the node's device below the root, and ``{parent}``, the last part of
    it, both empty for a node of the root itself; ``{name}``, the node's own; and ``{path}``, the
    path from the root to the node. An empty field leaves no separator behind.

    :param template: the primary name; by default the standard one
    :param case: ``'upper'`` or ``'lower'`` for the whole name, None to leave it
    :param separator: between the parts of ``{device}`` and ``{path}``
    :param index: how the index of an array node is written, e.g. ``'_{}'`` or ``'{:02d}'``
    :param prefixes: path of a device -> what stands for it, and for all above it, in the
        ``{device}`` and ``{path}`` of the nodes below; of several the longest path counts
    :param aliases: a template, or a sequence of templates, of further names
    :raises TypeError: for an argument of the wrong type
    :raises ValueError: for a template, a case, a separator or an index that is none
    """

    def __init__(
        self,
        template: str = "{base}:{path}",
        *,
        case: str | None = None,
        separator: str = ":",
        index: str = "[{}]",
        prefixes: Mapping[str, str] | None = None,
        aliases: str | Sequence[str] = (),
    ) -> None:
        if isinstance(aliases, str):
            aliases = [aliases]
        if not isinstance(aliases, (list, tuple)):
            raise TypeError(f"names: aliases must be templates, not {aliases!r}")
        self._templates = [NameTemplate(text) for text in (template, *aliases)]
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
        self._unused: set[str] = set()

    @classmethod
    def from_option(cls, value: object) -> TemplateNames:
        """Return the plugin for the argument ``names`` of a server.

        :param value: a template, or a mapping of the arguments of this class
        :raises TypeError: for anything else, and for an unknown argument
        :raises ValueError: as above
        """
        if isinstance(value, str):
            return cls(value)
        if not isinstance(value, Mapping):
            raise TypeError(f"names must be a template or a mapping, not {value!r}")
        known = list(inspect.signature(cls).parameters)
        for key in value:
            if key not in known:
                raise TypeError(f"names: unknown key {key!r}; there are {', '.join(known)}")
        return cls(**value)

    @hookimpl
    def naming_rules(self, base: str) -> Sequence[NamingRule]:
        """Name every node by the template."""
        self._unused = set(self._prefixes)
        return [NamingRule(partial(self._names, base, {}))]

    @hookimpl
    def server_started(self, server: Any) -> None:
        """Tell of prefixes that no node has: the path is misspelt, or the tree has changed."""
        for path in sorted(self._unused):
            _log.warning("names: no node is named by the prefix of %r", path)

    def _names(
        self, base: str, known: dict[str, list[list[str]]], node: TreeNode
    ) -> str | list[str]:
        device, _, name = node.path.rpartition(".")
        texts = known.get(device)
        if texts is None:
            texts = known[device] = self._texts(base, device)
        name = self._indexed(name)
        names = [self._cased(name.join(text)) for text in texts]
        return names[0] if len(names) == 1 else names

    def _texts(self, base: str, device: str) -> list[list[str]]:
        """Return the texts around the node's name, of each template, for the nodes of a device."""
        root, *parts = device.split(".")
        above = [root]
        for length in range(len(parts), -1, -1):
            ends = ".".join(["", *parts[:length]])
            found = next((p for p in (root + ends, "root" + ends) if p in self._prefixes), None)
            if found is not None:
                self._unused.discard(found)
                prefix = self._prefixes[found]
                parts = [prefix] * bool(prefix) + [self._indexed(part) for part in parts[length:]]
                above = []
                break
        else:
            parts = [self._indexed(part) for part in parts]
        values = {
            "base": base,
            "root": root,
            "path": self._separator.join([*above, *parts, _NAME]),
            "device": self._separator.join(parts),
            "parent": parts[-1] if parts else "",
            "name": _NAME,
        }
        return [template.fill(values).split(_NAME) for template in self._templates]

    def _indexed(self, name: str) -> str:
        if self._index is None or "[" not in name:
            return name
        form = self._index
        return _INDEX.sub(lambda found: form.format(int(found[1])), name)


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
