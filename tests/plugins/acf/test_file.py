"""From the text of an access security file to its rules, or to an error with file and line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roguebridge.core import PluginError
from roguebridge.plugins.acf.reading import parse_acf, read_acf


def parse(text, **macros):
    return parse_acf(text, "site.acf", macros)


def rules_of(text, asg="DEFAULT"):
    return parse(text).asgs[asg].rules


FULL = """\
# who
UAG(ops) {ann, "bob smith", role/shift}
UAG(UAGmore) {role/experts}     # begins like a keyword
HAG(hosts) {10.0.0.1, control-1.site.org, [::1]}

ASG(DEFAULT)
ASG("my ASG") {
    INPA(Lab:Gate.VAL)
    INPU("Other:PV # no comment")
    RULE(0, READ)
    RULE(1, WRITE, TRAPWRITE) {
        UAG(ops) UAG(UAGmore)
        HAG(hosts)
        CALC("A=1 && U<5")
    }
    RULE(1,PUT,NOTRAPWRITE) RULE(0,RPC) RULE(1,NONE) RULE(1,UNCACHED)
} # the end, without a newline"""


def test_a_file_is_read_with_all_its_parts():
    rules = parse(FULL)
    assert list(rules.asgs) == ["DEFAULT", "my ASG"]
    assert rules.asgs["DEFAULT"].rules == ()
    asg = rules.asgs["my ASG"]
    assert asg.inputs == {"A": "Lab:Gate.VAL", "U": "Other:PV # no comment"}
    read, write, put, rpc, none, uncached = asg.rules
    assert (read.level, read.operations, read.users, read.hosts) == (0, set(), None, None)
    assert (write.level, write.operations, write.trap) == (1, {"put", "rpc"}, True)
    assert write.users == {"ann", "bob smith"}
    assert write.roles == {"shift", "experts"}
    assert write.hosts == {"10.0.0.1", "control-1.site.org", "[::1]"}
    assert write.calc.text == "A=1 && U<5"
    assert [rule.operations for rule in (put, rpc)] == [{"put"}, {"rpc"}]
    assert [rule.operations for rule in (none, uncached)] == [set()] * 2
    assert not any(rule.trap for rule in (read, put, rpc, none, uncached))
    assert rules.pv_names == {"Lab:Gate.VAL", "Other:PV # no comment"}
    assert rules.hosts == write.hosts
    assert asg.asks_roles
    assert not rules.asgs["DEFAULT"].asks_roles


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\n\n"])
def test_lines_may_end_in_any_way(newline):
    assert parse(FULL.replace("\n", newline)) == parse(FULL)


def test_a_rule_for_an_empty_group_is_for_nobody():
    rule, = rules_of("UAG(u) HAG(h) ASG(DEFAULT){RULE(1,WRITE){UAG(u) HAG(h)}}")  # fmt: skip
    assert rule.users == rule.hosts == frozenset()


@pytest.mark.parametrize("name", ["UAG", "RULE", "INPA", "17", "DEFAULT", "TRAPWRITE", "10.0.0.1"])
def test_a_quoted_name_is_a_name_whatever_it_looks_like(name):
    text = f'UAG("{name}"){{"{name}"}} ASG("{name}"){{RULE(1,WRITE){{UAG("{name}")}}}}'
    (rule,) = rules_of(text, name)
    assert rule.users == {name}


@pytest.mark.parametrize(
    "name", ["UAGfoo", "RULE1", "INPut", "INPAB", "INPZ", "1a", "a/b", "a.b:c-d+e", "a@B.C", "<;>"]
)
def test_a_bare_name_may_begin_like_a_keyword_or_number(name):
    (rule,) = rules_of(f"UAG({name}){{{name}}} ASG(DEFAULT){{RULE(1,WRITE){{UAG({name})}}}}")
    assert rule.users == {name}


def test_macros_are_filled_in():
    text = 'UAG(u){$(WHO), ${MORE=x}} # $(NOT)\nASG(DEFAULT){INPA("$(P):G") RULE(1,$(R=READ))}'
    rules = parse(text, WHO="a,b", P="B:Top", R="WRITE")
    assert rules.asgs["DEFAULT"].rules[0].operations == {"put", "rpc"}
    assert rules.asgs["DEFAULT"].inputs == {"A": "B:Top:G"}


G = "ASG(DEFAULT) {"


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", 1, "the file is empty"), ("\n \n\t\n", 1, "the file is empty"),
        ("# only\n# comments", 1, "the file is empty"), ("# no newline", 1, "the file is empty"),
        ("UAG(a)", 1, "there is no ASG in this file"),
        # Truncated
        ("ASG", 1, "the file ends here, expected '('"), ("ASG(", 1, "expected a name"),
        ("ASG(D", 1, "expected ')'"), ("\nASG(D) {", 2, "expected RULE or an INP"),
        ("ASG(D) {\nRULE(1", 2, "expected ','"), ("ASG(D) {RULE(1,", 1, "expected a name"),
        ("ASG(D) {RULE(1,WRITE", 1, "the file ends here, expected ')' or ','"),
        ("ASG(D) {RULE(1,WRITE)", 1, "the file ends here, expected RULE or an INP or '{' or '}'"),
        (FULL.partition("CALC")[0], 13, "the file ends here, expected UAG or HAG or CALC or '}'"),
        ("ASG(D){RULE(1,\n\"WRI", 2, "\"WRI has no closing quote"),
        # Out of place
        ("ASG(D) {}", 1, "found '}', expected RULE or an INP"),
        ("\nASG[D]", 2, "found 'ASG[D]', expected UAG or HAG or ASG"),
        ("ASG(17)", 1, "found '17', expected a name"),
        ("ASG(RULE)", 1, "found 'RULE', expected a name"),
        ("ASG(a b)", 1, "found 'b', expected ')'"),
        (G + "\nRULE(x,WRITE)}", 2, "found 'x', expected a number"),
        (G + "RULE(1 WRITE)}", 1, "found 'WRITE', expected ','"),
        (G + "RULE(1,WRITE){}}", 1, "found '}', expected UAG or HAG or CALC"),
        (G + "RULE(1,WRITE)}\n}", 2, "found '}', expected UAG or HAG or ASG"),
        (G + "UAG(x)}", 1, "found 'UAG', expected RULE or an INP"),
        ("UAG(a){b,}", 1, "found '}', expected a name"), ("x", 1, "found 'x', expected UAG"),
        (G + "INPV(x)}", 1, "found 'INPV', expected RULE or an INP"),
        (G + "RULE(1,WRITE){CALC(A=1)}}", 1, "'=' is not expected here; are quotes missing?"),
        ("UAG(a){b'c}", 1, "\"'\" is not expected here; are quotes missing?"),
        ("\nASG($(NAME))", 2, "the macro $(NAME) has no value"),
        ("\nASG(${NAME})", 2, "the macro ${NAME} has no value"),
        # Without a meaning
        (G + "RULE(2,WRITE)}", 1, "the level of a RULE is 0 or 1, not 2"),
        (G + "RULE(01,WRITE)}", 1, "the level of a RULE is 0 or 1, not 01"),
        (G + "\nRULE(1,Write)}", 2, "'Write' is none of NONE, READ, WRITE, PUT, RPC, UNCACHED"),
        (G + "RULE(1,WRITE,\nTRAP)}", 2, "'TRAP' is neither TRAPWRITE nor NOTRAPWRITE"),
        (G + "\nRULE(1,WRITE){UAG(x)}}", 2, "UAG(x) is not defined above"),
        (G + "RULE(1,WRITE){\nHAG(x)}}", 2, "HAG(x) is not defined above"),
        (G + "RULE(1,WRITE){UAG(x)}}\nUAG(x){a}", 1, "UAG(x) is not defined above"),
        ("UAG(x)\nHAG(x)\nUAG(x) ASG(D)", 3, "UAG(x) is already defined in line 1"),
        ("HAG(x){a}\nHAG(x){b} ASG(D)", 2, "HAG(x) is already defined in line 1"),
        ("ASG(x)\n\nASG(x)", 3, "ASG(x) is already defined in line 1"),
        (G + "INPA(x)\nINPA(y)}", 2, "INPA is given twice"), (G + '\nINPA(" ")}', 2, "names no PV"),
        (G + 'RULE(1,WRITE){CALC("1")\nCALC("1")}}', 2, "a RULE has one CALC at most"),
        (G + 'INPA(x)\nRULE(1,WRITE){CALC("A=B")}}', 2, "uses B, but there is no INPB in this ASG"),
        (G + 'RULE(1,WRITE){\nCALC("A:=1")}}', 2, "CALC('A:=1'), column 2: inputs cannot be ass"),
        (G + 'RULE(1,WRITE){CALC("")}}', 1, "CALC(''), column 1: an operand is missing"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_file_and_line(text, line, what):
    with pytest.raises(PluginError) as failure:
        parse(text)
    said = str(failure.value)
    assert said.startswith(f"site.acf, line {line}: ")
    assert what in said


SHORT = (
    'UAG(u){a}\nASG(D){\nINPA(x)\nRULE(1,WRITE,TRAPWRITE){\nUAG(u)\nCALC("A=1")}}\n'
    "ASG(E){RULE(1,PUT)}"
)


@pytest.mark.parametrize("length", range(0, len(SHORT), 3))
def test_a_file_cut_off_anywhere_is_an_error_or_opens_less(length):
    whole = parse(SHORT)
    try:
        cut = parse(SHORT[:length])
    except PluginError as error:
        assert str(error).startswith("site.acf, line ")
    else:
        assert all(whole.asgs[name] == asg or not asg.rules for name, asg in cut.asgs.items())


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet='UAGHSRLEINP(){},"#\n 01ab$W', max_size=30))
def test_no_text_fails_in_another_way(text):
    try:
        parse(text)
    except PluginError as error:
        assert str(error).startswith("site.acf, line ")


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(PluginError, match="cannot read the access security file .*none.acf: "):
        read_acf(str(tmp_path / "none.acf"), {})
    file = tmp_path / "latin.acf"
    file.write_bytes("ASG(DEFAULT)\n# h\u00fcter".encode("latin-1"))
    with pytest.raises(PluginError, match="latin.acf, line 2: this is no UTF-8"):
        read_acf(str(file), {})


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path):
    file = tmp_path / "bom.acf"
    file.write_bytes(b"\xef\xbb\xbfASG(DEFAULT)")
    assert list(read_acf(str(file), {}).asgs) == ["DEFAULT"]


def test_a_role_has_a_name():
    with pytest.raises(PluginError, match="line 1: 'role/' names no group of users"):
        parse_acf("UAG(a) {ann, role/} ASG(DEFAULT) {RULE(1,WRITE){UAG(a)}}", "f", {})


def test_a_name_that_no_file_can_have_is_said():
    with pytest.raises(PluginError, match="cannot read the access security file"):
        read_acf("a\0b", {})
