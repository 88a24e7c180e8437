"""Texts that a protocol cannot hold: NUL would end them, lone surrogates are no Unicode."""

import numpy as np
import pytest
from p4p.client.thread import Context, RemoteError
from p4p.nt import NTURI
from support.clients import LIMIT

from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.hooks.rules import ConverterRule
from roguebridge.core.mapping.select import Select
from roguebridge.core.values.converter import TypeConverter
from roguebridge.core.values.spec import Column, Display, NtKind, PvSpec, ScalarType

ODD = "a\0b\udcffü"
SHOWN = "a\\x00b\\udcffü"


class AsItIs(TypeConverter):
    def __init__(self, spec, value):
        self.spec = spec
        self.value = value

    def to_pv(self, value):
        return self.value

    def to_tree(self, value):
        return value


DISPLAY = Display(description=ODD, units="V\0")
SPECS = {
    "Text": (PvSpec(NtKind.SCALAR, ScalarType.String, display=DISPLAY), ODD),
    "Words": (PvSpec(NtKind.SCALAR_ARRAY, ScalarType.String), [ODD, "b"]),
    "Enum": (PvSpec(NtKind.ENUM, ScalarType.Int32, choices=(ODD, "b")), 0),
    "Table": (
        PvSpec(NtKind.TABLE, ScalarType.String, columns=(Column("c", ODD, ScalarType.String),)),
        {"c": [ODD]},
    ),
}


class Site:
    """Converters of a site, which look into no text."""

    @hookimpl
    def converter_rules(self):
        return [
            ConverterRule(lambda node, made=made: AsItIs(*made), Select(path=f"Top.Site{name}"))
            for name, made in SPECS.items()
        ]


def fails():
    raise ValueError(ODD)


def build(pr, root):
    root.add(pr.LocalVariable(name="Text", value=ODD, description=ODD, units="\0V"))
    root.add(pr.LocalVariable(name="Words", value=np.array([ODD, "b"])))
    root.add(pr.LocalVariable(name="Bytes", value=np.array([b"a\0b", b"c"])))
    root.add(pr.LocalVariable(name="List", value=[ODD, "ü"]))
    root.add(pr.LocalVariable(name="Enum", value=0, enum={0: ODD, 1: "b"}))
    root.add(pr.LinkVariable(name="Link", linkedGet=lambda: ODD))
    root.add(pr.LocalCommand(name="Result", function=lambda: ODD, retValue=""))
    root.add(pr.LocalCommand(name="Results", function=lambda: [ODD, "ü"], retValue=""))
    root.add(pr.LocalCommand(name="Fails", function=fails))
    for name in SPECS:
        root.add(pr.LocalVariable(name=f"Site{name}", value=0))


@pytest.fixture
def served(serve):
    return serve(build, backends=["pva", "ca"], plugins=[Site()])


@pytest.fixture
def pva(served):
    with Context("pva", conf=served.server.client_conf("pva"), useenv=False, nt=False) as client:
        yield lambda name: client.get(f"T:Top:{name}", timeout=LIMIT)


@pytest.fixture
def call(served):
    with Context("pva", conf=served.server.client_conf("pva"), useenv=False, nt=False) as client:
        uri = NTURI([])
        yield lambda name: client.rpc(f"T:Top:{name}", uri.wrap(f"T:Top:{name}"), timeout=LIMIT)


@pytest.mark.parametrize("name", ["Text", "Link", "SiteText"])
def test_a_text_is_shown_escaped(served, pva, name):
    assert pva(name)["value"] == SHOWN
    assert served.value(name) == SHOWN
    assert served.text(name) == SHOWN


def test_what_is_said_about_a_pv_is_shown_escaped(served, pva):
    for name, units in (("Text", "\\x00V"), ("SiteText", "V\\x00")):
        display = pva(name)["display"]
        assert (display["description"], display["units"]) == (SHOWN, units)
        assert served.value(name, ".DESC") == SHOWN
        assert served.value(name, ".EGU") == units


def test_elements_and_choices_and_columns_are_shown_escaped(served, pva):
    for name in ("Words", "SiteWords"):
        assert pva(name)["value"] == [SHOWN, "b"]
        assert list(served.value(name)) == [SHOWN, "b"]
    assert pva("Bytes")["value"] == ["a\\x00b", "c"]
    for name in ("Enum", "SiteEnum"):
        assert list(pva(name)["value.choices"]) == [SHOWN, "b"]
    table = pva("SiteTable")
    assert (table["labels"], table["value.c"]) == ([SHOWN], [SHOWN])
    assert served.value("SiteTable") == {"c": [SHOWN]}


def test_json_keeps_letters_and_says_nul_in_its_own_way(served, pva):
    assert pva("List")["value"] == '["a\\u0000b\\udcffü", "ü"]'
    assert served.text("List") == '["a\\u0000b\\udcffü", "ü"]'


def test_results_and_errors_are_shown_escaped(call):
    assert call("Result")["value"] == SHOWN
    assert call("Results")["value"] == '["a\\u0000b\\udcffü", "ü"]'
    with pytest.raises(RemoteError) as caught:
        call("Fails")
    assert SHOWN in str(caught.value)


def test_other_backends_are_given_no_other_text(serve):
    served = serve(build, backends=["soft"], plugins=[Site()])
    (backend,) = served.server._backends
    client = backend.client("ann")
    assert client.get("T:Top:SiteText", LIMIT).value == SHOWN
    assert client.spec("T:Top:SiteText", LIMIT).display.description == SHOWN


def test_an_escaped_text_is_put_as_it_is(served, pva):
    served.put("Text", SHOWN)
    assert served.node("Text").value() == SHOWN
    assert pva("Text")["value"] == SHOWN
