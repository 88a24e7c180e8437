"""The operators and functions of EPICS CALC expressions.

All as in epics-base (calcPerform.c), with one exception: where C gives infinity, NaN or an
undefined integer for a division by zero, a value outside a function's domain, or a number that 32
bits do not hold, these raise ``ArithmeticError`` or ``ValueError``.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping

Function = Callable[..., float]


def _int32(x: float, end: float = 2.0**31) -> int:
    if not -(2.0**31) - 1 < x < end:
        raise ValueError(f"{x} has more than 32 bits")
    return int(x)


def wrapped(number: int) -> int:
    """Return the signed 32-bit integer that has the low bits of a number."""
    return (number + 2**31) % 2**32 - 2**31


def _bits(x: float) -> int:
    """Return a number, signed or not, as 32 bits with a sign."""
    return wrapped(_int32(x, 2.0**32))


def _on_bits(function: Callable[[int, int], int]) -> Function:
    return lambda a, b: function(_bits(a), _bits(b))


def _shift(function: Callable[[int, int], int]) -> Function:
    return lambda a, b: wrapped(function(_bits(a), _bits(b) & 31))


def _unless_nan(function: Callable[[tuple[float, ...]], float]) -> Function:
    return lambda *values: math.nan if any(map(math.isnan, values)) else function(values)


def _if_finite(function: Callable[[float], int]) -> Function:
    return lambda x: function(x) if math.isfinite(x) else x


#: of two operands; each line binds tighter than those before
_LEVELS: tuple[dict[str, Function], ...] = (
    {
        "||": lambda a, b: bool(a or b),
        "|": _on_bits(operator.or_),
        "OR": _on_bits(operator.or_),
        "XOR": _on_bits(operator.xor),
    },
    {
        "&&": lambda a, b: bool(a and b),
        "&": _on_bits(operator.and_),
        "AND": _on_bits(operator.and_),
        "<<": _shift(operator.lshift),
        ">>": _shift(operator.rshift),
        ">>>": lambda a, b: (_bits(a) & 0xFFFFFFFF) >> (_bits(b) & 31),
    },
    {
        "=": operator.eq,
        "==": operator.eq,
        "!=": operator.ne,
        "#": operator.ne,
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
    },
    {"+": operator.add, "-": operator.sub},
    {"*": operator.mul, "/": operator.truediv, "%": lambda a, b: math.fmod(_int32(a), _int32(b))},
    {"**": math.pow, "^": math.pow},
)

#: operator -> how tight it binds, and its function
BINARY: Mapping[str, tuple[int, Function]] = {
    name: (level, function)
    for level, functions in enumerate(_LEVELS, 1)
    for name, function in functions.items()
}

#: of one argument, which needs no parentheses
UNARY: Mapping[str, Function] = {
    "-": operator.neg,
    "!": operator.not_,
    "~": lambda x: ~_bits(x),
    "NOT": lambda x: ~_bits(x),
    "ABS": math.fabs,
    "SQR": math.sqrt,
    "SQRT": math.sqrt,
    "EXP": math.exp,
    "LN": math.log,
    "LOGE": math.log,
    "LOG": math.log10,
    **{name: getattr(math, name.lower()) for name in ("SIN", "COS", "TAN", "ASIN", "ACOS", "ATAN")},
    **{name: getattr(math, name.lower()) for name in ("SINH", "COSH", "TANH")},
    "CEIL": _if_finite(math.ceil),
    "FLOOR": _if_finite(math.floor),
    "NINT": lambda x: _int32(x + 0.5 if x >= 0 else x - 0.5),
    "ISINF": math.isinf,
}

#: of two arguments
PAIRS: Mapping[str, Function] = {
    "ATAN2": lambda a, b: math.atan2(b, a),  # base has them the other way round
    "FMOD": math.fmod,
}

#: of one or more arguments
VARIADIC: Mapping[str, Function] = {
    "MIN": _unless_nan(min),
    "MAX": _unless_nan(max),
    "FINITE": lambda *values: all(map(math.isfinite, values)),
    "ISNAN": lambda *values: any(map(math.isnan, values)),
}

CONSTANTS: Mapping[str, float] = {
    "PI": math.pi,
    "D2R": math.pi / 180.0,
    "R2D": 180.0 / math.pi,
    "INF": math.inf,
    "NAN": math.nan,
}
