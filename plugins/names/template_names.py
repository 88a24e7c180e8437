"""PV names by a template: ``{base}:{device}:{name}``, in upper case, with prefixes by subtree."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from roguebridge.core.hooks import NamingRule, hookimpl
from roguebridge.core.mapping import Selector
from roguebridge.core.tree import TreeNode

from .short_names import LEAST, short_name
from .spelling import Spelling


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
    :param prefixes: path of a device -> text that replaces this path in ``{device}`` and ``{path}``
        of the nodes below; of several the longest path counts
    :param aliases: further names, one or a list: each is a template, or a mapping of a template
        and its own case, separator, index and prefixes
    :param longest: a node whose primary name has more bytes gets a short alias of at most that
        many, the same after each start; None for no such aliases. Clients of Channel Access that
        were made for IOCs take 60
    :raises TypeError: for an argument of the wrong type
    :raises ValueError: for a wrong template, case, separator, index or path, and for too small a
        ``longest``
    """

    def __init__(
        self,
        template: str = "{base}:{path}",
        *,
        case: str | None = None,
        separator: str = ":",
        index: str = "[{}]",
        prefixes: Mapping[str, str] | None = None,
        aliases: str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]] = (),
        longest: int | None = None,
    ) -> None:
        self._spellings = [Spelling(template, case, separator, index, prefixes)]
        if isinstance(aliases, (str, Mapping)):
            aliases = [aliases]
        if not isinstance(aliases, (list, tuple)):
            raise TypeError(f"names: aliases must be a list of templates, not {aliases!r}")
        for alias in aliases:
            options = alias if isinstance(alias, Mapping) else {"template": alias}
            self._spellings.append(Spelling(**_known(options, Spelling)))
        if not isinstance(longest, (int, type(None))) or isinstance(longest, bool):
            raise TypeError(f"names: longest must be a number of bytes, not {longest!r}")
        if longest is not None and longest < LEAST:
            raise ValueError(f"names: longest must be {LEAST} or more, not {longest}")
        self._longest = longest
        self._base = ""

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
        return cls(**_known(value, cls))

    @hookimpl
    def naming_rules(self, base: str) -> Sequence[NamingRule]:
        """Name every node by the templates."""
        self._base = base
        for spelling in self._spellings:
            spelling.begin(base)
        return [NamingRule(self._names)]

    @hookimpl
    def selectors(self) -> Sequence[Selector]:
        """Return the selectors of the prefixes: a prefix that no node has is a problem."""
        return [one for spelling in self._spellings for one in spelling.selectors]

    def _names(self, node: TreeNode) -> str | list[str]:
        path = node.path
        names = [spelling.name(path) for spelling in self._spellings]
        if self._longest is not None and len(names[0].encode()) > self._longest:
            last = path.rpartition(".")[2]
            names.append(short_name(names[0], self._base, last, self._longest))
        return names[0] if len(names) == 1 else names


def _known(options: Mapping[Any, Any], kind: type) -> Mapping[str, Any]:
    """Return ``options`` if each is an argument of ``kind``."""
    known = list(inspect.signature(kind).parameters)
    for key in options:
        if key not in known:
            raise TypeError(f"names: unknown key {key!r}; there are {', '.join(known)}")
    return options
