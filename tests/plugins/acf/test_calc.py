"""CALC expressions give what epics-base gives, and nothing else is taken for one."""

import math
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roguebridge.plugins.acf.calc import LETTERS, CalcError, parse_calc

INPUTS = dict.fromkeys(LETTERS, 0.0) | {"A": 1.0, "B": 2.0, "C": -3.0, "D": math.nan, "E": math.inf}


def value(text, **inputs):
    return parse_calc(text).value(INPUTS | inputs)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("7", 7), (" 7 ", 7), (".5", 0.5), ("1.", 1), ("1e3", 1000), ("2.5E-1", 0.25),
        ("010", 10), ("0x1F", 31), ("0xFFFFFFFF", -1), ("0x7fffffff", 2**31 - 1),
        ("PI", math.pi), ("180*D2R", math.pi), ("PI*R2D", 180), ("INF>1", 1), ("ISNAN(NAN)", 1),
        ("A", 1), ("a", 1), ("A+B", 3), ("A-B", -1), ("A-B-C", 2), ("A*B", 2), ("A/B", 0.5),
        ("7%4", 3), ("-7%4", -3), ("7.9%4.9", 3),
        ("2**3", 8), ("2^3", 8), ("2**3**2", 64), ("2**-1", 0.5), ("-2**2", 4), ("0-2**2", -4),
        ("1+2*3", 7), ("(1+2)*3", 9), ("A--B", 3),
        ("A=1", 1), ("A==1", 1), ("A=2", 0), ("A!=1", 0), ("A#1", 0), ("A<1", 0), ("A<=1", 1),
        ("A>1", 0), ("A>=1", 1), ("A>=1=1", 1), ("1+1=2", 1),
        ("2&&3", 1), ("2&&0", 0), ("0||3", 1), ("0||0", 0), ("!0", 1), ("!5", 0), ("!A=0", 1),
        ("6&3", 2), ("6|3", 7), ("6 AND 3", 2), ("6 OR 3", 7), ("6 XOR 3", 5), ("6AND3", 2),
        ("~0", -1), ("NOT 0", -1), ("NOT(5)", -6), ("1|2&3", 3), ("1||0&&0", 1),
        ("1<<4", 16), ("1<<31", -(2**31)), ("1<<33", 2), ("-8>>1", -4), ("-1>>>28", 15),
        ("4294967295 & 255", 255), ("-1 & 255", 255),
        ("A?B:C", 2), ("0?B:C", -3), ("0?1:0?2:3", 3), ("1?0?1:2:3", 2), ("A=1?5:6", 5),
        ("A?B:C+10", 2), ("1+A?B:C", 2), ("1?2:1/0", 2), ("0?1/0:2", 2),
        ("ABS(-3)", 3), ("ABS -3+1", 4), ("SQR(9)", 3), ("SQRT(16)", 4), ("EXP(0)", 1),
        ("LN(EXP(2))", 2), ("LOGE(1)", 0), ("LOG(100)", 2), ("SIN(0)", 0), ("COS(0)", 1),
        ("TAN(0)", 0), ("ASIN(0)", 0), ("ACOS(1)", 0), ("ATAN(0)", 0), ("ATAN2(1,0)", 0),
        ("ATAN2(0,1)", math.pi / 2), ("SINH(0)", 0), ("COSH(0)", 1), ("TANH(0)", 0),
        ("CEIL(1.2)", 2), ("FLOOR(-1.2)", -2), ("CEIL(E)", math.inf), ("NINT(1.5)", 2),
        ("NINT(-1.5)", -2), ("FMOD(7.5,2)", 1.5), ("MIN(3,1,2)", 1), ("MAX(3,1,2)", 3),
        ("MAX(B)", 2), ("ISNAN(D)", 1), ("ISNAN(A,D)", 1), ("ISNAN(MAX(A,D))", 1),
        ("ISNAN(MIN(D,A))", 1), ("ISINF(E)", 1), ("ISINF(A)", 0), ("FINITE(A,B)", 1),
        ("FINITE(A,D)", 0), ("FINITE(E)", 0), ("sqrt(a*4)", 2), ("D=D", 0), ("D<1||A", 1),
    ],
)  # fmt: skip
def test_a_result_is_that_of_base(text, result):
    assert value(text) == pytest.approx(result)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("1", True), ("0", False), ("2", False), ("-1", False), ("0.995", True), ("1.005", True),
        ("0.98", False), ("1.02", False), ("A=1", True), ("NAN", False), ("INF", False),
        ("1/0", False), ("1/0>5", False), ("1%0", False), ("SQRT(-1)", False), ("LOG(0)", False),
        ("ACOS(2)", False), ("EXP(1000)", False), ("0**-1", False), ("(-8)**(1/3)", False),
        ("!(1/0)", False), ("NINT(1e10)=1e10", False), ("1e10|1", False), ("D|1", False),
        ("1e10%2=0", False), ("FMOD(1,0)", False), ("A||1/0", False), ("D<1", False),
    ],
)  # fmt: skip
def test_only_a_result_of_one_holds(text, holds):
    assert parse_calc(text).holds(INPUTS) is holds


@pytest.mark.parametrize(
    ("text", "column", "what"),
    [
        ("", 1, "an operand is missing"), ("  ", 3, "an operand is missing"),
        ("A=", 3, "an operand is missing"), ("A B", 3, "'B' is no operator"),
        ("A:=1", 2, "inputs cannot be assigned to"), ("A=1;", 4, "';' is not expected here"),
        ("RNDM>.5", 1, "RNDM is not allowed in access rules"),
        ("1+VAL", 3, "VAL is not allowed in access rules"),
        ("foo", 2, "'oo' is no operator"), ("V", 1, "'V' is no operand"),
        ("__import__('os')", 1, "\"__import__('os')\" is no operand"),
        ("A.real", 2, "'.real' is no operator"), ("A=$(X)", 3, "'$(X)' is no operand"),
        ("(A", 3, "expected ')' for the '(' in column 1"), ("A)", 2, "')' is not expected here"),
        ("A,B", 2, "',' is not expected here"), ("(A,B)", 3, "expected ')' for the '('"),
        ("A?B", 4, "expected ':' for the '?' in column 2"), ("A:B", 2, "':' is not expected here"),
        ("MAX 1", 5, "expected '(' after MAX"), ("MAX()", 5, "')' is no operand"),
        ("MAX(1,2", 8, "expected ')' for the arguments of MAX in column 1"),
        ("ATAN2(1)", 1, "ATAN2 takes 2 arguments, not 1"),
        ("FMOD(1,2,3)", 1, "FMOD takes 2 arguments, not 3"),
        ("0x100000000", 1, "0x100000000 has more than 32 bits"), ("1e999", 1, "1e999 is too large"),
        ("1 2", 3, "'2' is no operator"), ("0x", 2, "'x' is no operator"),
        ("\u017fIN(0)", 1, "is no operand"), ("\u0661", 1, "is no operand"),
        ("(" * 200, 42, "it is nested too deeply"),
        ("!" * 200 + "A", 42, "it is nested too deeply"),
        ("A?" * 200 + "A", 82, "it is nested too deeply"),
        ("(1||1&&1=1+1*1**" * 200, 642, "it is nested too deeply"),
    ],
)  # fmt: skip
def test_anything_else_is_an_error_that_names_expression_and_position(text, column, what):
    with pytest.raises(CalcError) as failure:
        parse_calc(text)
    said = str(failure.value)
    assert said.startswith(f"CALC({text!r}), column {column}: ")
    assert what in said


def test_a_long_expression_is_no_deep_one():
    assert value("+".join(["1"] * 5000)) == 5000


@pytest.mark.parametrize("text", ["(1||1&&1=1+1*1**" * 39 + "1" + ")" * 39, "!" * 39 + "A"])
def test_the_deepest_expression_is_computed(text):
    assert value(text) in (0, 1)


def test_an_expression_tells_all_inputs_it_may_use():
    assert parse_calc("1?A:MAX(b,U)*PI").inputs == {"A", "B", "U"}


# Against Python's own arithmetic ----------------------------------------------------------------

_BINARY = ("+", "-", "*", "<", "<=", ">", ">=", "==", "!=")
_LEAF = st.sampled_from(["A", "B", "C"]) | st.integers(0, 100).map(str)


def _joined(children):
    return (
        st.tuples(children, st.sampled_from(_BINARY), children).map(lambda t: f"({' '.join(t)})")
        | children.map(lambda t: f"(-{t})")
        | st.tuples(children, children, children).map(lambda t: f"({t[0]} ? {t[1]} : {t[2]})")
    )


def _python(text):
    """The same expression, for Python, where the condition stands in the middle."""
    stack = [""]
    for sign in text:
        if sign == "(":
            stack.append("")
        elif sign == ")":
            inner = stack.pop()
            if "?" in inner:
                condition, _, rest = inner.partition("?")
                one, _, other = rest.partition(":")
                inner = f"({one}) if ({condition}) else ({other})"
            stack[-1] += f"[{inner}]"
        else:
            stack[-1] += sign
    return stack[0].replace("[", "(").replace("]", ")")


@given(
    st.recursive(_LEAF, _joined, max_leaves=20),
    st.fixed_dictionaries({letter: st.integers(-50, 50).map(float) for letter in "ABC"}),
)
def test_random_expressions_give_what_python_gives(text, inputs):
    try:
        calc = parse_calc(text)
    except CalcError as error:
        assert "nested" in str(error)
        return
    expected = eval(_python(text), {}, dict(inputs))  # noqa: S307
    assert calc.value(inputs) == pytest.approx(float(expected))


@given(st.text(alphabet=string.printable, max_size=12))
def test_no_text_does_anything_but_parse_or_be_refused(text):
    try:
        calc = parse_calc(text)
    except CalcError:
        return
    assert calc.holds(INPUTS) in (True, False)
