import math

import pytest
from support.trees import make_memory, running

from roguebridge.plugins.converters import make_converter

FORMS = ["Default", "String", "Binary", "Decimal", "Hex", "Exponential", "Engineering"]


@pytest.fixture
def spec_of(tree):
    """Give the spec of a variable made of the given arguments."""

    def spec_of(kind="LocalVariable", **arguments):
        pr = tree.pr
        root = pr.Root(name="Top", pollEn=False)
        memory = make_memory(tree)
        root.addInterface(memory)
        device = pr.Device(name="Dev", memBase=memory)
        root.add(device)
        model = arguments.pop("model", None)
        if model is not None:
            kind = "RemoteVariable"
            arguments |= {"base": getattr(pr, model), "offset": 0}
        device.add(getattr(pr, kind)(name="V", **arguments))
        with running(root):
            return make_converter(device.V).spec

    return spec_of


def test_description_and_units_are_those_of_the_node(spec_of):
    display = spec_of(value=1, description="The gain.", units="mV").display
    assert (display.description, display.units) == ("The gain.", "mV")


@pytest.mark.parametrize("value", [1, 1.0, "a", True, [1], (1 + 1j)])
def test_a_node_that_says_nothing_has_empty_texts(spec_of, value):
    display = spec_of(value=value).display
    assert (display.description, display.units) == ("", "")
    assert (display.limit_low, display.limit_high) == (None, None)


@pytest.mark.parametrize("value", ["a", True, [1]])
def test_text_and_enums_keep_their_units_and_description(spec_of, value):
    display = spec_of(value=value, units="u", description="d").display
    assert (display.description, display.units) == ("d", "u")


@pytest.mark.parametrize(
    ("disp", "precision"),
    [("{:1.3f}", 3), ("{:.2f}", 2), ("{:.0f}", 0), ("{:.5e}", 5), ("{:8.4g}", 4), ("{} V", 8)],
)
def test_precision_comes_from_disp_and_else_from_the_node(spec_of, disp, precision):
    assert spec_of(value=1.5, disp=disp).display.precision == precision


def test_integers_have_no_precision(spec_of):
    assert spec_of(value=1).display.precision == 0
    assert spec_of(model="UInt", bitSize=8).display.precision == 0


@pytest.mark.parametrize(
    ("disp", "form"),
    [
        ("{}", "Default"), ("{:d}", "Decimal"), ("{:#x}", "Hex"), ("{:08X}", "Hex"),
        ("{:#b}", "Binary"), ("{:e}", "Exponential"), ("{:f}", "Default"), ("", "Default"),
    ],
)  # fmt: skip
def test_the_form_comes_from_disp(spec_of, disp, form):
    value = 1.0 if disp in ("{:e}", "{:f}") else 1
    assert FORMS[spec_of(value=value, disp=disp).display.form] == form


def test_a_register_of_unsigned_type_is_shown_in_hex(spec_of):
    assert FORMS[spec_of(model="UInt", bitSize=8).display.form] == "Hex"


def test_limits_are_those_for_display_and_control(spec_of):
    spec = spec_of(value=5, minimum=-3, maximum=10)
    for limits in (spec.display, spec.control):
        assert (limits.limit_low, limits.limit_high) == (-3, 10)


def test_one_limit_leaves_the_other_open(spec_of):
    control = spec_of(value=5, maximum=10).control
    assert (control.limit_low, control.limit_high) == (None, 10)


def test_a_register_has_the_range_of_its_model_unless_narrower(spec_of):
    control = spec_of(model="UInt", bitSize=8).control
    assert (control.limit_low, control.limit_high) == (0, 255)
    control = spec_of(model="UInt", bitSize=8, maximum=100).control
    assert (control.limit_low, control.limit_high) == (0, 100)


def test_an_infinite_range_is_no_limit(spec_of):
    spec = spec_of(model="Double", bitSize=64)
    for limits in (spec.display, spec.control):
        assert (limits.limit_low, limits.limit_high) == (None, None)
    control = spec_of(value=1.0, minimum=0.0, maximum=math.inf).control
    assert (control.limit_low, control.limit_high) == (0.0, None)


@pytest.mark.parametrize("value", ["a", True, [1]])
def test_what_is_no_number_has_no_limits(spec_of, value):
    spec = spec_of(value=value)
    assert (spec.control.limit_low, spec.control.limit_high) == (None, None)
    assert not spec.value_alarm.active


def test_alarm_limits_are_taken_over_one_by_one(spec_of):
    names = {"lowAlarm": -10, "lowWarning": -5, "highWarning": 0, "highAlarm": 10}
    alarm = spec_of(value=1, **names).value_alarm
    got = (alarm.low_alarm, alarm.low_warning, alarm.high_warning, alarm.high_alarm)
    assert got == (-10, -5, 0, 10)
    assert alarm.active
    for name, field in (("lowWarning", "low_warning"), ("highAlarm", "high_alarm")):
        alarm = spec_of(value=1, **{name: 0}).value_alarm
        assert getattr(alarm, field) == 0
        assert alarm.active
    assert not spec_of(value=1).value_alarm.active


@pytest.mark.parametrize(("mode", "writable"), [("RW", True), ("WO", True), ("RO", False)])
@pytest.mark.parametrize("value", [1, 1.5, "a", True, [1], {"a": 1}])
def test_only_read_only_nodes_are_not_writable(spec_of, mode, writable, value):
    assert spec_of(value=value, mode=mode).writable is writable
