"""A converter's spec is the same for the life of the PV; its limits make the alarm."""

import pytest
from support.engine.fakes import FakeServed, PlainConverter
from support.engine.holders import HolderBench, call

from roguebridge.core.values.alarm import CALC, HIGH, HIHI, LOLO, NO_ALARM, READ, TIMEOUT, UDF
from roguebridge.core.values.spec import NtKind, PvSpec, ScalarType, ValueAlarm, changes_of

INT = PvSpec(NtKind.SCALAR, ScalarType.Int64)
TEXT = PvSpec(NtKind.SCALAR, ScalarType.String)
CHANGED = (
    "the spec of its converter PlainConverter has changed: "
    f"scalar was {ScalarType.Int64!r} and is {ScalarType.String!r}"
)


def test_a_spec_that_is_changed_while_the_pv_is_open_is_an_alarm_that_names_the_converter(opened):
    opened.converter.spec = TEXT
    opened.node.update("text")
    assert opened.served.last == ("alarm", None, CALC)
    assert opened.holder.trouble == CHANGED
    assert opened.holder.spec == INT
    opened.converter.spec = INT
    opened.node.update(6)
    assert opened.served.last == ("post", 6, NO_ALARM)
    assert opened.holder.trouble is None


def test_a_spec_that_is_changed_between_two_visits_opens_the_pv_invalid_as_it_was(opened):
    opened.leave()
    opened.converter.spec = TEXT
    opened.arrive()
    assert opened.served.last == ("open", 5, CALC)
    assert opened.served.spec == INT
    assert opened.holder.trouble == CHANGED


def test_a_second_backend_gets_the_type_that_the_first_has(opened):
    other = FakeServed()
    opened.holder.attach(other)
    opened.converter.spec = TEXT
    opened.arrive(other)
    assert other.spec == INT
    assert other.last[2] == CALC


def test_a_read_of_a_pv_whose_spec_has_changed_is_an_error(opened):
    opened.converter.spec = TEXT
    ((result, text),) = call(opened, op="read")
    assert (result, text) == ("error", f"{opened.entry.pv_name}: {CHANGED}")


def test_an_equal_spec_may_be_another_object(opened):
    opened.converter.spec = PvSpec(NtKind.SCALAR, ScalarType.Int64)
    opened.node.update(6)
    assert opened.served.last == ("post", 6, NO_ALARM)


def test_a_converter_that_gives_another_spec_each_time_is_found_out():
    class Fickle(PlainConverter):
        specs = iter(PvSpec(NtKind.SCALAR, ScalarType.Int64, max_length=n) for n in range(99))
        spec = property(lambda self: next(self.specs), lambda self, spec: None)

    bench = HolderBench(5, converter=Fickle())
    bench.arrive()
    assert bench.served.last == ("open", 0, CALC)
    assert "converter Fickle has changed: max_length was 0 and is" in _without_qualifier(bench)


def _without_qualifier(bench):
    text = bench.holder.trouble
    before, _, after = text.partition("converter ")
    return f"{before}converter {after.rpartition('<locals>.')[2]}"


def test_a_converter_that_loses_its_spec_is_an_alarm(opened):
    del opened.converter.spec
    opened.node.update(6)
    assert opened.served.last == ("alarm", None, CALC)
    assert "no attribute 'spec'" in opened.holder.trouble


def test_a_converter_whose_spec_raises_opens_as_text():
    class Bad(PlainConverter):
        spec = property(lambda self: 1 / 0, lambda self, spec: None)

    bench = HolderBench(5, converter=Bad())
    bench.arrive()
    assert bench.served.spec.scalar is ScalarType.String
    assert bench.served.last[2] == CALC
    assert "its type cannot be found out: ZeroDivisionError" in bench.holder.trouble


def test_the_changes_are_told_field_by_field():
    assert changes_of(INT, INT) == ""
    assert changes_of(INT, PvSpec(NtKind.SCALAR, ScalarType.Int64)) == ""
    assert changes_of(INT, None) == "it is None now"


# Alarms ---------------------------------------------------------------------------------------


class Negative(PlainConverter):
    """Serves minus the value, with limits of its own."""

    def __init__(self):
        limits = ValueAlarm(low_alarm=-10, high_warning=5)
        super().__init__(PvSpec(NtKind.SCALAR, ScalarType.Int64, value_alarm=limits))

    def to_pv(self, value):
        return -value


@pytest.mark.parametrize(
    ("value", "told", "alarm"),
    [
        (11, "AlarmHiHi", LOLO),
        (-6, "Good", HIGH),
        (3, "AlarmHigh", NO_ALARM),
    ],
)
def test_the_limits_of_the_pv_make_its_alarm_whatever_those_of_the_node_say(value, told, alarm):
    bench = HolderBench(0, converter=Negative())
    bench.arrive()
    bench.node.update(value, status=told)
    assert bench.served.last == ("post", -value, alarm)
    bench.leave()
    bench.arrive()
    assert bench.served.last == ("open", -value, alarm)


def test_a_pv_without_limits_shows_what_the_tree_says(opened):
    opened.node.update(9, status="AlarmHiHi")
    assert opened.served.last == ("post", 9, HIHI)


def test_a_converter_may_tell_the_alarm_itself():
    class Judge(PlainConverter):
        def alarm_of(self, value, pv_value):
            return UDF if value == 7 else None

    bench = HolderBench(7, converter=Judge())
    bench.arrive()
    assert bench.served.last == ("open", 7, UDF)
    bench.node.update(8, status="AlarmHiHi")
    assert bench.served.last == ("post", 8, HIHI)
    bench.node.update(7, status="Good")
    assert bench.served.last == ("post", 7, UDF)


def test_an_alarm_that_cannot_be_told_is_calc():
    class Judge(PlainConverter):
        def alarm_of(self, value, pv_value):
            raise RuntimeError("no judgement")

    bench = HolderBench(7, converter=Judge())
    bench.arrive()
    assert bench.served.last[2] == CALC
    assert "no judgement" in bench.holder.trouble


def test_a_pv_that_has_opened_without_shows_the_value_whose_alarm_is_that_of_a_read():
    class Judge(PlainConverter):
        def alarm_of(self, value, pv_value):
            return READ

    bench = HolderBench(7, converter=Judge())
    bench.variables.held = True
    bench.arrive()
    bench.clock.advance(1.0)
    assert bench.served.last == ("open", 0, TIMEOUT)
    bench.variables.run()
    assert bench.served.last == ("post", 7, READ)
    bench.node.present = 8
    bench.clock.advance(1.0)
    bench.variables.run()
    assert bench.served.last == ("post", 8, READ)
