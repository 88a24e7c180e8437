"""The converter of a table of devices: each cell by the converter of its variable."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np

from roguebridge.core.errors import PluginError, PutError, words_of
from roguebridge.core.hooks import ConverterRule, converter_of
from roguebridge.core.tree import enable_of, is_register, read_fault
from roguebridge.core.values import (
    CALC,
    DISABLE,
    NO_ALARM,
    Alarm,
    Column,
    Conversion,
    ConversionError,
    Display,
    NtKind,
    PvSpec,
    ScalarType,
    TypeConverter,
    ValueAlarm,
    fitted,
    integer,
    member_names,
    real,
    worst,
)

from ..converters.metadata import ALARM_LIMITS, attribute
from .table_node import Moment, Row, TableNode

_log = logging.getLogger("roguebridge.recipes")
_BOOL = ("False", "True")


def time_of(moment: Any) -> int | None:
    """Return the time of a table's newest update."""
    return moment.time_ns if isinstance(moment, Moment) else None


class TableConverter(TypeConverter):
    """All cells of a table; each column has the type that its variable has in the first device.

    :param rules: choose the converters of the variables
    :param only_scalars: refuse variables that are no scalars instead of leaving them out
    :raises PluginError: if there is such a variable, or nothing is left
    """

    def __init__(self, node: TableNode, rules: Sequence[ConverterRule], only_scalars: bool) -> None:
        self._path = node.path
        columns = []
        for name, variable in node.rows[0].variables.items():
            scalar = _column_type(converter_of(rules, variable).spec)
            if scalar is not None:
                columns.append((name, scalar))
            elif only_scalars:
                raise PluginError(f"{node.path}: {variable.path} is no scalar")
        if not columns:
            raise PluginError(f"{node.path}: {node.rows[0].device} has no scalar variable")
        own = "device" if all(name != "device" for name, _ in columns) else "device_path"
        labels = (own, *(name for name, _ in columns))
        scalars = (ScalarType.String, *(scalar for _, scalar in columns))
        self._devices = [row.device for row in node.rows]
        self._cells = [
            [Cell(row.variables[name], scalar, rules) for row in node.rows]
            for name, scalar in columns
        ]
        self._enables = [_enables_of(row) for row in node.rows]
        self.spec = PvSpec(
            NtKind.TABLE,
            ScalarType.String,
            display=Display(description=node.description),
            writable=False,
            columns=tuple(map(Column, member_names(labels), labels, scalars)),
        )

    def to_pv(self, value: Any) -> dict[str, Any]:
        """Read every variable and return name -> column; the worst alarm is noted in ``value``."""
        alarms = [_disabled(enables) for enables in self._enables]
        columns: list[Any] = [list(self._devices)]
        for cells, column in zip(self._cells, self.spec.columns[1:], strict=True):
            items, states = zip(*(cell.read() for cell in cells), strict=True)
            alarms += states
            is_text = column.scalar is ScalarType.String
            columns.append(list(items) if is_text else np.array(items, column.scalar.dtype))
        value.alarm = worst(alarms)
        names = (column.name for column in self.spec.columns)
        return dict(zip(names, columns, strict=True))

    def alarm_of(self, value: Any, pv_value: Any) -> Alarm | None:
        """Return the worst alarm of all variables."""
        alarm: Alarm = value.alarm
        return alarm

    def to_tree(self, value: Any) -> Any:
        """Refuse: the variables are put one by one."""
        raise PutError(f"{self._path} is a table of devices: it cannot be put")


class Cell:
    """One variable in the type of its column; if it cannot be read, as it was last."""

    def __init__(self, node: Any, scalar: ScalarType, rules: Sequence[ConverterRule]) -> None:
        self._node = node
        self._converter = converter = converter_of(rules, node)
        self._is_hardware = is_register(node)
        limits = ValueAlarm(*(attribute(node, name) for name in ALARM_LIMITS))
        self._judge = Conversion(converter, converter.spec, limits=limits).judge
        self._spec = PvSpec(NtKind.SCALAR, scalar)
        self._last: Any = float("nan") if scalar.is_float else self._spec.zero()
        self._trouble = ""

    def read(self) -> tuple[Any, Alarm]:
        """Return the cell and its alarm."""
        try:
            value = self._node.value()
        except Exception as exc:
            return self._missing(exc, read_fault(exc, self._is_hardware))
        try:
            found = self._converter.to_pv(value)
            alarm = self._converter.alarm_of(value, found)
            if alarm is None:
                alarm = self._judge(value, found)
            self._last = self._fitting(found)
        except Exception as exc:
            return self._missing(exc, exc.alarm if isinstance(exc, ConversionError) else CALC)
        self._trouble = ""
        return self._last, alarm

    def _missing(self, exc: Exception, alarm: Alarm) -> tuple[Any, Alarm]:
        text = words_of(exc)
        if text != self._trouble:
            self._trouble = text
            _log.warning("%s cannot be shown in its table: %s", self._node.path, text)
        return self._last, alarm

    def _fitting(self, found: Any) -> Any:
        scalar, choices = self._spec.scalar, self._converter.spec.choices
        if scalar is ScalarType.String:
            return choices[found] if choices else str(found)
        if scalar is ScalarType.Bool:
            return bool(integer(found))
        return fitted(self._spec, real(found) if scalar.is_float else integer(found))


def _enables_of(row: Row) -> list[Any]:
    """Return the ``enable`` of each device of a row's variables, once."""
    found = [(v, enable_of(v)) for v in row.variables.values()]
    return list({id(e): e for v, e in found if e not in (None, v)}.values())


def _disabled(enables: list[Any]) -> Alarm:
    """Return DISABLE if any device of a row is off."""
    for enable in enables:
        try:
            if enable.value() is not True:
                return DISABLE
        except Exception as exc:
            return read_fault(exc, False)
    return NO_ALARM


def _column_type(spec: PvSpec) -> ScalarType | None:
    if spec.kind is NtKind.ENUM:
        return ScalarType.Bool if spec.choices == _BOOL else ScalarType.String
    return spec.scalar if spec.kind is NtKind.SCALAR else None
