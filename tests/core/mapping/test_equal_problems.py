"""Equal problems of many nodes are one line with their number, in report, log and survey."""

import pytest

from roguebridge.core.errors import MappingError, in_words, words_of
from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.hooks.rules import ConverterRule, NamingRule, PolicyRule
from roguebridge.core.mapping.problems import Problem, grouped
from roguebridge.core.mapping.select import Select
from roguebridge.core.values.converter import TypeConverter
from roguebridge.core.values.spec import NtKind, PvSpec, ScalarType

MANY = 57
SITE = Select(path="Top.Site*")
NODES = f"{MANY} nodes, e.g. Top.Site0"


def lookup(*arguments):
    return {}["gain"]


def nodes(tree):
    return [tree.pr.LocalVariable(name=f"Site{number}", value=5) for number in range(MANY)]


class Failing(TypeConverter):
    spec = PvSpec(NtKind.SCALAR, ScalarType.Float64)

    def to_pv(self, value):
        return lookup()

    def to_tree(self, value):
        return value


class Converters:
    @hookimpl
    def converter_rules(self):
        return [ConverterRule(lambda node: Failing(), SITE)]


class Names:
    """Names the nodes by what the test gives."""

    def __init__(self, make):
        self.make = make

    @hookimpl
    def naming_rules(self, base):
        return [NamingRule(self.make, SITE)]


class Policies:
    """Makes its policies by what the test gives."""

    def __init__(self, make):
        self.make = make

    @hookimpl
    def policy_rules(self):
        return [PolicyRule(self.make, SITE)]


def messages(caplog):
    return [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lookup, "plugin Names: a rule of naming_rules failed: KeyError: 'gain'"),
        (lambda node: 5, "plugin Names: a rule of naming_rules: PV name 5 is not a str"),
        (lambda node: f"{node.name} 1", ": PV name 'Site0 1' contains ' '"),
    ],
)
def test_names_that_fail_alike_are_one_line(serve, tree, caplog, make, text):
    site = serve(*nodes(tree), plugins=[Names(make)])
    (line,) = [one for one in site.server.report() if "Site" in one]
    assert line.startswith(f"{NODES}: ")
    assert line.endswith(text)
    assert messages(caplog).count(line) == 1
    assert line in site.server.survey().errors


def test_strict_refuses_them_in_one_line(serve, tree):
    with pytest.raises(MappingError) as caught:
        serve(*nodes(tree), plugins=[Names(lookup)], strict=True)
    (line,) = caught.value.problems
    assert line.startswith(f"{NODES}: ")


def test_values_that_no_converter_can_show_are_one_line(serve, tree, caplog):
    site = serve(*nodes(tree), plugins=[Converters()])
    client = site.client()
    for number in range(MANY):
        client.get(f"B:Top:Site{number}")
    text = "a int has no place in it: plugin Converters: to_pv failed: KeyError: 'gain'"
    assert site.server.report() == (f"{NODES}: B:Top:Site0 is INVALID: {text}",)
    site.server.stop()
    lines = [line for line in messages(caplog) if "is INVALID" in line]
    assert f"is INVALID: {text}" in lines[0]
    assert sum(int(line.split("(")[1].split()[0]) for line in lines if " nodes, " in line) > 1
    assert len(lines) < 5  # one for each second of the test


def test_a_survey_tells_them_in_one_line(serve, tree):
    plugins = [Converters(), Policies(lambda node: "none")]
    site = serve(*nodes(tree), plugins=plugins, start=False)
    survey = site.server.survey()
    assert sorted(survey.errors) == [
        f"{NODES}: B:Top:Site0 would open INVALID: plugin Converters: "
        "to_pv failed: KeyError: 'gain'",
        f"plugin Policies: {NODES}: a rule of policy_rules made 'none', no AccessPolicy",
    ]


def test_problems_that_differ_in_more_than_the_node_stay_apart():
    found = [
        Problem("Top.A", "Top.A: KeyError: 'a'"),
        Problem("Top.B", "Top.B: KeyError: 'b'"),
        Problem("Top.C", "Top.C: KeyError: 'b'"),
        Problem("Top.C", "Top.C: KeyError: 'b'"),
        Problem("Top.D", "Top.D: KeyError: 'b'", warning=True),
        Problem("", "no node is in group 'X'"),
    ]
    assert [one.text for one in grouped(found)] == [
        "Top.A: KeyError: 'a'",
        "2 nodes, e.g. Top.B: KeyError: 'b'",
        "Top.D: KeyError: 'b'",
        "no node is in group 'X'",
    ]


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (
            "Block::checkTransaction: General Error: Transaction error for block Top.A.",
            "Transaction error for block Top.A.",
        ),
        ("Bsp::(): General Error: Error executing node Top.A", "Error executing node Top.A"),
        ("std::bad_alloc", "out of memory"),
        ("std::exception", "the library gives no reason"),
        ("unidentifiable C++ exception", "the library gives no reason"),
        ("map::at", "the library gives no reason"),
        ("std::runtime_error: no route to host", "no route to host"),
        ("pvxs::client::Timeout: no reply", "no reply"),
        (
            "Python argument types in\n    Block.setInt(Block, str)\ndid not match C++ signature:\n"
            "    setInt(rogue::interfaces::memory::Block {lvalue}, boost::python::api::object)",
            "wrong arguments of a function",
        ),
        (
            "No Python class registered for C++ class rogue::interfaces::memory::Hub",
            "a library has no place for it in Python",
        ),
        ("cannot bind fe80::abcd", "cannot bind fe80::abcd"),
        ("B::Top is no name", "B::Top is no name"),
    ],
)
def test_words_of_cpp_do_not_reach_users(told, text):
    assert words_of(RuntimeError(told)) == text
    assert in_words(RuntimeError(told)) == f"RuntimeError: {text}"


def test_a_tree_that_fails_in_cpp_is_told_without_its_words(serve, tree):
    def fail():
        raise RuntimeError("rogue::interfaces::memory::Hub: General Error: the link is down")

    site = serve(tree.pr.LocalVariable(name="V", value=5, localGet=fail))
    assert "::" not in site.client().get("B:Top:V").alarm.message
    assert not [line for line in site.server.report() if "::" in line.replace("B:Top", "")]
