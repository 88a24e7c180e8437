"""CALC expressions of EPICS: parsed once into a short program, which runs on a stack of floats.

Words are told apart as in epics-base (postfix.c): case does not matter, and of several words that
could begin here the longest counts. What base itself knows, but has no place in an access rule, is
an error: assignments, random numbers, ``VAL`` and ``;``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .calc_functions import BINARY, CONSTANTS, PAIRS, UNARY, VARIADIC, Function

#: the inputs there are
LETTERS = "ABCDEFGHIJKLMNOPQRSTU"

_DEEPEST = 40  # each level takes Python some calls, of which it allows a thousand
_REFUSED = ("VAL", "RNDM")
_HEX = re.compile(r"0X[0-9A-F]+", re.I | re.A)
_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)(E[+-]?\d+)?", re.I | re.A)
_SPACE = re.compile(r"\s*", re.A)


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)), re.I | re.A)


_OPERAND = _any_of(["(", *LETTERS, *UNARY, *PAIRS, *VARIADIC, *CONSTANTS, *_REFUSED])
_OPERATOR = _any_of([")", ",", ":", ":=", ";", "?", *BINARY])


class CalcError(ValueError):
    """An expression that is none, or is not allowed; the text names expression and position."""


@dataclass(frozen=True, slots=True)
class _Push:
    value: float


@dataclass(frozen=True, slots=True)
class _Fetch:
    letter: str


@dataclass(frozen=True, slots=True)
class _Apply:
    function: Function
    count: int


@dataclass(slots=True)
class _Jump:
    only_if_zero: bool
    target: int = 0


_Step = _Push | _Fetch | _Apply | _Jump


@dataclass(frozen=True, slots=True)
class Calc:
    """An expression.

    :param text: as it was written
    :param inputs: the letters it uses, also those in branches that are not taken
    :param program: what :meth:`value` runs
    """

    text: str
    inputs: frozenset[str]
    program: tuple[_Step, ...]

    def value(self, inputs: Mapping[str, float]) -> float:
        """Return the result.

        :param inputs: a number for each letter in use
        :raises ArithmeticError: for a division by zero or a result that is too large
        :raises ValueError: for a number outside a function's domain
        """
        stack: list[float] = []
        at = 0
        while at < len(self.program):
            step = self.program[at]
            at += 1
            if isinstance(step, _Push):
                stack.append(step.value)
            elif isinstance(step, _Fetch):
                stack.append(inputs[step.letter])
            elif isinstance(step, _Apply):
                arguments = stack[-step.count :]
                del stack[-step.count :]
                stack.append(step.function(*arguments))
            elif not step.only_if_zero or stack.pop() == 0.0:
                at = step.target
        return stack.pop()

    def holds(self, inputs: Mapping[str, float]) -> bool:
        """Tell whether the result is 1, within what epics-base allows for; errors are not."""
        try:
            return 0.99 < self.value(inputs) < 1.01
        except (ArithmeticError, ValueError):
            return False


def parse_calc(text: str) -> Calc:
    """Return the expression that ``text`` is.

    :raises CalcError: if it is none
    """
    return _Parser(text).parse()


class _Parser:
    """Recursive descent; what it finds goes into the program at once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._inputs: set[str] = set()
        self._program: list[_Step] = []

    def parse(self) -> Calc:
        self._conditional()
        rest = self._operator()
        if rest is not None or self._at < len(self._text):
            raise self._unexpected(rest)
        return Calc(self._text, frozenset(self._inputs), tuple(self._program))

    def _error(self, what: str, at: int | None = None) -> CalcError:
        column = (self._at if at is None else at) + 1
        return CalcError(f"CALC({self._text!r}), column {column}: {what}")

    def _unexpected(self, found: str | None) -> CalcError:
        if found == ":=":
            return self._error("inputs cannot be assigned to")
        if found is None and self._at < len(self._text):
            return self._error(f"{self._text[self._at :]!r} is no operator")
        return self._error(f"{found!r} is not expected here")

    # Words ------------------------------------------------------------------------------------

    def _skip_space(self) -> None:
        match = _SPACE.match(self._text, self._at)
        if match is not None:
            self._at = match.end()

    def _operator(self) -> str | None:
        """Return the operator that comes next, which is not taken yet; None if none does."""
        self._skip_space()
        match = _OPERATOR.match(self._text, self._at)
        return None if match is None else match[0].upper()

    def _take(self, operator: str, why: str) -> None:
        if self._operator() != operator:
            raise self._error(f"expected {operator!r} {why}")
        self._at += len(operator)

    # Grammar ----------------------------------------------------------------------------------

    def _conditional(self) -> None:
        self._binary(1)
        if self._operator() != "?":
            return
        self._at += 1
        start = self._at - 1
        self._deeper()
        other, end = _Jump(True), _Jump(False)
        self._program.append(other)
        self._conditional()
        self._take(":", f"for the '?' in column {start + 1}")
        self._program.append(end)
        other.target = len(self._program)
        self._conditional()
        end.target = len(self._program)
        self._depth -= 1

    def _binary(self, least: int) -> None:
        self._unary()
        while (name := self._operator() or "") in BINARY and BINARY[name].level >= least:
            self._at += len(name)
            self._binary(BINARY[name].level + 1)
            self._program.append(_Apply(BINARY[name].function, 2))

    def _unary(self) -> None:
        self._skip_space()
        if self._number():
            return
        match = _OPERAND.match(self._text, self._at)
        if match is None:
            rest = self._text[self._at :]
            raise self._error(f"{rest!r} is no operand" if rest else "an operand is missing")
        name, start = match[0].upper(), self._at
        if name in _REFUSED:
            raise self._error(f"{name} is not allowed in access rules")
        self._at = match.end()
        self._deeper()
        if name in CONSTANTS:
            self._program.append(_Push(CONSTANTS[name]))
        elif name in UNARY:
            self._unary()
            self._program.append(_Apply(UNARY[name], 1))
        elif name in PAIRS or name in VARIADIC:
            self._call(name, start)
        elif name == "(":
            self._conditional()
            self._take(")", f"for the '(' in column {start + 1}")
        else:
            self._inputs.add(name)
            self._program.append(_Fetch(name))
        self._depth -= 1

    def _call(self, name: str, start: int) -> None:
        self._skip_space()
        if self._text[self._at : self._at + 1] != "(":
            raise self._error(f"expected '(' after {name}")
        self._at += 1
        self._conditional()
        count = 1
        while self._operator() == ",":
            self._at += 1
            self._conditional()
            count += 1
        self._take(")", f"for the arguments of {name} in column {start + 1}")
        if name in PAIRS and count != 2:
            raise self._error(f"{name} takes 2 arguments, not {count}", start)
        self._program.append(_Apply({**PAIRS, **VARIADIC}[name], count))

    def _number(self) -> bool:
        match = _HEX.match(self._text, self._at)
        if match is not None:
            value = int(match[0], 16)
            if value >= 2**32:
                raise self._error(f"{match[0]} has more than 32 bits")
            number = float(value - 2**32 if value >= 2**31 else value)  # as base stores it
        else:
            match = _NUMBER.match(self._text, self._at)
            if match is None:
                return False
            number = float(match[0])
            if math.isinf(number):
                raise self._error(f"{match[0]} is too large")
        self._at = match.end()
        self._program.append(_Push(number))
        return True

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error("it is nested too deeply")
