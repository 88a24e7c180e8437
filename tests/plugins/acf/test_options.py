"""What Acf is made of: arguments, and the form they have as an option of the server."""

import os
import threading

import pytest
from support.engine.fakes import FakeNode

from roguebridge.core import PluginError
from roguebridge.core.values.alarm import HIGH, NO_ALARM, READ
from roguebridge.core.values.reading import Reading
from roguebridge.plugins.acf import Acf
from roguebridge.plugins.acf.assignment import Assignments, Place
from roguebridge.plugins.acf.inputs import LocalInput
from roguebridge.plugins.acf.remote import number_of


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "site.acf"
    file.write_text("ASG(DEFAULT) {RULE(1,WRITE)} ASG($(NAME=ENG))")
    return file


def node(path, *groups):
    found = FakeNode(path=path)
    found.groups = list(groups)
    return found


@pytest.mark.parametrize("form", [str, os.fspath, lambda file: file, lambda file: {"file": file}])
def test_an_option_is_a_file_or_a_mapping_of_arguments(file, form):
    acf = Acf.from_option(form(file))
    acf.policy_rules()
    assert acf._in_force.asg("ENG") is not None


def test_all_arguments_can_be_given_in_a_mapping(file):
    acf = Acf.from_option(
        {
            "file": str(file),
            "assign": [{"asg": "ADC", "path": "Top.Adc*", "level": 1}],
            "macros": {"NAME": "ADC"},
            "resolve_every": 5,
            "client_conf": {"EPICS_PVA_ADDR_LIST": "10.0.0.255"},
        }
    )
    (rule,) = acf.policy_rules()
    assert repr(rule.make(node("Top.Adc[0].Gain"))) == "ASG(ADC), level 1"
    assert repr(rule.make(node("Top.Dac"))) == "ASG(DEFAULT), level 0"


@pytest.mark.parametrize(
    ("option", "kind", "text"),
    [
        (5, TypeError, "acf: file must be a file name, not 5"),
        (None, TypeError, "acf: file must be a file name, not None"),
        ({}, ValueError, "acf needs a file: {}"),
        ({"file": 5}, TypeError, "acf: file must be a file name, not 5"),
        ({"file": "x", "asign": []}, ValueError, "acf has no 'asign'; there are ['file', "),
        ({"file": "x", "resolve": 1}, ValueError, "acf has no 'resolve'; there are ['file', "),
        ({"file": "x", "resolve_every": 0}, ValueError, "resolve_every must be seconds, not 0"),
        ({"file": "x", "resolve_every": True}, ValueError, "must be seconds, not True"),
        ({"file": "x", "resolve_every": "1"}, ValueError, "must be seconds, not '1'"),
        ({"file": "x", "resolve_every": 1e300}, ValueError, "must be seconds, not 1e+300"),
        ({"file": "x", "macros": ["a"]}, TypeError, "macros must map str to str, not ['a']"),
        ({"file": "x", "macros": {"a": 1}}, TypeError, "macros must map str to str, not {'a': 1}"),
        ({"file": "x", "client_conf": {"a": 5}}, TypeError, "client_conf must map str to str"),
        ({"file": "x", "assign": "ENG"}, TypeError, "assign must be a list of mappings, not 'ENG'"),
        ({"file": "x", "assign": {"asg": "A"}}, TypeError, "assign must be a list of mappings"),
        ({"file": "x", "assign": 5}, TypeError, "assign must be a list of mappings, not 5"),
        ({"file": "x", "assign": ["ENG"]}, TypeError, "assign has 'ENG', which is no mapping"),
        ({"file": "x", "assign": [{"asg": "A", "glob": "*"}]}, ValueError, "assign has no 'glob'"),
        ({"file": "x", "assign": [{"asg": "A"}]}, ValueError, "needs asg, and path or group"),
        ({"file": "x", "assign": [{"path": "*"}]}, ValueError, "needs asg, and path or group"),
        ({"file": "x", "assign": [{"asg": 5, "path": "*"}]}, ValueError, "asg must be a text, not"),
        (
            {"file": "x", "assign": [{"asg": "A", "path": ""}]},
            ValueError,
            "path must be a text, no",
        ),
        (
            {"file": "x", "assign": [{"asg": "A", "path": "*", "level": 2}]},
            ValueError,
            "level must be 0 or 1, not 2",
        ),
        (
            {"file": "x", "assign": [{"asg": "A", "path": "*", "level": True}]},
            ValueError,
            "level must be 0 or 1, not True",
        ),
    ],
)
def test_a_wrong_option_is_told_exactly(option, kind, text):
    with pytest.raises(kind) as failure:
        Acf.from_option(option)
    assert text in str(failure.value)


def test_the_first_assignment_that_matches_counts_and_all_its_parts_must():
    assignments = Assignments(
        [
            {"asg": "A", "path": "Top.Adc*", "group": "Expert"},
            {"asg": "B", "group": "Expert", "level": 1},
            {"asg": "C", "path": "*Adc*"},
        ]
    )
    assert assignments.place(node("Top.Adc", "Expert", "Hidden")) == Place("A", 0)
    assert assignments.place(node("Top.Dac", "Expert")) == Place("B", 1)
    assert assignments.place(node("Top.Adc")) == Place("C", 0)
    assert assignments.place(node("Top.Dac")) == Place("DEFAULT", 0)


def test_a_reload_before_the_first_start_reads_the_file_too(file):
    acf = Acf(file)
    assert acf._in_force.asg("DEFAULT") is None
    acf.reload()
    assert acf._in_force.asg("DEFAULT") is not None
    file.write_text("")
    with pytest.raises(PluginError):
        acf.reload()
    assert acf._in_force.asg("DEFAULT") is not None


def test_a_file_read_again_while_the_server_runs_does_not_count_without_a_reload(file):
    class Server:
        isolated = True

    acf = Acf(file)
    acf.policy_rules()
    acf.server_started(Server())
    file.write_text("ASG(OTHER)")
    acf.policy_rules()
    assert acf._in_force.asg("OTHER") is None
    acf.server_stopping()
    acf.policy_rules()
    assert acf._in_force.asg("OTHER") is not None
    assert [t.name for t in threading.enumerate() if "acf" in t.name] == []


# Inputs ---------------------------------------------------------------------------------------


class Holder:
    """Holds the callback of the one who watches."""

    def __init__(self):
        self.ended = 0

    def watch(self, callback):
        self.show = callback
        return self

    def end(self):
        self.ended += 1


@pytest.mark.parametrize(
    ("value", "number"),
    [(1, 1.0), (True, 1.0), (2.5, 2.5), ("1", None), ([1], None), (10**400, None), (1j, None)],
)
def test_an_input_of_this_server_is_a_number_or_nothing(value, number):
    holder = Holder()
    one = LocalInput(holder)
    assert one.number is None
    assert not one.opened.is_set()
    holder.show(Reading(value, NO_ALARM, 1))
    assert one.number == number
    assert one.opened.is_set()


def test_an_input_of_this_server_counts_while_its_pv_is_not_invalid():
    holder = Holder()
    one = LocalInput(holder)
    numbers = []
    for value, alarm in ((1, READ), (1, HIGH), (2, READ), (3, NO_ALARM)):
        holder.show(Reading(value, alarm, 1))
        numbers.append(one.number)
    assert numbers == [None, 1.0, None, 3.0]
    one.end()
    assert holder.ended == 1


def test_a_pv_of_another_server_is_a_number_or_nothing():
    from p4p import Type, Value
    from p4p.nt import NTEnum, NTScalar

    def shows(nt, value, **fields):
        found = nt.wrap(value)
        for name, content in fields.items():
            found[name] = content
        return number_of(found)

    assert shows(NTScalar("d"), 2.5) == 2.5
    assert shows(NTScalar("?"), True) == 1.0
    assert shows(NTScalar("s"), "2.5") is None
    assert shows(NTScalar("ad"), [1.0]) is None
    assert shows(NTEnum(), {"index": 2, "choices": ["a", "b", "c"]}) == 2.0
    assert shows(NTScalar("d"), 2.5, **{"alarm.severity": 3}) is None
    assert shows(NTScalar("d"), 2.5, **{"alarm.severity": 2}) == 2.5
    assert number_of(Value(Type([("value", "i")]), {"value": 4})) == 4.0
    assert number_of(Value(Type([("other", "i")]))) is None
    assert number_of(Value(Type([("value", ("S", None, [("x", "i")]))]))) is None
