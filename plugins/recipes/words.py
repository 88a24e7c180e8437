"""Integers of any width, as hexadecimal text or as words of 32 bits."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from roguebridge.core.errors import PluginError
from roguebridge.core.hooks import ConverterRule
from roguebridge.core.values import (
    MisfitError,
    NtKind,
    ScalarType,
    TypeConverter,
    cast_exactly,
    exact_array,
    integer,
    parse_literal,
)

from ..converters.refusals import refusing_all
from ..converters.scalars import text_spec
from .rule import Selector, Whole, is_count, rule_for

_WORD = 32  # bits
_ORDERS = ("least", "most")


def hex_text(select: Selector, *, digits: int | None = None) -> ConverterRule:
    """Serve integers of any width as text like ``0x00ff``.

    A put takes text in any base that Python reads (``0x1f``, ``0b11``, ``31``), or a number.

    :param select: the nodes, of integers
    :param digits: at least so many; by default as many as the type of the node has
    :raises ValueError: if ``digits`` is no positive int
    """
    if digits is not None and not is_count(digits, 1):
        raise ValueError(f"hex_text: digits must be an int greater than 0, not {digits!r}")
    return rule_for("hex_text", select, partial(HexText, digits=digits))


def split_words(
    select: Selector, *, words: int | None = None, first: str = "least"
) -> ConverterRule:
    """Serve integers of any width as an array of uint32.

    A negative number is its two's complement. A put takes all words at once.

    :param select: the nodes, of integers
    :param words: how many; by default as many as the type of the node needs
    :param first: which word comes first, the ``'least'`` or the ``'most'`` significant
    :raises ValueError: for other values
    """
    if words is not None and not is_count(words, 1):
        raise ValueError(f"split_words: words must be an int greater than 0, not {words!r}")
    if first not in _ORDERS:
        raise ValueError(f"split_words: first must be 'least' or 'most', not {first!r}")
    return rule_for("split_words", select, partial(SplitWords, words=words, first=first))


class HexText(TypeConverter):
    """An integer as hexadecimal text of the same width for all values."""

    def __init__(self, node: Any, digits: int | None) -> None:
        whole = Whole("hex_text", node)
        self._width = 2 + (digits or -(-(whole.bits or 1) // 4))
        self._node = node
        self._number = whole.number
        self.spec = text_spec(node)

    def to_pv(self, value: Any) -> str:
        """Return ``0x...``, after the sign of a negative number."""
        number = integer(value)
        return f"{'-' if number < 0 else ''}{abs(number):#0{self._width}x}"

    @refusing_all
    def to_tree(self, value: Any) -> Any:
        """Return the int that the text stands for."""
        return self._number.to_tree(value)


class SplitWords(TypeConverter):
    """An integer as words of 32 bits."""

    def __init__(self, node: Any, words: int | None, first: str) -> None:
        whole = Whole("split_words", node)
        count = words or (None if whole.bits is None else -(-whole.bits // _WORD))
        if count is None:
            raise PluginError(
                f"{node.path}: {node.typeStr} does not say how many words it has: give words"
            )
        self._node = node
        self._count = count
        self._order = "little" if first == "least" else "big"
        self._dtype = np.dtype("<u4" if first == "least" else ">u4")
        self._signed = whole.signed
        self._number = whole.number
        # The limits of the number are not those of its words.
        self.spec = replace(
            text_spec(node, count), kind=NtKind.SCALAR_ARRAY, scalar=ScalarType.UInt32
        )

    def to_pv(self, value: Any) -> Any:
        """Return the words.

        :raises OverflowError: for a number that has more
        """
        number = integer(value)
        try:
            raw = number.to_bytes(4 * self._count, self._order, signed=number < 0)  # type: ignore[arg-type]
        except OverflowError:
            raise OverflowError(f"{number:#x} has more than {self._count} words") from None
        return np.frombuffer(raw, self._dtype).astype(np.uint32)

    @refusing_all
    def to_tree(self, value: Any) -> Any:
        """Return the int that all the words are.

        :raises PutError: for more or fewer words, or numbers that are none
        """
        given = parse_literal(value) if isinstance(value, str) else value
        words = cast_exactly(np.atleast_1d(exact_array(given)), np.dtype(np.uint32))
        if words.shape != (self._count,):
            raise MisfitError(f"{words.size} words instead of {self._count}")
        raw = words.astype(self._dtype).tobytes()
        return self._number.to_tree(int.from_bytes(raw, self._order, signed=self._signed))  # type: ignore[arg-type]
