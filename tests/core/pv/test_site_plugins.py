"""From a request to the tree: the plugins of a site."""

import pytest
from support.engine.site_plugins import Audit, Opened, fail

from roguebridge.backends.soft import RemoteError
from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.hooks.rules import ConverterRule, TimeSourceRule
from roguebridge.core.mapping.select import Select
from roguebridge.core.values.converter import TypeConverter
from roguebridge.core.values.spec import NtKind, PvSpec, ScalarType


class Celsius(TypeConverter):
    """Serves a temperature in tenths of a degree as text."""

    spec = PvSpec(NtKind.SCALAR, ScalarType.String)

    def to_pv(self, value):
        return f"{value / 10} C"

    def to_tree(self, value):
        return int(float(value.removesuffix(" C")) * 10)


def test_a_converter_of_the_site_shapes_the_values_it_selects(serve, tree):
    class Converters:
        @hookimpl
        def converter_rules(self):
            return [ConverterRule(lambda node: Celsius(), Select(units="0.1 C"))]

    site = serve(
        tree.pr.LocalVariable(name="V", value=215, units="0.1 C"),
        tree.pr.LocalVariable(name="W", value=215),
        plugins=[Converters()],
    )
    client = site.client()
    assert client.get("B:Top:V").value == "21.5 C"
    assert client.get("B:Top:W").value == 215
    client.put("B:Top:V", "30 C")
    assert site.root.V.value() == 300
    assert client.get("B:Top:V").value == "30.0 C"
    with pytest.raises(RemoteError, match="B:Top:V: could not convert"):
        client.put("B:Top:V", "hot")


def test_a_converter_rule_that_fails_costs_only_its_nodes(serve, tree):
    class Converters:
        @hookimpl
        def converter_rules(self):
            return [ConverterRule(fail, Select(path="Top.V"))]

    site = serve(
        tree.pr.LocalVariable(name="V", value=5),
        tree.pr.LocalVariable(name="W", value=5),
        plugins=[Converters()],
    )
    client = site.client()
    reading = client.get("B:Top:V")
    assert (reading.value, reading.alarm.message) == ("5", "CALC")
    with pytest.raises(RemoteError):
        client.put("B:Top:V", "6")
    assert client.get("B:Top:W").value == 5


@pytest.mark.parametrize("made", [None, 5, TypeConverter], ids=repr)
def test_a_rule_that_makes_no_converter_costs_only_its_nodes(serve, tree, made):
    class Converters:
        @hookimpl
        def converter_rules(self):
            return [ConverterRule(lambda node: made, Select(path="Top.V"))]

    site = serve(
        tree.pr.LocalVariable(name="V", value=5),
        tree.pr.LocalVariable(name="W", value=5),
        plugins=[Converters()],
    )
    client = site.client()
    reading = client.get("B:Top:V")
    assert (reading.value, reading.alarm.message) == ("5", "CALC")
    (problem,) = site.server.report()
    assert "Top.V: B:Top:V is INVALID: its type cannot be found out" in problem
    assert "Top.V: no converter rule matches, or it made" in problem
    assert client.get("B:Top:W").value == 5


def test_a_time_source_of_the_site_stamps_the_values_it_selects(serve, tree):
    class Times:
        @hookimpl
        def time_source_rules(self):
            rule = TimeSourceRule(lambda node: lambda value: value["t"], Select(type="dict"))
            return [rule]

    site = serve(
        tree.pr.LocalVariable(name="V", value={"t": 1}),
        tree.pr.LocalVariable(name="W", value=1),
        plugins=[Times()],
    )
    stamp = 1_900_000_000_123_456_789
    site.root.V.set({"t": stamp})
    site.root.W.set(2)
    site.root.waitOnUpdate()
    client = site.client()
    assert client.get("B:Top:V").time_ns == stamp
    assert client.get("B:Top:W").time_ns < stamp


def test_audit_hears_of_everything_that_was_asked(serve, tree, inbox):
    site = serve(
        tree.pr.LocalVariable(name="V", value=5, maximum=10),
        tree.pr.LocalVariable(name="Ro", value=5, mode="RO"),
        tree.pr.LocalCommand(name="Go", function=lambda arg: 1 / arg),
        plugins=[Audit(inbox)],
    )
    client = site.client("ann", "10.0.0.1")
    client.put("B:Top:V", 6)
    records = [inbox.next()]
    for ask in (
        lambda: client.put("B:Top:V", 11),
        lambda: client.put("B:Top:Ro", 6),
        lambda: client.rpc("B:Top:Go", arg=0),
        lambda: client.rpc("B:Top:V", op="write"),
    ):
        with pytest.raises(RemoteError):
            ask()
        records.append(inbox.next())
    client.rpc("B:Top:Go", arg=1)
    records.append(inbox.next())
    told = [(r.entry.pv_name, r.operation, r.value, r.result) for r in records]
    assert told == [
        ("B:Top:V", "put", 6, "done"),
        ("B:Top:V", "put", 11, "failed"),
        ("B:Top:Ro", "put", 6, "denied"),
        ("B:Top:Go", "rpc", {"arg": 0}, "failed"),
        ("B:Top:V", "rpc", {"op": "write"}, "failed"),
        ("B:Top:Go", "rpc", {"arg": 1}, "done"),
    ]
    assert [bool(r.error) for r in records] == [False, True, True, True, True, False]
    assert {(r.credentials.user, r.credentials.host) for r in records} == {("ann", "10.0.0.1")}
    assert all(r.time_ns > 1_600_000_000 * 10**9 for r in records)


def test_an_opened_holder_is_told_with_its_spec(serve, tree, inbox):
    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[Opened(inbox)])
    site.client().get("B:Top:V")
    assert inbox.next() == ("Top.V", ScalarType.Int64, True)
