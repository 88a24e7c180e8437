"""The variables of devices as one NTTable: a row for each device, a column for each variable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from roguebridge.core.errors import PluginError
from roguebridge.core.hooks import ConverterRule, TimeSourceRule, hookimpl
from roguebridge.core.mapping import ExtraNode, Select, Selector, path_matcher, selects
from roguebridge.core.tree import TreeNode

from ..converters import make_converter
from .table_converter import TableConverter, time_of
from .table_node import Row, TableNode

_LEFT_OUT = ("NoServe", "Hidden")


class DeviceTable:
    """A plugin that serves one NTTable: a row for each device, a column for each variable.

    The table is read-only. It is posted again soon after a variable of it was updated, at most once
    per ``period``, with the time of the newest update and the worst alarm of all its variables. A
    variable that cannot be read, or whose device is disabled, makes it INVALID; its cell keeps what
    was last read.

    **What is in the table can be seen by every client**, whether or not the variables are served by
    themselves: ``incGroups`` and ``excGroups`` of the server do not apply to what is named in
    ``variables``, as to nothing that is named in a ``pvMap``.

    :param pv_name: name of the PV; ``{base}`` in it stands for the server's ``base``
    :param devices: globs of the devices' paths as in :class:`roguebridge.core.Select`, e.g.
        ``'Top.Adc[*]'``
    :param variables: names of scalar variables of each device, also of those in its sub-devices
        (``'Adc.Gain'``); by default all that every device itself has and that are in none of
        ``excGroups``
    :param excGroups: groups whose variables are left out by default
    :param rules: convert the variables of which they select any; by default as they would be served
        without plugins
    :param description: what the PV says it is
    :param groups: groups of the table's node, e.g. for access policies
    :param period: seconds between two posts at least
    :raises TypeError: for arguments of another type
    :raises ValueError: for a ``period`` below 0
    """

    def __init__(
        self,
        pv_name: str,
        devices: str | Iterable[str],
        variables: Iterable[str] | None = None,
        *,
        excGroups: Iterable[str] = _LEFT_OUT,
        rules: Iterable[ConverterRule] = (),
        description: str = "",
        groups: Sequence[str] = (),
        period: float = 0.1,
    ) -> None:
        if not isinstance(pv_name, str):
            raise TypeError(f"DeviceTable: pv_name must be a str, not {pv_name!r}")
        if isinstance(variables, str) or isinstance(excGroups, str):
            raise TypeError("DeviceTable: variables and excGroups must be lists, not a str")
        if isinstance(period, bool) or not isinstance(period, (int, float)) or not period >= 0:
            raise ValueError(f"DeviceTable: period must be a number of seconds, not {period!r}")
        self._pv_name = pv_name
        self._globs = (devices,) if isinstance(devices, str) else tuple(devices)
        self._is_ours = path_matcher(self._globs)
        self._variables = None if variables is None else tuple(variables)
        self._left_out = frozenset(excGroups)
        self._rules = (*rules, ConverterRule(make_converter))
        self._description = description
        self._groups = tuple(groups)
        self._period = float(period)

    @hookimpl
    def extra_nodes(self, base: str, root: Any) -> Sequence[ExtraNode]:
        """Find the devices and their variables."""
        pv_name = self._pv_name.replace("{base}", base)
        node = TableNode(self, f"RB.{pv_name}", self._find_rows(root), self._period)
        node.description, node.groups = self._description, list(self._groups)
        return [ExtraNode(pv_name, node)]

    @hookimpl
    def converter_rules(self) -> Sequence[ConverterRule]:
        """Convert the table."""
        return [ConverterRule(self._make_converter, self._owns)]

    @hookimpl
    def selectors(self) -> Sequence[Selector]:
        """Return what selects the devices, and the rules for their variables."""
        start, found = f"DeviceTable {self._pv_name}", []
        for glob in self._globs:
            found.append(Selector(f"{start}: no device matches {glob!r}", Select(path=f"{glob}.*")))
        for rule in self._rules[:-1]:
            text = f"{start}: no node is selected by {selects(rule.select)}"
            found.append(Selector(text, rule.select, rule.optional))
        return found

    @hookimpl
    def time_source_rules(self) -> Sequence[TimeSourceRule]:
        """Give the table the time of the newest update."""
        return [TimeSourceRule(lambda node: time_of, self._owns)]

    def _owns(self, node: TreeNode) -> bool:
        return isinstance(node, TableNode) and node.owner is self

    def _make_converter(self, node: Any) -> TableConverter:
        return TableConverter(node, self._rules, only_scalars=self._variables is not None)

    def _find_rows(self, root: Any) -> tuple[Row, ...]:
        nodes = {node.path: node for node in root.variableList if not node.isCommand}
        devices = dict.fromkeys(path.rpartition(".")[0] for path in nodes)
        found = [device for device in devices if self._is_ours(device)]
        if not found:
            raise PluginError(f"DeviceTable {self._pv_name}: no device matches {self._globs}")
        names = self._variables
        if names is None:
            names = tuple(
                node.name
                for path, node in nodes.items()
                if path.rpartition(".")[0] == found[0]
                and node.mode != "WO"
                and self._left_out.isdisjoint(node.groups)
                and all(f"{other}.{node.name}" in nodes for other in found)
            )
        if not names:
            raise PluginError(f"DeviceTable {self._pv_name}: {found[0]} has nothing to show")
        rows = [Row(one, {name: nodes.get(f"{one}.{name}") for name in names}) for one in found]
        for row in rows:
            for name, node in row.variables.items():
                if node is None or node.mode == "WO":
                    problem = "no variable" if node is None else "a write-only variable"
                    text = f"DeviceTable {self._pv_name}: {row.device} has {problem} {name}"
                    raise PluginError(text)
        return tuple(rows)
