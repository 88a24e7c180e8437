"""Several names of a node serve one holder: one value, one alarm, one time, one order of puts."""

import threading

import pytest
from support.engine.fakes import WAIT, PlainConverter
from support.engine.site_plugins import Audit, Opened

from roguebridge.backends.soft import RemoteError
from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.hooks.rules import ConverterRule, NamingRule
from roguebridge.core.mapping.extra_nodes import ExtraNode
from roguebridge.core.mapping.select import Select
from roguebridge.core.server.server import PvServer
from roguebridge.core.tree.server_nodes import ServerVariable
from roguebridge.core.values.alarm import Severity

BOTH = ("V", "Lab:V")


class TwoNames:
    """Names Top.V and Top.Go twice."""

    @hookimpl
    def naming_rules(self, base):
        select = Select(where=lambda node: node.name in ("V", "Go", "Run"))
        return [NamingRule(lambda node: [node.name, f"Lab:{node.name}"], select)]


@pytest.fixture
def serve_two(tree, serve):
    """Serve Top.V, a variable, under two names, beside more nodes."""

    def serve_two(*nodes, value=1, plugins=(), **options):
        variable = tree.pr.LocalVariable(
            name="V", value=value, highAlarm=100, minimum=0, maximum=1000
        )
        return serve(variable, *nodes, plugins=[*plugins, TwoNames()], **options)

    return serve_two


def test_the_list_has_the_primary_names_and_the_dump_all(serve_two, capsys):
    site = serve_two()
    assert site.server.list()["Top.V"] == "V"
    assert site.holder("V").pv_name == "V"
    assert site.holder("V").aliases == ("Lab:V",)
    site.server.dump()
    lines = capsys.readouterr().out.splitlines()
    place = lines.index("V -> Top.V")
    assert lines[place + 1] == "Lab:V -> Top.V"
    assert len(lines) == len(site.server.list()) + 1


def test_a_dump_gives_all_names_again_when_it_is_loaded(serve_two, tmp_path):
    site = serve_two()
    file = tmp_path / "names.map"
    site.server.dump(file)
    other = PvServer("unused", site.root, pvMap=file, backends=["soft"])
    other.start()
    again = tmp_path / "again.map"
    other.dump(again)
    names = [other._backends[0].client().get(name).value for name in BOTH]
    other.stop()
    assert again.read_text() == file.read_text()
    assert other.list() == site.server.list()
    assert names == [1, 1]


def test_an_explicit_map_may_list_names_and_is_copied(serve):
    pv_map = {"Top.Time": ["T", "Lab:T"], "root.enable": "E"}
    site = serve(pvMap=pv_map, start=False)
    pv_map["Top.Time"].append("late")
    site.server.start()
    assert site.server.list() == {"Top.enable": "E", "Top.Time": "T"}
    assert site.holder("Time").aliases == ("Lab:T",)
    assert site.server.report() == ()


def test_all_names_show_one_value_one_alarm_and_one_time(serve_two, inbox):
    site = serve_two()
    watching = site.client()
    seen = {name: type(inbox)() for name in BOTH}
    for name in BOTH:
        watching.monitor(name, seen[name].put)
        assert seen[name].next().value == 1
    for value, severity in ((5, Severity.NONE), (500, Severity.MAJOR)):
        site.root.V.set(value)
        one, other = (_until(seen[name], value) for name in BOTH)
        assert one == other
        assert one.alarm.severity is severity
    assert site.client().get("Lab:V") == site.client().get("V") == one


def _until(inbox, value):
    while (reading := inbox.next()).value != value:
        pass
    return reading


def test_who_comes_later_by_another_name_finds_the_same(serve_two, inbox):
    site = serve_two()
    client = site.client()
    client.monitor("V", inbox.put)
    inbox.next()
    site.root.V.set(500)
    shown = _until(inbox, 500)
    assert client.get("Lab:V") == shown
    assert client.spec("Lab:V") == client.spec("V")


class Counting(PlainConverter):
    """Notes each value it is asked to convert; a plugin that converts Top.V."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def to_pv(self, value):
        self.asked.append(value)
        return value

    @hookimpl
    def converter_rules(self):
        return [ConverterRule(lambda node: self, Select("Top.V"))]


def test_a_value_is_converted_once_for_all_names(serve_two, inbox):
    converter = Counting()
    site = serve_two(plugins=[converter])
    site.root.waitOnUpdate()  # of the start
    client = site.client()
    client.monitor("V", inbox.put)
    client.monitor("Lab:V", inbox.put)
    inbox.next(), inbox.next()
    site.root.V.set(7)
    assert (inbox.next().value, inbox.next().value) == (7, 7)
    assert converter.asked.count(7) == 1


def test_a_put_by_one_name_is_there_by_all_when_it_is_answered(serve_two):
    site = serve_two()
    client = site.client()
    for value, name, other in ((7, *reversed(BOTH)), (8, *BOTH)):
        client.put(name, value)
        assert client.get(other).value == value
        assert site.root.V.value() == value


def test_a_request_carries_the_name_that_the_client_has_used(serve_two, inbox):
    site = serve_two(plugins=[Audit(inbox)])
    client = site.client()
    for name in BOTH:
        client.put(name, 3)
        record = inbox.next()
        assert (record.entry.pv_name, record.entry.path) == (name, "Top.V")
        with pytest.raises(RemoteError, match=f"^{name} is a variable"):
            client.rpc(name, wrong=1)
        assert inbox.next().entry.pv_name == name


def test_an_error_names_the_pv_that_the_client_has_used(tree, serve_two):
    def call(arg):
        return arg

    write_only = tree.pr.LocalVariable(name="Run", value=0, mode="WO")
    site = serve_two(tree.pr.LocalCommand(name="Go", function=call), write_only)
    client = site.client()
    with pytest.raises(RemoteError, match="^Lab:Go: unknown arguments"):
        client.rpc("Lab:Go", nonsense=1)
    with pytest.raises(RemoteError, match="^Lab:Go: the argument is empty"):
        client.rpc("Lab:Go", arg=None)
    with pytest.raises(RemoteError, match="^Lab:Run is write-only"):
        client.rpc("Lab:Run")


def test_a_command_runs_once_whatever_the_name_and_is_busy_by_all(tree, serve_two):
    entered, free, runs = threading.Event(), threading.Event(), []

    def run():
        runs.append(1)
        entered.set()
        assert free.wait(WAIT)

    site = serve_two(tree.pr.LocalCommand(name="Run", function=run))
    client = site.client()
    running = client.start_rpc("Run")
    assert entered.wait(WAIT)
    try:
        with pytest.raises(RemoteError, match="^Lab:Run: busy"):
            client.rpc("Lab:Run")
        assert client.get("Lab:Run").value == 1
    finally:
        free.set()
    running.result(WAIT)
    assert client.get("Lab:Run").value == 0
    assert runs == [1]


def test_puts_by_all_names_keep_their_order(tree, serve):
    entered, free, values = threading.Event(), threading.Event(), []

    def set_value(value):
        values.append(value)
        if value == 1:
            entered.set()
            assert free.wait(WAIT)

    site = serve(tree.pr.LocalVariable(name="V", value=0, localSet=set_value), plugins=[TwoNames()])
    values.clear()
    client = site.client()
    client.get("V"), client.get("Lab:V")
    puts = [client.start_put("V", 1)]
    assert entered.wait(WAIT)
    try:
        puts += [client.start_put(BOTH[value % 2], value) for value in range(2, 8)]
    finally:
        free.set()
    for put in puts:
        put.result(WAIT)
    assert values == list(range(1, 8))
    assert client.get("Lab:V").value == client.get("V").value == 7


def test_a_name_closes_when_its_own_clients_have_gone_and_the_other_goes_on(serve_two, inbox):
    opened = type(inbox)()
    site = serve_two(plugins=[Opened(opened)])
    staying, leaving = site.client(), site.client()
    staying.monitor("V", inbox.put)
    leaving.get("Lab:V")
    inbox.next()
    opened.next(), opened.next()  # what is being opened is not closed
    pvs = site.server._backends[0].pvs
    leaving.close()
    assert staying.get("V").value == 1
    assert (pvs["V"].spec is None, pvs["Lab:V"].spec is None) == (False, True)
    assert site.holder("V").is_open
    site.root.V.set(9)
    assert _until(inbox, 9).value == 9
    again = site.client()
    assert again.get("Lab:V") == staying.get("V")
    opened.next()
    staying.close()
    assert again.get("Lab:V").value == 9
    assert (pvs["V"].spec is None, pvs["Lab:V"].spec is None) == (True, False)
    again.put("Lab:V", 10)
    assert site.root.V.value() == 10


def test_after_a_restart_all_names_are_there(serve_two):
    site = serve_two()
    for _ in range(2):
        assert site.client().get("Lab:V").value == 1
        site.server.stop()
        site.server.start()
    assert site.client().get("Lab:V").value == 1


def test_bad_names_of_one_node_are_reported_and_harm_no_other(tree, serve):
    class Odd:
        @hookimpl
        def naming_rules(self, base):
            cyclic = ["ok"]
            cyclic.append(cyclic)
            names = {"Top.A": cyclic, "Top.B": iter("ab"), "Top.C": ["c", "ok"]}
            return [NamingRule(lambda node: names[node.path], Select(where=_mine))]

    def _mine(node):
        return node.name in "ABC"

    site = serve(*(tree.pr.LocalVariable(name=name, value=1) for name in "ABC"), plugins=[Odd()])
    assert {name: site.server.list().get(f"Top.{name}") for name in "ABC"} == {
        "A": "ok", "B": None, "C": "c",
    }  # fmt: skip
    report = site.server.report()
    assert report[0].startswith("Top.B: plugin Odd: a rule of naming_rules: PV names <str_")
    assert report[0].endswith("are neither a str nor a list of str")
    assert report[1].startswith("Top.A: plugin Odd: a rule of naming_rules: PV name ['ok', ['ok', ")
    assert report[2] == "Top.A and Top.C both map to PV ok"
    assert len(report) == 3


def test_a_survey_tells_the_aliases(serve_two):
    site = serve_two(start=False)
    found = {pv.path: pv for pv in site.server.survey().pvs}
    assert (found["Top.V"].pv_name, found["Top.V"].aliases) == ("V", ("Lab:V",))
    assert found["Top.V"].names == BOTH
    assert found["Top.enable"].aliases == ()


def test_a_holder_is_found_by_each_name(serve_two):
    site = serve_two()
    assert site.server.find("Lab:V") is site.server.find("V") is site.holder("V")
    assert site.server.find("Lab:W") is None


def test_an_explanation_tells_all_names(serve_two):
    site = serve_two()
    found = site.server.explain("Top.V")
    assert found.pv_names == BOTH
    assert found.name.made == "V, Lab:V"


def test_a_node_that_is_in_no_tree_takes_no_alias(serve_two):
    class Extra:
        @hookimpl
        def extra_nodes(self, base, root):
            return [ExtraNode("Lab:V", ServerVariable("RB.V", 7))]

    site = serve_two(plugins=[Extra()])
    assert "RB.V of plugin Extra is not served: PV name 'Lab:V' is that of Top.V" in (
        site.server.report()
    )
    assert site.client().get("Lab:V").value == 1


def test_a_template_may_be_an_argument_of_the_server(serve_two):
    site = serve_two(names={"template": "{base}:{name}", "aliases": "{base}:{path}"})
    names = site.server.list()
    assert (names["Top.V"], names["Top.Time"]) == ("V", "B:Time")  # a rule of the site's goes first
    assert site.client().get("B:Top:Time") == site.client().get("B:Time")
    with pytest.raises(ValueError, match="names: template '{nam}' has the unknown field 'nam'"):
        PvServer("B", site.root, names="{nam}", backends=["soft"])
