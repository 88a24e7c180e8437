"""CALC expressions of EPICS: parsed once into functions of the inputs.

Words are split as in epics-base (postfix.c): case does not matter, and of several words that could
begin here the longest counts. Some words of base have no place in an access rule and are errors:
assignments, random numbers, ``VAL`` and ``;``.
"""

from __future__ import annotations

import math
import re
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from .calc_functions import BINARY, CONSTANTS, PAIRS, UNARY, VARIADIC, Function, wrapped

#: the inputs there are
LETTERS = "ABCDEFGHIJKLMNOPQRSTU"

Value = Callable[[Mapping[str, float]], float]

_DEEPEST = 40  # each level takes Python some calls, of which it allows a thousand
_REFUSED = ("VAL", "RNDM")
_NUMBER = re.compile(r"0X[0-9A-F]+|(\d+\.?\d*|\.\d+)(E[+-]?\d+)?", re.I | re.A)
_SPACES = tuple(string.whitespace)


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)), re.I | re.A)


_OPERAND = _any_of(["(", *LETTERS, *UNARY, *PAIRS, *VARIADIC, *CONSTANTS, *_REFUSED])
_OPERATOR = _any_of([")", ",", ":", ":=", ";", "?", *BINARY])


class CalcError(ValueError):
    """An expression that cannot be used; the text names expression and position."""


@dataclass(frozen=True, slots=True)
class Calc:
    """An expression.

    :param text: as it was written
    :param inputs: the letters it uses, also those in branches that are not taken
    :param value: returns the result for a number for each of these letters; raises
        ``ArithmeticError`` for a division by zero or a result that is too large, ``ValueError``
        for a number outside a function's domain
    """

    text: str
    inputs: frozenset[str]
    value: Value = field(compare=False, repr=False)

    def holds(self, inputs: Mapping[str, float]) -> bool:
        """Tell whether the result is 1, within the limits of epics-base; an error does not hold."""
        try:
            return 0.99 < self.value(inputs) < 1.01
        except (ArithmeticError, ValueError):
            return False


def parse_calc(text: str) -> Calc:
    """Return the expression that ``text`` is.

    :raises CalcError: if it is none
    """
    return _Parser(text).parse()


def _constant(number: float) -> Value:
    return lambda inputs: number


def _applied(function: Function, operands: Sequence[Value]) -> Value:
    return lambda inputs: float(function(*(operand(inputs) for operand in operands)))


class _Parser:
    """Recursive descent; each rule of the grammar returns a function of the inputs."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._inputs: set[str] = set()

    def parse(self) -> Calc:
        value = self._conditional()
        found = self._operator()
        if found == ":=":
            raise self._error("inputs cannot be assigned to")
        if found:
            raise self._error(f"{found!r} is not expected here")
        if self._at < len(self._text):
            raise self._error(f"{self._text[self._at :]!r} is no operator")
        return Calc(self._text, frozenset(self._inputs), value)

    def _error(self, what: str, at: int | None = None) -> CalcError:
        column = (self._at if at is None else at) + 1
        return CalcError(f"CALC({self._text!r}), column {column}: {what}")

    # Words ------------------------------------------------------------------------------------

    def _word(self, words: re.Pattern[str]) -> str:
        """Return which of the words comes next, and leave it there; '' if none does."""
        while self._text.startswith(_SPACES, self._at):
            self._at += 1
        match = words.match(self._text, self._at)
        return "" if match is None else match[0]

    def _operator(self) -> str:
        return self._word(_OPERATOR).upper()

    def _take(self, operator: str, why: str) -> None:
        if self._operator() != operator:
            raise self._error(f"expected {operator!r} {why}")
        self._at += len(operator)

    # Grammar ----------------------------------------------------------------------------------

    def _conditional(self) -> Value:
        condition = self._binary(1)
        if self._operator() != "?":
            return condition
        self._at += 1
        start = self._at
        self._deeper()
        one = self._conditional()
        self._take(":", f"for the '?' in column {start}")
        other = self._conditional()
        self._depth -= 1
        return lambda inputs: (one if condition(inputs) else other)(inputs)

    def _binary(self, least: int) -> Value:
        first = self._unary()
        rest: list[tuple[Function, Value]] = []
        while True:
            name = self._operator()
            level, function = BINARY.get(name, (0, float))
            if level < least:
                break
            self._at += len(name)
            rest.append((function, self._binary(level + 1)))
        if not rest:
            return first

        def value(inputs: Mapping[str, float]) -> float:
            result = first(inputs)
            for function, operand in rest:
                result = float(function(result, operand(inputs)))
            return result

        return value

    def _unary(self) -> Value:
        number = self._word(_NUMBER)
        if number:
            return self._number(number)
        name, start = self._word(_OPERAND).upper(), self._at
        if not name:
            rest = self._text[self._at :]
            raise self._error(f"{rest!r} is no operand" if rest else "an operand is missing")
        if name in _REFUSED:
            raise self._error(f"{name} is not allowed in access rules")
        self._at += len(name)
        self._deeper()
        if name in CONSTANTS:
            value = _constant(CONSTANTS[name])
        elif name in UNARY:
            value = _applied(UNARY[name], [self._unary()])
        elif name in PAIRS or name in VARIADIC:
            value = self._call(name, start)
        elif name == "(":
            value = self._conditional()
            self._take(")", f"for the '(' in column {start + 1}")
        else:
            self._inputs.add(name)
            value = itemgetter(name)
        self._depth -= 1
        return value

    def _call(self, name: str, start: int) -> Value:
        if self._word(_OPERAND) != "(":
            raise self._error(f"expected '(' after {name}")
        self._at += 1
        arguments = [self._conditional()]
        while self._operator() == ",":
            self._at += 1
            arguments.append(self._conditional())
        self._take(")", f"for the arguments of {name} in column {start + 1}")
        if name in PAIRS and len(arguments) != 2:
            raise self._error(f"{name} takes 2 arguments, not {len(arguments)}", start)
        return _applied({**PAIRS, **VARIADIC}[name], arguments)

    def _number(self, word: str) -> Value:
        if word[:2] in ("0x", "0X"):
            bits = int(word, 16)
            if bits >= 2**32:
                raise self._error(f"{word} has more than 32 bits")
            number = float(wrapped(bits))  # as base stores it
        else:
            number = float(word)
            if math.isinf(number):
                raise self._error(f"{word} is too large")
        self._at += len(word)
        return _constant(number)

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error("it is nested too deeply")
