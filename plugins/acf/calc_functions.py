"""The operators and functions of EPICS CALC expressions.

All as in epics-base (calcPerform.c), with one exception: where C gives infinity, NaN or an
undefined integer for a division by zero, a value outside a function's domain, or a number that 32
bits do not hold, these raise ``ArithmeticError`` or ``ValueError``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

Function = Callable[..., float]


class Binary(NamedTuple):
    """A binary operator; the higher its level, the tighter it binds."""

    level: int
    function: Function


def _signed(x: float) -> int:
    if not -(2.0**31) - 1 < x < 2.0**32:
        raise ValueError(f"{x} has more than 32 bits")
    return _wrapped(int(x))


def _wrapped(number: int) -> int:
    number &= 0xFFFFFFFF
    return number - 2**32 if number >= 2**31 else number


def _int32(x: float) -> int:
    if not -(2.0**31) - 1 < x < 2.0**31:
        raise ValueError(f"{x} has more than 32 bits")
    return int(x)


def _modulo(a: float, b: float) -> float:
    return math.fmod(_int32(a), _int32(b))


def _shift_left(a: float, b: float) -> float:
    return float(_wrapped(_signed(a) << (_signed(b) & 31)))


def _shift_logically(a: float, b: float) -> float:
    return float((_signed(a) & 0xFFFFFFFF) >> (_signed(b) & 31))


def _largest(*values: float) -> float:
    return math.nan if any(map(math.isnan, values)) else max(values)


def _smallest(*values: float) -> float:
    return math.nan if any(map(math.isnan, values)) else min(values)


def _nearest(x: float) -> float:
    return float(_int32(x + 0.5 if x >= 0 else x - 0.5))


def _whole(round_: Callable[[float], int]) -> Function:
    return lambda x: float(round_(x)) if math.isfinite(x) else x


BINARY: Mapping[str, Binary] = {
    "||": Binary(1, lambda a, b: float(bool(a) or bool(b))),
    "|": Binary(1, lambda a, b: float(_signed(a) | _signed(b))),
    "OR": Binary(1, lambda a, b: float(_signed(a) | _signed(b))),
    "XOR": Binary(1, lambda a, b: float(_signed(a) ^ _signed(b))),
    "&&": Binary(2, lambda a, b: float(bool(a) and bool(b))),
    "&": Binary(2, lambda a, b: float(_signed(a) & _signed(b))),
    "AND": Binary(2, lambda a, b: float(_signed(a) & _signed(b))),
    "<<": Binary(2, _shift_left),
    ">>": Binary(2, lambda a, b: float(_signed(a) >> (_signed(b) & 31))),
    ">>>": Binary(2, _shift_logically),
    "=": Binary(3, lambda a, b: float(a == b)),
    "==": Binary(3, lambda a, b: float(a == b)),
    "!=": Binary(3, lambda a, b: float(a != b)),
    "#": Binary(3, lambda a, b: float(a != b)),
    "<": Binary(3, lambda a, b: float(a < b)),
    "<=": Binary(3, lambda a, b: float(a <= b)),
    ">": Binary(3, lambda a, b: float(a > b)),
    ">=": Binary(3, lambda a, b: float(a >= b)),
    "+": Binary(4, lambda a, b: a + b),
    "-": Binary(4, lambda a, b: a - b),
    "*": Binary(5, lambda a, b: a * b),
    "/": Binary(5, lambda a, b: a / b),
    "%": Binary(5, _modulo),
    "**": Binary(6, math.pow),
    "^": Binary(6, math.pow),
}

#: of one argument, which needs no parentheses
UNARY: Mapping[str, Function] = {
    "-": lambda x: -x,
    "!": lambda x: float(not x),
    "~": lambda x: float(~_signed(x)),
    "NOT": lambda x: float(~_signed(x)),
    "ABS": math.fabs,
    "SQR": math.sqrt,
    "SQRT": math.sqrt,
    "EXP": math.exp,
    "LN": math.log,
    "LOGE": math.log,
    "LOG": math.log10,
    "SIN": math.sin,
    "COS": math.cos,
    "TAN": math.tan,
    "ASIN": math.asin,
    "ACOS": math.acos,
    "ATAN": math.atan,
    "SINH": math.sinh,
    "COSH": math.cosh,
    "TANH": math.tanh,
    "CEIL": _whole(math.ceil),
    "FLOOR": _whole(math.floor),
    "NINT": _nearest,
    "ISINF": lambda x: float(math.isinf(x)),
}

#: of two arguments
PAIRS: Mapping[str, Function] = {
    "ATAN2": lambda a, b: math.atan2(b, a),  # base has them the other way round
    "FMOD": math.fmod,
}

#: of one or more arguments
VARIADIC: Mapping[str, Function] = {
    "MIN": _smallest,
    "MAX": _largest,
    "FINITE": lambda *values: float(all(map(math.isfinite, values))),
    "ISNAN": lambda *values: float(any(map(math.isnan, values))),
}

CONSTANTS: Mapping[str, float] = {
    "PI": math.pi,
    "D2R": math.pi / 180.0,
    "R2D": 180.0 / math.pi,
    "INF": math.inf,
    "NAN": math.nan,
}
