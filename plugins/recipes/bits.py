"""Some bits of an integer, as NTEnum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from roguebridge.core.errors import PluginError
from roguebridge.core.hooks import ConverterRule
from roguebridge.core.values import (
    STATE,
    ConversionError,
    TypeConverter,
    integer,
    shown,
)

from ..converters.choices import enum_spec
from ..converters.refusals import index_of, present_value, refusing_all
from .rule import Selector, Whole, is_count, rule_for


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
        if not is_count(value) or not isinstance(label, str):
            raise TypeError(f"bit_field: {value!r}: {label!r} is no choice, such as 1: 'On'")
    if width is None:
        width = max([1, *(value.bit_length() for value in choices)])
    if not is_count(shift) or not is_count(width, 1):
        raise TypeError(f"bit_field: no bits have shift {shift!r} and width {width!r}")
    if not choices or len(set(choices.values())) < len(choices):
        raise ValueError(f"bit_field: the choices {dict(choices)} are none, or not all different")
    if max(choices) >> width:
        raise ValueError(f"bit_field: {max(choices)} does not fit {width} bits")
    make = partial(BitField, choices=dict(choices), shift=shift, width=width)
    return rule_for("bit_field", select, make)


class BitField(TypeConverter):
    """The index is the position of the bits' value among the choices."""

    def __init__(self, node: Any, choices: Mapping[int, str], shift: int, width: int) -> None:
        self._whole = Whole("bit_field", node)
        self._name = f"bits {shift} to {shift + width - 1}"
        bits = self._whole.bits
        if bits is not None and shift + width > bits:
            raise PluginError(f"{node.path}: {node.typeStr} has no {self._name}")
        self._node = node
        self._values = tuple(choices)
        self._index = {value: index for index, value in enumerate(self._values)}
        self._shift, self._mask = shift, ((1 << width) - 1) << shift
        self.spec = enum_spec(node, tuple(choices.values()))

    def to_pv(self, value: Any) -> int:
        """Return the index.

        :raises ConversionError: with a STATE alarm, for bits that have no choice
        """
        found = (integer(value) & self._mask) >> self._shift
        if found in self._index:
            return self._index[found]
        known = shown(list(self._values))
        text = f"{self._node.path}: {self._name} are {found}, which is none of {known}"
        raise ConversionError(text, STATE)

    @refusing_all
    def to_tree(self, value: Any) -> Any:
        """Return the integer that the node has, with the bits of the choice."""
        bits = self._values[index_of(self._node, self.spec.choices, value)] << self._shift
        number = integer(present_value(self._node)) & ~self._mask | bits
        return self._whole.number.to_tree(self._whole.wrapped(number))
