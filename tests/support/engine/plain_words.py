"""Values that fit hardly anywhere, and what no text for a user may say of them."""

import math
import re
from decimal import Decimal

import numpy as np

#: What Python, numpy and libraries say among themselves.
INTERNALS = re.compile(
    r"malformed node|invalid literal|could not convert|has no attribute|ambiguous|inhomogeneous|"
    r"setting an array|Expecting|Extra data|Unterminated|Traceback|cannot convert|not supported|"
    r"unhashable|unsupported operand|positional argument|keyword argument|argument must be|len\(\)|"
    r"object of type|'\w+' object|object is not (iter|subscr|call)|<class|"
    r"<\w+ object| at 0x[0-9a-f]{6}|dtype\(|"
    r"np\.\w+\(|array\(|Exceeds the limit|Python (int|float)|too large to convert|codec|"
    r"only length-1|only 0-dim|only one element|can only convert|isoformat|ConversionSyntax|"
    r"zip\(\)|required argument|must be real|must be (str|bytes|int)|out of bounds|bytes-like|"
    r"range\(|unpack|Failed to|General Error|string argument|Invalid|invalid|KeyError|\b__\w+__\b|"
    r"cannot reshape|subscriptable|not iterable|int too|year \d|unknown type|broadcast|casting"
)
_LONGEST = 700  # characters

TEXTS = [
    "", " ", "x", "nan", "inf", "-inf", "[1, 2]", "[1, [2]]", "[[1, 2], [3]]", "{}", "{1: 2}",
    '{"a": 1}', '{"a": [1, "b"]}', "0x10", "0xfg", "0b2", "-1", "1e400", "1e999999999", "1.5", "+",
    "1_0", "1__0", "é" * 8, "True", "true", "None", "null", "()", "(1, 2)", "(1", "[", "[" * 1000,
    "b'x'", "b'", "'x", "lambda: 1", "__import__('os')", "1+1", "1j", "1/0", "3/0", "set()",
    "{1, 2}", "datetime.now()", "2024-13-45", "2024-05-06T25:00:00", "99999-01-01", "10 fortnights",
    "9" * 400, "9" * 5000, "0x" + "f" * 5000, "x" * 20000, "[" + "1," * 9000 + "1]", "1\n2", "\t",
    '["a", "b"]', "[1.5]", "[null]", "[1e400]", "[true]", "frozenset(1)", "bytearray(1)",
    "-5 days, 1:00:00", "Off", "five", "a", "One", "NaN", "[NaN]", "-0", "00", "1e5", "65536",
]  # fmt: skip
VALUES = [
    *TEXTS, None, True, False, 0, 1, -1, 2, 128, 256, -129, 65536, 2**31, 2**53 + 1, 2**63, 2**64,
    2**70, 16**3000, -(16**3000), 0.5, -0.5, 1e5, 1e39, 1e300, math.nan, math.inf, -math.inf, b"x",
    b"\xff" * 2000, 1j, Decimal("1.5"), Decimal("nan"), np.int8(-1), np.uint64(2**64 - 1),
    np.float32(0.1), np.bool_(True), np.str_("x"), np.datetime64("2024-01-01"), [], [1], [0, 1, 2],
    [1.5], [True, None], ["a", "b"], [1, "a"], [[1], [2, 3]], [[1, 2], [3, 4]], [2**70, -1], [1j],
    [math.nan, 1e39], ["x" * 10000], list(range(5000)), (1, 2), {1}, {}, {"a": [1]}, {1: 2},
    {"a": [1], "b": [1.5, 2]}, {"a": "x", "b": None}, {"a": [[1]], "b": [2]}, {"n": 5}, object(),
    np.zeros(0), np.zeros((2, 2)), np.array(5), np.array("x"), np.arange(10000), np.array([None]),
    np.array(["a"]), np.array([1j]), np.ones((2, 3, 1)), np.array([2**63], "u8"), print,
]  # fmt: skip


def unplain(text, longest=_LONGEST):
    """Return what is wrong with a text that a user reads, empty if nothing is."""
    # What came is shown, whatever it is.
    found = INTERNALS.search(re.sub(r"'[^']*'|\"[^\"]*\"", "''", text))
    if found is not None:
        return f"says {found[0]!r}: {text[:300]}"
    return f"is {len(text)} long: {text[:100]}" if len(text) > longest else ""
