"""Record fields, long texts, and what is beside a PV."""

import numpy as np
import pytest
from support.clients.caclient import Failed

from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.hooks.rules import ConverterRule
from roguebridge.core.mapping.select import Select
from roguebridge.core.values.converter import TypeConverter
from roguebridge.core.values.spec import NtKind, PvSpec, ScalarType

LONG = "a text of more than thirty-nine characters, ünï"


def build(pr, root):
    root.add(
        pr.LocalVariable(
            name="Volts", value=1.5, units="millivolts", description="x" * 50, disp="{:.3f}",
            minimum=-10.0, maximum=10.0,
            lowAlarm=-8.0, lowWarning=-5.0, highWarning=5.0, highAlarm=8.0,
        )
    )  # fmt: skip
    root.add(pr.LocalVariable(name="Plain", value=3))
    root.add(pr.LocalVariable(name="Fixed", value=2.5, mode="RO"))
    root.add(pr.LocalVariable(name="Text", value=LONG))
    root.add(pr.LocalVariable(name="Flag", value=True))
    root.add(pr.LocalVariable(name="Few", value=1, enum={0: "Off", 1: "On", 2: "Auto"}))
    root.add(pr.LocalVariable(name="Many", value=3, enum={i: f"S{i}" for i in range(20)}))
    long = {0: "short", 1: "a label of 26 characters..", 2: "as long as " + "y" * 40 + "1",
            3: "as long as " + "y" * 40 + "2"}  # fmt: skip
    root.add(pr.LocalVariable(name="Labels", value=1, enum=long))
    root.add(pr.LocalVariable(name="Wave", value=np.arange(4.0)))
    root.add(pr.LocalVariable(name="Image", value=np.zeros((2, 3), np.uint16)))
    root.add(pr.LocalCommand(name="Go", function=lambda: None))


@pytest.fixture
def served(serve):
    return serve(build)


@pytest.mark.parametrize(
    ("path", "field", "type", "value"),
    [
        ("Volts", ".VAL", "DOUBLE", 1.5),
        ("Volts", ".", "DOUBLE", 1.5),
        ("Volts", ".EGU", "STRING", "millivolts"),
        ("Volts", ".DESC", "STRING", "x" * 39),
        ("Volts", ".PREC", "INT", 3),
        ("Volts", ".HOPR", "DOUBLE", 10.0),
        ("Volts", ".LOPR", "DOUBLE", -10.0),
        ("Volts", ".DRVH", "DOUBLE", 10.0),
        ("Volts", ".DRVL", "DOUBLE", -10.0),
        ("Volts", ".HIHI", "DOUBLE", 8.0),
        ("Volts", ".HIGH", "DOUBLE", 5.0),
        ("Volts", ".LOW", "DOUBLE", -5.0),
        ("Volts", ".LOLO", "DOUBLE", -8.0),
        ("Volts", ".NAME", "STRING", "T:Top:Volts"),
        ("Volts", ".SEVR", "ENUM", 0),
        ("Volts", ".STAT", "ENUM", 0),
        ("Plain", ".HIHI", "DOUBLE", 0.0),
        ("Plain", ".EGU", "STRING", ""),
        ("Volts", ".RTYP", "STRING", "ao"),
        ("Fixed", ".RTYP", "STRING", "ai"),
        ("Plain", ".RTYP", "STRING", "int64out"),
        ("Text", ".RTYP", "STRING", "lso"),
        ("Flag", ".RTYP", "STRING", "bo"),
        ("Few", ".RTYP", "STRING", "mbbo"),
        ("Wave", ".RTYP", "STRING", "waveform"),
        ("Go", ".RTYP", "STRING", "longout"),
        ("Volts", ".PROC", "CHAR", 0),
        ("Text", ".VAL", "STRING", LONG[:39]),
        ("Many", "", "STRING", "S3"),
        ("Many", ":IDX", "LONG", 3),
        ("Labels", "", "STRING", "a label of 26 characters.."),
        ("Few", "", "ENUM", 1),
    ],
)
def test_a_field_is_read(served, path, field, type, value):
    assert served.type(path, field)[0] == type
    assert served.value(path, field) == value


@pytest.mark.parametrize(
    ("path", "field", "text"),
    [
        ("Text", "$", LONG),
        ("Text", ".VAL$", LONG),
        ("Volts", ".DESC$", "x" * 50),
        ("Volts", ".NAME$", "T:Top:Volts"),
        ("Volts", ".EGU$", "millivolts"),
        ("Many", "$", "S3"),
    ],
)
def test_a_long_text_is_read_whole(served, path, field, text):
    type, room, _ = served.type(path, field)
    assert type == "CHAR" and room >= len(text.encode())
    assert served.text(path, field) == text


@pytest.mark.parametrize(
    "name",
    ["Volts$", "Volts.VAL$", "Volts.PREC$", "Few:IDX", "Volts:IDX", "Volts:SHAPE", "Wave:SHAPE",
     "Few:SHAPE", "Many:SHAPE"],
)  # fmt: skip
def test_a_pv_has_no_field_that_makes_no_sense_of_it(served, name):
    with pytest.raises(Failed, match="no channel"):
        served.client.read(f"T:Top:{name}").result(30)
    assert served.value("Plain") == 3


@pytest.mark.parametrize(
    "name", ["Volts.ADEL", "Volts.val", "Nothing", "Volts.VAL.VAL", "Volts$$", "$", ".", "", ":IDX"]
)
def test_what_is_not_served_has_no_channel(served, name):
    with pytest.raises(Failed, match="no channel"):
        served.client.read(f"T:Top:{name}").result(30)


def test_severity_and_status_are_followed(served):
    severity, status = served.monitor("Volts", ".SEVR"), served.monitor("Volts", ".STAT")
    assert (severity.next().value, status.next().value) == (0, 0)
    served.node("Volts").set(-9.0)
    assert (severity.next().value, status.next().value) == (2, 5)
    served.node("Volts").set(-8.5)  # no other alarm: nothing to tell
    served.node("Volts").set(6.0)
    assert (severity.next().value, status.next().value) == (1, 4)
    assert bytes(served.raw("Volts", ".STAT", 0).data[0]).rstrip(b"\0") == b"HIGH"


def test_a_status_beyond_the_states_of_an_enum_is_still_told_by_its_number(serve):
    def disabled(pr, root):
        device = pr.Device(name="Dev")
        device.add(pr.LocalVariable(name="V", value=1))
        root.add(device)

    served = serve(disabled)
    served.node("Dev.enable").set(False)
    assert served.value("Dev.V", ".STAT") == 18
    assert bytes(served.raw("Dev.V", ".STAT", 0).data[0]).rstrip(b"\0") == b"DISABLE"


def test_a_put_to_proc_refreshes(serve):
    reads = []

    def get():
        reads.append(1)
        return float(len(reads))

    def counted(pr, root):
        root.add(pr.LocalVariable(name="V", value=0.0, localGet=get))
        root.add(pr.LocalVariable(name="RO", value=0.0, localGet=get, mode="RO"))

    served = serve(counted)
    for path in ("V", "RO"):
        assert served.type(path, ".PROC")[2] == "rw"
        updates = served.monitor(path)
        before = updates.next().value
        served.put(path, 1, ".PROC")
        assert updates.until(lambda reading: reading.value > before)  # noqa: B023 - at once


def test_labels_that_are_equal_where_they_are_cut_can_be_told_apart_by_index(served):
    with pytest.raises(Failed, match="several choices"):
        served.put("Labels", "as long as " + "y" * 28, type=0)
    served.put("Labels", 3, ":IDX")
    assert served.node("Labels").value() == 3
    assert served.text("Labels") == "as long as " + "y" * 40 + "2"
    served.put("Labels", "as long as " + "y" * 40 + "1", "$")
    assert served.node("Labels").value() == 2
    assert served.value("Labels", ":IDX") == 2


@pytest.mark.parametrize(
    ("kind", "limits"),
    [
        ("control", {"units": b"millivo", "precision": 3, "upper_disp_limit": 10.0,
                     "lower_ctrl_limit": -10.0, "upper_alarm_limit": 8.0,
                     "upper_warning_limit": 5.0, "lower_warning_limit": -5.0,
                     "lower_alarm_limit": -8.0}),
        ("graphic", {"units": b"millivo", "precision": 3, "upper_disp_limit": 10.0}),
    ],
)  # fmt: skip
def test_metadata_is_told(served, kind, limits):
    meta = served.raw("Volts", kind=kind).metadata
    for name, value in limits.items():
        assert getattr(meta, name) == value, name


def test_limits_that_are_not_set_are_those_of_an_ioc(served):
    for path in ("Fixed", "Plain"):
        meta = served.raw(path).metadata
        assert (meta.upper_disp_limit, meta.lower_disp_limit) == (0, 0)
        assert (meta.upper_ctrl_limit, meta.lower_ctrl_limit) == (0, 0)
        assert served.value(path, ".HOPR") == served.value(path, ".DRVL") == 0
    assert (meta.upper_alarm_limit, meta.lower_warning_limit) == (0, 0)
    meta = served.raw("Fixed").metadata
    assert np.isnan([meta.upper_alarm_limit, meta.lower_warning_limit]).all()


def test_a_side_that_is_not_set_is_the_end_of_the_range(serve):
    def half(pr, root):
        root.add(pr.LocalVariable(name="V", value=1.0, minimum=-1.0, highAlarm=5.0))

    meta = serve(half).raw("V").metadata
    assert (meta.lower_ctrl_limit, meta.upper_ctrl_limit) == (-1.0, np.inf)
    assert (meta.lower_alarm_limit, meta.upper_alarm_limit) == (-np.inf, 5.0)


@pytest.mark.parametrize(
    ("path", "field", "record"),
    [("Volts", "", "ao"), ("Volts", ".DESC", "ao"), ("Fixed", ".SEVR", "ai"),
     ("Fixed", ".STAT", "ai"), ("Volts", ".PREC", "ao"), ("Volts", ".PROC", "ao"),
     ("Volts", ".HIHI", "ao"), ("Text", "$", "lso"), ("Text", ".NAME$", "lso"),
     ("Many", ":IDX", "longout"), ("Image", ":SHAPE", "waveform")],
)  # fmt: skip
def test_the_class_is_that_of_the_record(served, path, field, record):
    assert served.raw(path, field, kind=38).metadata.value.decode() == record


def test_a_text_of_one_character_is_a_text_all_the_same(serve):
    def short(pr, root):
        root.add(pr.LocalVariable(name="V", value=1.0, units="V"))

    served = serve(short)
    for field, text in ((".EGU$", "V"), (".DESC$", "")):
        type, room, _ = served.type("V", field)
        assert (type, room > 1) == ("CHAR", True)
        assert served.text("V", field) == text


@pytest.mark.parametrize(
    ("path", "text"), [("Volts", b"1.500"), ("Plain", b"3"), ("Flag", b"True"), ("Few", b"On")]
)
def test_each_value_can_be_had_as_text_and_put_as_text(served, path, text):
    assert bytes(served.raw(path, kind=0).data[0]).rstrip(b"\0") == text
    before = served.node(path).value()
    served.put(path, text.decode(), type=0)
    assert served.node(path).value() == before


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [("Volts", "2", 2.0), ("Volts", "0.25", 0.25), ("Plain", "0x10", 16), ("Plain", "5.0", 5),
     ("Few", "2", 2), ("Flag", "False", False), ("Wave", "0.5", None)],
)  # fmt: skip
def test_text_is_put_into_a_number(served, path, text, value):
    if value is None:
        served.put(path, ["0.5", "1", "2", "3"], type=0)
        assert list(served.node(path).value()) == [0.5, 1.0, 2.0, 3.0]
        served.put("Image", ["1", "2", "0x10", "4", "5", "6"], type=0)
        assert served.node("Image").value().tolist() == [[1, 2, 16], [4, 5, 6]]
    else:
        served.put(path, text, type=0)
        assert served.node(path).value() == value


@pytest.mark.parametrize(
    ("path", "value", "type"),
    [("Volts", "two", 0), ("Plain", "2.5", 0), ("Few", "Nothing", 0), ("Flag", "maybe", 0),
     ("Image", "text", 0), ("Volts", [1.0, 2.0], 6), ("Go", "go", 0)],
)  # fmt: skip
def test_what_has_no_place_in_a_pv_is_refused(served, path, value, type):
    before = served.node(path).value()
    with pytest.raises(Failed):
        served.put(path, value, type=type)
    assert np.array_equal(served.node(path).value(), before)
    assert served.value("Plain") == 3


LARGE = [2**53 + 1, -(2**63), 2**63 - 1, 16]


def large(pr, root):
    root.add(pr.LocalVariable(name="I", value=0))
    root.add(pr.LocalVariable(name="U", value=0, minimum=0, maximum=2**64 - 1))
    root.add(pr.LocalVariable(name="A", value=np.array(LARGE)))
    root.add(pr.LocalVariable(name="M", value=np.array([LARGE])))
    root.add(pr.LocalVariable(name="F", value=np.zeros(4, np.float32)))


@pytest.mark.parametrize(("path", "number"), [("I", 2**53 + 1), ("I", 1 - 2**63), ("U", 2**64 - 1)])
def test_a_large_integer_travels_whole_as_text(serve, path, number):
    served = serve(large)
    served.put(path, str(number), type=0)
    assert served.node(path).value() == number
    assert served.raw(path, kind=0).data[0].rstrip(b"\0").decode() == str(number)
    assert served.value(path) == float(number)
    assert served.raw(path, kind=5).data[0] == max(min(number, 2**31 - 1), -(2**31))
    assert served.raw(path, kind=4).data[0] == (0 if number < 0 else 255)


@pytest.mark.parametrize("path", ["A", "M"])
def test_large_integers_travel_whole_as_texts(serve, path):
    served = serve(large)
    found = [text.rstrip(b"\0").decode() for text in served.raw(path, kind=0).data]
    assert found == [str(number) for number in LARGE]
    assert list(served.value(path)) == [float(number) for number in LARGE]


def test_texts_are_put_into_an_array_of_integers_whole(serve):
    served = serve(large)
    texts = ["9007199254740993", "0x10", "-0b11", "4.0"]
    served.put("A", texts[:3], type=0)
    assert served.node("A").value().tolist() == [2**53 + 1, 16, -3]
    with pytest.raises(Failed, match="9007199254740993"):  # beside a fraction it would be rounded
        served.put("A", texts, type=0)
    with pytest.raises(Failed):
        served.put("A", ["1", "2.5"], type=0)
    served.put("F", ["16777217", "0x10", "0.1", "nan"], type=0)
    found = served.node("F").value()
    assert found[:3].tolist() == [16777216.0, 16.0, np.float32(0.1)] and np.isnan(found[3])


def test_text_put_into_an_index_is_a_number_though_a_label_is_one_too(serve):
    def numbered(pr, root):
        root.add(pr.LocalVariable(name="E", value=0, enum={i: str(i + 1) for i in range(20)}))

    served = serve(numbered)
    served.put("E", "7", ":IDX", type=0)
    assert (served.node("E").value(), served.value("E")) == (7, "8")
    served.put("E", "7", type=0)
    assert (served.node("E").value(), served.value("E", ":IDX")) == (6, 6)
    for wrong, type in (("x", 0), ("2.5", 0), (2.5, 6), (np.nan, 6)):
        with pytest.raises(Failed):
            served.put("E", wrong, ":IDX", type=type)
    assert served.node("E").value() == 6


def test_text_that_is_no_utf_8_is_taken_for_latin_1(served):
    served.put("Text", "größe".encode("latin-1"), "$")
    assert served.node("Text").value() == "größe"
    served.put("Text", "größe", "$")
    assert served.node("Text").value() == "größe"


def test_a_number_put_into_a_text_is_its_text(served):
    served.put("Text", 5, type=5)
    assert served.node("Text").value() == "5"
    served.put("Text", "", "$")
    assert served.node("Text").value() == ""


class Flags(TypeConverter):
    """A bool that is no enum, and texts as a list, as a site's converter may serve them."""

    def __init__(self, node):
        words = node.name == "Text"
        self.spec = PvSpec(
            NtKind.SCALAR_ARRAY if words else NtKind.SCALAR,
            ScalarType.String if words else ScalarType.Bool,
        )

    def to_pv(self, value):
        return value.split() if isinstance(value, str) else bool(value)

    def to_tree(self, value):
        return " ".join(value) if isinstance(value, list) else value


class Plugin:
    @hookimpl
    def converter_rules(self):
        return [ConverterRule(Flags, Select(where=lambda node: node.name in ("Flag", "Text")))]


def test_a_bool_of_a_sites_own_has_two_states(serve):
    served = serve(build, plugins=[Plugin()])
    assert served.type("Flag")[0] == "ENUM"
    meta = served.raw("Flag").metadata
    assert [meta.strs[n].value for n in range(meta.no_str)] == [b"False", b"True"]
    served.put("Flag", 0)
    assert served.node("Flag").value() is False
    served.put("Flag", "True", type=0)
    assert served.node("Flag").value() is True
    with pytest.raises(Failed, match="neither 0 nor 1"):
        served.put("Flag", 2)
    assert served.value("Flag", ".RTYP") == "bo"


def test_texts_of_a_list_are_each_cut(serve):
    served = serve(build, plugins=[Plugin()])
    served.node("Text").set("short " + "z" * 50)
    assert served.value("Text") == ["short", "z" * 39]
    served.put("Text", ["a", "b"])
    assert served.node("Text").value() == "a b"
    served.put("Text", [1, 2], type=5)
    assert served.node("Text").value() == "1 2"
    with pytest.raises(Failed, match="no channel"):
        served.text("Text")
