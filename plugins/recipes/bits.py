"""Some bits of an integer, as NTEnum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from roguebridge.core.errors import PluginError, PutError
from roguebridge.core.hooks import ConverterRule
from roguebridge.core.values import (
    STATE,
    ConversionError,
    NtKind,
    PvSpec,
    ScalarType,
    TypeConverter,
    integer,
)

from ..converters.metadata import display_of
from .rule import Selector, Whole, refusing, rule_for


def bit_field(
    select: Selector,
    choices: Mapping[int, str] | Sequence[str],
    *,
    shift: int = 0,
    width: int | None = None,
) -> ConverterRule:
    """Serve some bits of an integer as an NTEnum.

    A put changes these bits only: the others are those the tree has in its cache at that moment.
    Bits that have no choice show the alarm STATE.

    :param select: the nodes, of integers
    :param choices: the label of each value of the bits, in the order of the enum; of a sequence
        the first is that of 0
    :param shift: number of the lowest bit
    :param width: how many bits; by default as many as the choices need
    :raises TypeError: for choices, shift or width of another type
    :raises ValueError: for choices that the bits cannot have, or that are not all different
    """
    if isinstance(choices, Sequence) and not isinstance(choices, str):
        choices = dict(enumerate(choices))
    if not isinstance(choices, Mapping):
        raise TypeError(f"bit_field: choices must be a dict or a list, not {choices!r}")
    for value, label in choices.items():
        if not _is_count(value) or not isinstance(label, str):
            raise TypeError(f"bit_field: {value!r}: {label!r} is no choice, such as 1: 'On'")
    if width is None:
        width = max([1, *(value.bit_length() for value in choices)])
    if not _is_count(shift) or not _is_count(width) or width == 0:
        raise TypeError(f"bit_field: no bits have shift {shift!r} and width {width!r}")
    if not choices or len(set(choices.values())) < len(choices):
        raise ValueError(f"bit_field: the choices {dict(choices)} are none, or not all different")
    if max(choices) >> width:
        raise ValueError(f"bit_field: {max(choices)} does not fit {width} bits")
    field = Field(tuple(choices), tuple(choices.values()), shift, width)
    return rule_for("bit_field", select, partial(BitField, field=field))


@dataclass(frozen=True, slots=True)
class Field:
    """Which bits, their values and the labels of those."""

    values: tuple[int, ...]
    labels: tuple[str, ...]
    shift: int
    width: int

    @property
    def mask(self) -> int:
        """The bits as they stand in the integer."""
        return ((1 << self.width) - 1) << self.shift

    def __str__(self) -> str:
        return f"bits {self.shift} to {self.shift + self.width - 1}"


class BitField(TypeConverter):
    """The index is the position of the bits' value among the choices."""

    def __init__(self, node: Any, field: Field) -> None:
        self._whole = Whole("bit_field", node)
        bits = self._whole.bits
        if bits is not None and field.shift + field.width > bits:
            raise PluginError(f"{node.path}: {node.typeStr} has no {field}")
        self._node = node
        self._path = node.path
        self._field = field
        self._index = {value: index for index, value in enumerate(field.values)}
        self.spec = PvSpec(
            NtKind.ENUM,
            ScalarType.Int32,
            choices=field.labels,
            display=display_of(node, ScalarType.String),
            writable=node.mode != "RO",
        )

    def to_pv(self, value: Any) -> int:
        """Return the index.

        :raises ConversionError: with a STATE alarm, for bits that have no choice
        """
        field = self._field
        found = (integer(value) & field.mask) >> field.shift
        try:
            return self._index[found]
        except KeyError:
            text = f"{self._path}: {field} are {found}, which is none of {list(field.values)}"
            raise ConversionError(text, STATE) from None

    def to_tree(self, value: Any) -> Any:
        """Return the integer that the node has, with the bits of the choice."""
        with refusing(self._path):
            field = self._field
            bits = field.values[self._index_of(value)] << field.shift
            number = integer(self._node.value()) & ~field.mask | bits
            return self._whole.number.to_tree(self._whole.wrapped(number))

    def _index_of(self, value: Any) -> int:
        labels = self._field.labels
        if isinstance(value, str):
            if value not in labels:
                raise PutError(f"{self._path}: {value!r} is none of {list(labels)}")
            return labels.index(value)
        index = integer(value)
        if not 0 <= index < len(labels):
            raise PutError(
                f"{self._path}: index {index} is outside 0 .. {len(labels) - 1}, "
                f"the choices {list(labels)}"
            )
        return index


def _is_count(number: Any) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and number >= 0
