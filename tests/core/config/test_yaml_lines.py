"""Plain values and where they stand; what is no such document, with its line."""

import datetime

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from roguebridge.core.config.yaml_lines import Fault, read_yaml


def faults(text):
    return read_yaml(text).faults


def test_values_are_plain_and_each_key_and_item_has_its_line():
    document = read_yaml(
        "# first\nbase: X\ngroups:\n  - a\n\n  - b: 1.5\n    c: [yes, null,\n        12:30]\n"
    )
    assert document.faults == []
    assert document.value == {"base": "X", "groups": ["a", {"b": 1.5, "c": [True, None, 750]}]}
    assert document.lines == {
        ("base",): 2,
        ("groups",): 3,
        ("groups", 0): 4,
        ("groups", 1): 6,
        ("groups", 1, "b"): 6,
        ("groups", 1, "c"): 7,
        ("groups", 1, "c", 0): 7,
        ("groups", 1, "c", 1): 7,
        ("groups", 1, "c", 2): 8,
    }
    assert document.written["groups", 1, "c", 2] == "12:30"


def test_what_has_no_line_has_that_of_what_is_around_it():
    document = read_yaml("\na:\n  b: 1\n")
    assert document.line(("a", "b")) == 3
    assert document.line(("a", "c", 7)) == 2
    assert document.line(("x",)) == 1
    assert document.line(()) == 1


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "\n\n"])
def test_a_text_without_a_document_has_no_value(text):
    document = read_yaml(text)
    assert (document.value, document.faults) == (None, [])


NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(NESTED)
def test_it_reads_as_yaml_does(value):
    text = yaml.safe_dump(value, allow_unicode=True)
    document = read_yaml(text)
    assert document.faults == []
    assert document.value == yaml.safe_load(text)


@given(st.text(alphabet="ab:-[]{}&*!#|>'\"%@ \n\t<0.", max_size=40))
def test_it_never_raises(text):
    document = read_yaml(text)
    assert all(1 <= fault.line <= text.count("\n") + 1 for fault in document.faults)


def test_lines_are_those_of_an_editor():
    document = read_yaml("a: 'x\u2028y'\r\nb: \"z\x85\"\nc: 1\n")
    assert document.lines == {("a",): 1, ("b",): 2, ("c",): 3}
    assert faults("a: 'x\u2028y'\nb: c: d\n")[0].line == 2


@pytest.mark.parametrize(
    ("text", "fault"),
    {
        "a key twice": ("a: 1\nb: 2\na: 3\n", Fault(3, ("a",), "it is given twice, first in line 1")),
        "an inner key twice": ("x:\n- a: 1\n  a: 1\n", Fault(3, ("x", 0, "a"), "it is given twice, first in line 2")),
        "a number as key": ("a: 1\n5: 2\n", Fault(2, (), "the key 5 is not text: put it in quotes")),
        "a truth as key": ("a:\n  on: 2\n", Fault(2, ("a",), "the key on is not text: put it in quotes")),
        "a list as key": ("? [a]\n: 1\n", Fault(1, (), "a key must be text, not a list or a mapping")),
        "a merge": ("a: &x {b: 1}\nc:\n  <<: *x\n", Fault(3, ("c",), "merge keys (<<) are not supported: write them out")),
        "a list in itself": ("a: 1\nb: &x\n  - *x\n", Fault(2, ("b", 0), "it refers to itself")),
        "a mapping in itself": ("b: &x\n  c: {d: *x}\n", Fault(2, ("b", "c", "d"), "it refers to itself")),
        "a tag of Python": ("a:\n  b: !!python/object/apply:os.system [ls]\n", Fault(2, ("a", "b"), "the tag !!python/object/apply:os.system is not known")),
        "a Python name": ("a: !!python/name:os.system\n", Fault(1, ("a",), "the tag !!python/name:os.system is not known")),
        "a tag of somebody": ("a: !env HOME\n", Fault(1, ("a",), "the tag !env is not known")),
        "a set": ("a: !!set {b, c}\n", Fault(1, ("a",), "the tag !!set is not known")),
        "a tagged key": ("!x a: 1\n", Fault(1, (), "the key a is not text: put it in quotes")),
        "no such date": ("b: 1\na: 2024-13-45\n", Fault(2, ("a",), "'2024-13-45' is no !!timestamp")),
        "no integer": ("a: !!int x\n", Fault(1, ("a",), "'x' is no !!int")),
        "no truth": ("a: !!bool x\n", Fault(1, ("a",), "'x' is no !!bool")),
        "an open list": ("a: [1\nb: 2", Fault(2, (), "it is no YAML, column 2: while parsing a flow sequence, expected ',' or ']', but got ':'")),
        "a colon too many": ("a: 1\nb: c: d\n", Fault(2, (), "it is no YAML, column 5: mapping values are not allowed here")),
        "a tab": ("a:\n\tb: 1\n", Fault(2, (), "it is no YAML, column 1: while scanning for the next token, found character '\\t' that cannot start any token")),
        "no such anchor": ("a: *x\n", Fault(1, (), "it is no YAML, column 4: found undefined alias 'x'")),
        "two documents": ("a: 1\n---\nb: 2\n", Fault(2, (), "it is no YAML, column 1: expected a single document in the stream, but found another document")),
        "a zero byte": ("a: 1\nb: x\0y\n", Fault(2, (), "it is no YAML, column 5: the character '\\x00' is not allowed")),
        "half a character": ("a: \ud800\n", Fault(1, (), "it is no YAML, column 4: the character '\\ud800' is not allowed")),
        "depth": ("[" * 5000, Fault(1, (), "it is nested too deeply")),
    }.values(),
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(text, fault):
    assert faults(text) == [fault]


def test_all_that_is_wrong_is_told():
    assert [fault.line for fault in faults("a: !x 1\nb: 1\nb: 2\n3: 4\n")] == [1, 3, 4]


def test_what_an_alias_stands_for_has_the_lines_of_its_anchor():
    document = read_yaml("a: &x\n  - 1\n  - 2\nb: *x\n")
    assert document.value == {"a": [1, 2], "b": [1, 2]}
    assert document.lines["b",] == 4
    assert document.lines["b", 1] == 3


def test_aliases_of_aliases_do_not_fill_the_memory():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    (fault,) = faults("\n".join(lines))
    assert fault.text == "its aliases stand for too many values"


def test_dates_are_dates():
    assert read_yaml("a: 2024-01-02").value == {"a": datetime.date(2024, 1, 2)}
