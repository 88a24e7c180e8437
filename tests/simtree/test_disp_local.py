"""Text into and out of local variables: what setDisp() makes of each text, the text of values.

A cell tells what the variable holds after setDisp, or the exception, see support.trees.tables.
"""

from contextlib import contextmanager

import numpy as np
import pytest
from support.each import each
from support.trees import running
from support.trees.tables import cells, outcome
from support.trees.texts import ARRAY_TEXTS, TEXTS

ENUM = {0: "Zero", 1: "One", 2: "Two words", 5: "None"}
LOCALS = {
    "int": 3, "float": 1.5, "bool": True, "str": "hi", "list": [1], "dict": {"a": 1}, "tuple": (1,),
    "set": {1}, "npfloat64": np.float64(2.5), "npint32": np.int32(2),
    "f8": np.array([1.0, 2.0, 3.0]), "i4": np.array([1], "i4"), "U2": np.array(["ab", "c"]),
    "object": np.array([1, None], object),
}  # fmt: skip


@pytest.fixture(scope="module")
def root(tree):
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False, maxLog=2)
    root.add(pr.Device(name="L"))
    for name, value in LOCALS.items():
        root.L.add(pr.LocalVariable(name=name, value=value))
    root.L.add(pr.LocalVariable(name="enumInt", value=2, enum=ENUM))
    root.L.add(pr.LocalVariable(name="enumStr", value="One", enum={"x": "One", "y": "1"}))
    root.L.add(pr.LocalVariable(name="enumLabel", value="ten", enum={"b": 10, "a": "ten"}))
    root.L.add(pr.LocalVariable(name="limited", value=2, minimum=0, maximum=10))
    root.L.add(pr.LocalVariable(name="free", value=2, typeCheck=False))
    root.L.add(pr.LocalVariable(name="none", localGet=lambda: None))
    root.L.add(pr.LocalVariable(name="three", value=1.0, disp="{:1.3f}"))
    root.L.add(pr.LocalVariable(name="quiet", value=np.zeros(3), disp=""))
    root.L.add(pr.LocalVariable(name="bytes", value=np.zeros(2, "u1"), disp="{:#04x}"))
    with running(root):
        yield root


LOCAL = (
    """\
                      1   0x10 0xff -1 1.0 1e3    nan inf 1e400 True true None empty
int                   1   16   255  -1 VE  VE     VE  VE  VE    True VE   VE   VE
float                 VE  VE   VE   VE 1.0 1000.0 VE  VE  inf   VE   VE   VE   VE
bool                  VE  VE   VE   VE VE  VE     VE  VE  VE    -    VE   VE   VE
str                   =   =    =    =  =   =      =   =   =     =    =    =    =
list                  VE  VE   VE   VE VE  VE     VE  VE  VE    VE   VE   VE   VE
dict                  VE  VE   VE   VE VE  VE     VE  VE  VE    VE   VE   VE   VE
tuple                 VE  VE   VE   VE VE  VE     VE  VE  VE    VE   VE   VE   VE
set,npfloat64,npint32 VE  VE   VE   VE VE  VE     VE  VE  VE    VE   VE   VE   VE
enumInt               VE  VE   VE   VE VE  VE     VE  VE  VE    VE   VE   5    VE
enumStr               'y' VE   VE   VE VE  VE     VE  VE  VE    VE   VE   VE   VE
limited               1   VE   VE   VE VE  VE     VE  VE  VE    True VE   TE   VE
free                  1   16   255  -1 1.0 1000.0 VE  VE  inf   True VE   None VE
none                  VE  VE   VE   VE VE  VE     VE  VE  VE    VE   VE   -    VE
""",
    """\
                      blank 1_0 0b11 007 1+1 abc 'a' [1,2] (1,2) [] {} 1j b'x' One
int                   1     10  -    VE  VE  VE  VE  VE    VE    VE VE VE VE   VE
float                 VE    VE  VE   VE  VE  VE  VE  VE    VE    VE VE VE VE   VE
bool                  VE    VE  VE   VE  VE  VE  VE  VE    VE    VE VE VE VE   VE
str                   =     =   =    =   =   =   =   =     =     =  =  =  =    =
list                  VE    VE  VE   VE  VE  VE  VE  [1,2] VE    [] VE VE VE   VE
dict                  VE    VE  VE   VE  VE  VE  VE  VE    VE    VE {} VE VE   VE
tuple                 VE    VE  VE   VE  VE  VE  VE  VE    (1,2) VE VE VE VE   VE
set,npfloat64,npint32 VE    VE  VE   VE  VE  VE  VE  VE    VE    VE VE VE VE   VE
enumInt               VE    VE  VE   VE  VE  VE  VE  VE    VE    VE VE VE VE   1
enumStr               VE    VE  VE   VE  VE  VE  VE  VE    VE    VE VE VE VE   -
limited               1     10  3    VE  VE  VE  TE  VE    TE    VE VE TE TE   VE
free                  1     10  3    VE  VE  VE  'a' [1,2] (1,2) [] {} 1j b'x' VE
none                  VE    VE  VE   VE  VE  VE  VE  VE    VE    VE VE VE VE   VE
""",
    """\
                      one False Two
int                   VE  False VE
float                 VE  VE    VE
bool                  VE  False VE
str                   =   =     =
list                  VE  VE    VE
dict                  VE  VE    VE
tuple                 VE  VE    VE
set,npfloat64,npint32 VE  VE    VE
enumInt               VE  VE    -
enumStr               VE  VE    VE
limited               VE  False VE
free                  VE  False VE
none                  VE  VE    VE
""",
)

# What numpy makes of other texts depends on its version
LOCAL_ARRAYS = """\
       [1,2]   (1,2)   [1.5,2]  [0x10] [-1] []    [True] ['a'] ['1'] empty no-comma [nan]
f8     1,2     1,2     1.5,2    16     -1   empty 1      VE    1     VE    VE       VE
i4     1,2     1,2     1,2      16     -1   empty -      VE    -     VE    VE       VE
U2     '1','2' '1','2' '1.','2' '16'   '-1' empty 'Tr'   'a'   '1'   VE    VE       VE
object 1,2     1,2     1.5,2    16     -1   empty True   'a'   '1'   VE    VE       VE
list   [1,2]   VE      [1.5,2]  [16]   [-1] []    [True] ['a'] ['1'] VE    VE       VE
"""


@contextmanager
def restored(root, name):
    """Give a local variable, and then its first value back."""
    var = root.L.node(name)
    value = var.value()
    try:
        yield var
    finally:
        if value is not None:
            var.set(value)


@each("name, text, cell", [c for t in LOCAL for c in cells(t)])
def test_text_into_a_local_variable(tree, root, name, text, cell):
    text = TEXTS[text]
    with restored(root, name) as var:
        assert outcome(tree, lambda: var.setDisp(text), var.value, text) == cell


@each("name, text, cell", cells(LOCAL_ARRAYS))
def test_text_into_a_local_array(tree, root, name, text, cell):
    text = ARRAY_TEXTS[text]
    with restored(root, name) as var:
        assert outcome(tree, lambda: var.setDisp(text), var.value, text) == cell
        if name in ("f8", "i4", "U2", "object"):
            assert var.value().dtype == var.ndType


# Text out ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("int", 3, "3"), ("float", 2.0, "2.0"), ("three", 2.0, "2.000"), ("quiet", np.ones(2), ""),
        ("bytes", np.array([1, 255], "u1"), "[0x01, 0xff]"), ("bool", False, "False"),
        ("enumInt", 2, "Two words"), ("enumInt", 7, "INVALID: 7"), ("enumStr", "y", "1"),
        ("enumLabel", "b", 10), ("list", [1, "a"], "[1, 'a']"), ("free", None, "None"),
        ("f8", np.eye(2), "[[1.0, 0.0],\n [0.0, 1.0]]"), ("U2", np.array(["ab", "c"]), "[ab, c]"),
    ],
)  # fmt: skip
def test_the_text_of_a_local_variable(root, name, value, text):
    with restored(root, name) as var:
        var.set(value)
        assert var.valueDisp() == text


def test_the_text_of_a_long_array_is_whole(root):
    with restored(root, "f8") as var:
        var.set(np.zeros(3000), write=False)
        assert var.valueDisp().count("0.0") == 3000


def test_the_text_of_a_parse_error(tree, root):
    with pytest.raises(tree.pr.VariableError) as caught:
        root.L.int.setDisp("abc")
    said = "Invalid value abc for variable int with type <class 'int'>"
    assert str(caught.value).startswith(said)


def test_other_values_are_not_parsed(root):
    for value in (1.5, None, b"1", [1]):
        assert root.L.int.parseDisp(value) is value
