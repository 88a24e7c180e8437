"""An access security file in force: what a p4p client may do, whatever becomes of the file."""

import getpass
import grp
import logging
import pwd
import queue
import time

import pytest
from p4p import Value
from p4p.client.thread import RemoteError
from p4p.nt import NTURI, NTScalar
from p4p.server import Server
from p4p.server.thread import SharedPV
from support.fakes import bridge_threads
from support.lab import lab
from support.served import LIMIT
from support.trees import running

from roguebridge.backends.epics import EpicsPvServer
from roguebridge.core import NamingRule, PluginError, Select, hookimpl
from roguebridge.plugins.acf import Acf

RELOAD = "Base:RB:AcfReload"
USER = getpass.getuser()
OPEN = "ASG(DEFAULT) {RULE(1,WRITE)}"
SHUT = "ASG(DEFAULT) {RULE(1,READ)}"
GATED = 'ASG(DEFAULT) {RULE(1,WRITE)} ASG(GATED) {INPA("%s") RULE(1,WRITE){CALC("%s")}}'
V_IS_GATED = [{"asg": "GATED", "path": "Top.V"}]


@pytest.fixture
def file(tmp_path):
    return tmp_path / "site.acf"


def nodes(pr, root, device):
    for name in ("Gate", "V"):
        root.add(pr.LocalVariable(name=name, value=0))
    root.add(pr.LocalVariable(name="Tuned", value=0, groups=["Expert"]))
    root.add(pr.LocalVariable(name="Text", value="1"))
    root.add(pr.LocalCommand(name="Go", function=lambda: 5))
    device.add(pr.RemoteVariable(name="Reg", offset=0, bitSize=32, base=pr.UInt, mode="RW"))


def allowed(site, path, value=1):
    """Put; tell whether that was allowed."""
    try:
        site.put(path, value)
    except RemoteError as error:
        assert str(error).startswith(f"Put not permitted: {site.pv(path)}: ")
        return False
    return True


def until(wanted, test):
    """Ask until the answer is as wanted: it depends on what other threads hear."""
    end = time.monotonic() + LIMIT
    while test() is not wanted:
        assert time.monotonic() < end, f"it stays {not wanted}"


def reload_by_rpc(site):
    site.client.rpc(RELOAD, NTURI([]).wrap(RELOAD), timeout=LIMIT)


# Starting ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "line 1: the file is empty"),
        ("# nobody\n# may", "line 1: the file is empty"),
        ("ASG(DEFAULT) {\n  RULE(1, WRITE)", "line 2: the file ends here, expected"),
        ('ASG(DEFAULT) {\nRULE(1,WRITE) {CALC("A := 1")}}', r"line 2: CALC\('A := 1'\), column 3"),
        (None, "cannot read the access security file"),
    ],
)
def test_a_server_does_not_start_with_a_file_that_cannot_be_used(tree, file, text, why):
    if text is not None:
        file.write_text(text)
    root = tree.pr.Root(name="Top", pollEn=False)
    server = EpicsPvServer(base="Base", root=root, isolate=True, acf=file)
    with running(root):
        with pytest.raises(PluginError, match=why):
            server.start()
        assert not server.running
        assert bridge_threads() == []
        file.write_text(OPEN)
        server.start()
        server.stop()
        assert bridge_threads() == []


def test_a_node_in_a_group_that_is_not_there_stops_the_start(tree, file):
    file.write_text(OPEN)
    root = tree.pr.Root(name="Top", pollEn=False)
    acf = {"file": file, "assign": [{"asg": "MISSING", "group": "Expert"}]}
    server = EpicsPvServer(base="Base", root=root, isolate=True, acf=acf)
    with (
        running(root),
        pytest.raises(PluginError, match=r"ASG\(MISSING\).*there are \['DEFAULT'\]"),
    ):
        server.start()


def test_each_start_reads_the_file_anew(tree, file):
    file.write_text(SHUT)
    with lab(tree, nodes, acf=str(file)) as site:
        assert not allowed(site, "V")
        site.server.stop()
        file.write_text(GATED % ("Base:Top:Gate", "A=0"))
        site.server.start()
        until(True, lambda: _answered(site))


def _answered(site):
    try:
        return allowed(site, "V")
    except (TimeoutError, RemoteError):  # the client has not noticed the restart
        return False


def test_a_survey_reads_the_file_too(tree, file):
    file.write_text("ASG(")
    root = tree.pr.Root(name="Top", pollEn=False)
    server = EpicsPvServer(base="Base", root=root, isolate=True, acf=file)
    with running(root):
        assert any("line 1: the file ends here" in text for text in server.survey().errors)


# Who, from where, what ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        (OPEN, True),
        (SHUT, False),
        ("ASG(OTHER) {RULE(1,WRITE)}", False),
        (f"UAG(me){{{USER}}} ASG(DEFAULT) {{RULE(1,WRITE) {{UAG(me)}}}}", True),
        ("UAG(you){nobody-else} ASG(DEFAULT) {RULE(1,WRITE) {UAG(you)}}", False),
        ("HAG(here){127.0.0.1} ASG(DEFAULT) {RULE(1,WRITE) {HAG(here)}}", True),
        ("HAG(there){10.0.0.1} ASG(DEFAULT) {RULE(1,WRITE) {HAG(there)}}", False),
        ("HAG(here){localhost} ASG(DEFAULT) {RULE(1,WRITE) {HAG(here)}}", True),
    ],
)
def test_a_put_is_judged_by_user_and_address(tree, file, text, yes):
    file.write_text(text)
    with lab(tree, nodes, acf=file) as site:
        assert allowed(site, "V", 3) is yes
        assert site.node("V").value() == (3 if yes else 0)
        assert site.get("V")["value"] == (3 if yes else 0)  # reading is not guarded


def test_the_refusal_names_pv_group_user_and_address(tree, file):
    file.write_text(SHUT)
    with lab(tree, nodes, acf=file) as site:
        text = (
            r"^Put not permitted: Base:Top:V: ASG\(DEFAULT\) does not grant WRITE to "
            f"'{USER}' from 127.0.0.1$"
        )
        with pytest.raises(RemoteError, match=text):
            site.put("V", 1)


def test_calls_need_rpc_and_puts_put_also_those_of_commands(tree, file):
    file.write_text("ASG(DEFAULT) {RULE(1,RPC)}")
    with lab(tree, nodes, acf=file) as site:
        assert site.rpc("Go")["value"] == 5
        assert site.rpc("V", op="read")["value"] == 0
        assert not allowed(site, "V")
        assert not allowed(site, "Go")
        file.write_text("ASG(DEFAULT) {RULE(1,PUT)}")
        reload_by_rpc(site)
        assert allowed(site, "V")
        assert allowed(site, "Go")
        for path in ("Go", "V"):
            with pytest.raises(RemoteError, match="does not grant WRITE or RPC"):
                site.rpc(path)


def test_nodes_are_assigned_by_path_and_group_and_level_first_match_first(tree, file):
    file.write_text(
        "ASG(DEFAULT) {RULE(0,WRITE)} ASG(OPEN) {RULE(1,WRITE)} ASG(SHUT) {RULE(1,READ)}"
    )
    assign = [
        {"asg": "SHUT", "path": "Top.V*"},
        {"asg": "OPEN", "path": "Top.V"},
        {"asg": "OPEN", "group": "Expert", "level": 1},
        {"asg": "DEFAULT", "path": "Top.Gate", "level": 1},
    ]
    with lab(tree, nodes, acf={"file": file, "assign": assign}) as site:
        found = {path: allowed(site, path, "1") for path in ("V", "Tuned", "Gate", "Text")}
    assert found == {"V": False, "Tuned": True, "Gate": False, "Text": True}


def test_roles_count_after_a_reload_too(tree, file):
    group = grp.getgrgid(pwd.getpwnam(USER).pw_gid).gr_name
    file.write_text(OPEN)
    with lab(tree, nodes, acf=file) as site:
        assert allowed(site, "V")
        file.write_text(f"UAG(g){{role/{group}}} ASG(DEFAULT) {{RULE(1,WRITE) {{UAG(g)}}}}")
        reload_by_rpc(site)
        assert allowed(site, "V")
        reload_by_rpc(site)
        assert allowed(site, "V")
        file.write_text("UAG(g){role/no-such-group} ASG(DEFAULT) {RULE(1,WRITE) {UAG(g)}}")
        reload_by_rpc(site)
        assert not allowed(site, "V")


def test_a_host_that_moves_is_followed(tree, file):
    addresses = {"desk": ["127.0.0.1"]}
    file.write_text("HAG(h){desk} ASG(DEFAULT) {RULE(1,WRITE) {HAG(h)}}")
    acf = Acf(file, resolve=addresses.__getitem__, resolve_every=3600)
    with lab(tree, nodes, plugins=[acf]) as site:
        assert allowed(site, "V")
        addresses["desk"] = ["10.0.0.1"]
        assert allowed(site, "V")
        acf.resolve()
        assert not allowed(site, "V")


class Records:
    def __init__(self):
        self.records = queue.SimpleQueue()

    @hookimpl
    def request_done(self, record):
        self.records.put(record)


@pytest.mark.parametrize(("user", "trap"), [(USER, False), ("nobody-else", True)])
def test_trapwrite_is_told_to_the_audit_trail(tree, file, user, trap):
    file.write_text(
        f"UAG(a){{{user}}} ASG(DEFAULT) {{RULE(1,WRITE){{UAG(a)}} RULE(1,WRITE,TRAPWRITE)}}"
    )
    audit = Records()
    with lab(tree, nodes, acf=file, plugins=[audit]) as site:
        site.put("V", 1)
        assert audit.records.get(timeout=LIMIT).trap is trap


# Reloading ----------------------------------------------------------------------------------------


def test_reload_changes_the_rules_by_rpc_put_method_and_server(tree, file):
    file.write_text(OPEN)
    acf = Acf(file, assign=[{"asg": "ADMIN", "path": "RB.AcfReload"}])
    admin = " ASG(ADMIN) {RULE(1,WRITE)}"
    file.write_text(OPEN + admin)
    with lab(tree, nodes, plugins=[acf]) as site:
        assert allowed(site, "V")
        file.write_text(SHUT + admin)
        assert allowed(site, "V")
        reload_by_rpc(site)
        assert not allowed(site, "V")
        file.write_text(OPEN + admin)
        site.client.put(RELOAD, 1, timeout=LIMIT, wait=True)
        assert allowed(site, "V")
        file.write_text(SHUT + admin)
        acf.reload()
        assert not allowed(site, "V")
        file.write_text(OPEN + admin)
        site.server.reload()
        assert allowed(site, "V")


@pytest.mark.parametrize("broken", ["", "# nothing", "ASG(DEFAULT) {\nRULE(1,", None])
def test_a_file_that_cannot_be_used_leaves_the_rules_and_says_so(tree, file, broken, caplog):
    file.write_text("ASG(DEFAULT) {RULE(0,WRITE)} ASG(SHUT)")
    acf = {"file": file, "assign": [{"asg": "SHUT", "path": "Top.Tuned"}]}
    with lab(tree, nodes, acf=acf) as site:
        file.unlink() if broken is None else file.write_text(broken)
        with pytest.raises(RemoteError, match="site.acf"):
            reload_by_rpc(site)
        assert allowed(site, "V")
        assert not allowed(site, "Tuned")
        site.server.reload()  # raises nothing: there is nobody to tell but the log
        assert allowed(site, "V")
        assert not allowed(site, "Tuned")
    said = [r.message for r in caplog.records if r.name == "roguebridge.acf"]
    assert len(said) == 2
    assert all(text.endswith("; the rules read before stay in force") for text in said)


def test_the_reload_command_is_guarded_like_any_node(tree, file):
    file.write_text(SHUT)
    with lab(tree, nodes, acf=file) as site:
        file.write_text(OPEN)
        with pytest.raises(RemoteError, match="Put not permitted: Base:RB:AcfReload: ASG"):
            reload_by_rpc(site)
        assert not allowed(site, "V")


def test_a_reload_cannot_take_away_a_group_that_nodes_are_in(tree, file):
    file.write_text(GATED % ("x", "0"))
    with lab(tree, nodes, acf={"file": file, "assign": V_IS_GATED}) as site:
        file.write_text(OPEN)
        with pytest.raises(RemoteError, match=r"assigned to ASG\(GATED\), which is not there"):
            reload_by_rpc(site)
        assert not allowed(site, "V")


class Twice:
    @hookimpl
    def naming_rules(self, base):
        return [NamingRule(lambda node: (f"{base}:Top:{node.name}", f"Alias:{node.name}"),
                           Select(path="Top.Gate"))]  # fmt: skip


# Inputs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Base:Top:Gate", "Base:Top:Gate.VAL"])
def test_an_input_of_our_own_opens_and_shuts_though_nobody_looks_at_it(tree, file, name):
    file.write_text(GATED % (name, "A=1"))
    with lab(tree, nodes, acf={"file": file, "assign": V_IS_GATED}) as site:
        assert not allowed(site, "V")
        for _ in range(2):
            site.put("Gate", 1)
            assert allowed(site, "V")
            site.put("Gate", 0)
            assert not allowed(site, "V")
        site.node("Gate").set(1)
        site.root.waitOnUpdate()
        assert allowed(site, "V")


def test_an_input_of_our_own_may_go_by_another_name(tree, file):
    file.write_text(GATED % ("Alias:Gate.VAL", "A=1"))
    acf = {"file": file, "assign": V_IS_GATED}
    with lab(tree, nodes, acf=acf, plugins=[Twice()]) as site:
        assert not allowed(site, "V")
        site.put("Gate", 1)
        assert allowed(site, "V")


def test_an_input_of_our_own_may_be_the_servers(tree, file):
    file.write_text(GATED % ("Base:RB:AcfReload", "A=0"))
    with lab(tree, nodes, acf={"file": file, "assign": V_IS_GATED}) as site:
        assert allowed(site, "V")


def test_an_input_that_is_no_number_never_matches(tree, file):
    file.write_text(GATED % ("Base:Top:Text", "A=1||A!=1"))
    with lab(tree, nodes, acf={"file": file, "assign": V_IS_GATED}) as site:
        assert not allowed(site, "V")


def test_an_input_that_is_invalid_does_not_match_until_it_is_valid(tree, file):
    file.write_text(GATED % ("Base:Top:Dev:Reg", "A<1"))
    with lab(tree, nodes, acf={"file": file, "assign": V_IS_GATED}) as site:
        assert not allowed(site, "V")  # a register that was never read
        site.put("Dev.Reg", 0)
        assert allowed(site, "V")
        site.node("Dev.enable").set(False)
        until(False, lambda: allowed(site, "V"))
        site.node("Dev.enable").set(True)
        until(True, lambda: allowed(site, "V"))
        site.put("Dev.Reg", 1)
        assert not allowed(site, "V")


def test_an_input_that_nobody_serves_does_not_match_and_is_told(tree, file, caplog):
    file.write_text(GATED % ("Elsewhere:Gate", "A<1"))
    with lab(tree, nodes, acf={"file": file, "assign": V_IS_GATED}) as site:
        assert not allowed(site, "V")
    assert "inputs of an isolated server are not connected: Elsewhere:Gate" in caplog.text


def test_a_reload_takes_up_new_inputs_and_leaves_old_ones(tree, file):
    file.write_text(GATED % ("Base:Top:Gate", "A=0"))
    with lab(tree, nodes, acf={"file": file, "assign": V_IS_GATED}) as site:
        assert allowed(site, "V")
        file.write_text(GATED % ("Base:Top:Tuned", "A=0"))
        for _ in range(2):
            reload_by_rpc(site)
            assert allowed(site, "V")
        site.put("Gate", 1)
        assert allowed(site, "V")
        site.put("Tuned", 1)
        assert not allowed(site, "V")
        file.write_text(GATED % ("Base:Top:Gate", "A=1"))
        reload_by_rpc(site)
        assert allowed(site, "V")


class Elsewhere:
    """Another server, with one PV of numbers."""

    def __init__(self):
        self._nt = NTScalar("d")
        self.pv = SharedPV(nt=self._nt, initial=0.0)
        self.server = Server(providers=[{"Elsewhere:Gate": self.pv}], isolate=True)

    def show(self, **fields):
        """Post just these fields, ``__`` for a dot."""
        post = Value(self._nt.type)
        for name, content in fields.items():
            post[name.replace("__", ".")] = content
        self.pv.post(post)

    def stop(self):
        self.server.stop()


@pytest.fixture
def elsewhere():
    found = Elsewhere()
    yield found
    found.stop()


def test_an_input_of_another_server_is_followed_while_it_is_there_and_valid(tree, file, elsewhere):
    file.write_text(GATED % ("Elsewhere:Gate", "A<1"))
    acf = {"file": file, "assign": V_IS_GATED, "client_conf": elsewhere.server.conf()}
    with lab(tree, nodes, acf=acf) as site:
        until(True, lambda: allowed(site, "V"))
        elsewhere.show(value=1.0)
        until(False, lambda: allowed(site, "V"))
        elsewhere.show(value=0.5)
        until(True, lambda: allowed(site, "V"))
        elsewhere.show(alarm__severity=3)  # the value is as before
        until(False, lambda: allowed(site, "V"))
        elsewhere.show(alarm__severity=2)
        until(True, lambda: allowed(site, "V"))
        elsewhere.stop()
        until(False, lambda: allowed(site, "V"))


def test_a_reload_drops_and_takes_up_inputs_of_another_server(tree, file, elsewhere):
    file.write_text(GATED % ("Elsewhere:Gate", "A=0"))
    acf = {"file": file, "assign": V_IS_GATED, "client_conf": elsewhere.server.conf()}
    with lab(tree, nodes, acf=acf) as site:
        until(True, lambda: allowed(site, "V"))
        reload_by_rpc(site)
        assert allowed(site, "V")  # it has stayed connected
        file.write_text(GATED % ("Base:Top:Gate", "A=1"))
        reload_by_rpc(site)
        assert not allowed(site, "V")
        file.write_text(GATED % ("Elsewhere:Gate", "A=0"))
        reload_by_rpc(site)
        until(True, lambda: allowed(site, "V"))


def test_a_stopped_server_leaves_nothing_behind(tree, file, elsewhere):
    file.write_text(
        'HAG(h){localhost} ASG(DEFAULT) {INPA("Elsewhere:Gate") INPB("Base:Top:Gate")'
        'RULE(1,WRITE) {HAG(h) CALC("A=B")}}'
    )
    acf = {"file": file, "client_conf": elsewhere.server.conf()}
    with lab(tree, nodes, acf=acf) as site:
        until(True, lambda: allowed(site, "V"))
        site.server.stop()
        assert bridge_threads() == []


def test_the_log_tells_when_an_input_comes_and_goes(tree, file, elsewhere, caplog):
    file.write_text(GATED % ("Elsewhere:Gate", "A=0"))
    acf = {"file": file, "assign": V_IS_GATED, "client_conf": elsewhere.server.conf()}
    with caplog.at_level(logging.INFO, "roguebridge.acf"), lab(tree, nodes, acf=acf) as site:
        until(True, lambda: allowed(site, "V"))
        elsewhere.stop()
        until(False, lambda: allowed(site, "V"))
    said = [r.getMessage() for r in caplog.records if r.name == "roguebridge.acf"]
    assert said == ["the input Elsewhere:Gate has a value", "the input Elsewhere:Gate has no value"]


def test_what_is_assigned_to_no_node_and_inputs_without_a_value_are_reported(tree, file):
    file.write_text(GATED % ("Base:Top:Gait", "A=1"))
    assign = [{"asg": "GATED", "path": "Top.V"}, {"asg": "GATED", "group": "Shif"}]
    with lab(tree, nodes, plugins=[Acf(file, assign=assign)]) as site:
        unused = "acf: no node is assigned by 'Shif' to ASG(GATED)"
        assert site.server.report() == (
            unused,
            f"{file}: the input Base:Top:Gait has no value: it is not connected, or INVALID",
        )
        site.server.stop()
        assert site.server.survey().warnings == (unused,)
        site.server.start()


def test_one_object_guards_one_server(tree, file):
    file.write_text(OPEN)
    acf = Acf(file)
    with lab(tree, nodes, plugins=[acf]) as site:
        other = EpicsPvServer(base="Other", root=site.root, isolate=True, plugins=[acf])
        with pytest.raises(PluginError, match="guards another server: give each an Acf of its own"):
            other.start()
        assert allowed(site, "V")
    with lab(tree, nodes, plugins=[acf]) as site:
        assert allowed(site, "V")


def test_a_group_guards_the_mirrors_of_its_nodes(tree, file):
    def mirrored(pr, root, device):
        nodes(pr, root, device)
        root.add(pr.LinkVariable(name="Mirror", variable=root.V))

    file.write_text("ASG(DEFAULT) {RULE(1,WRITE)} ASG(SHUT) {RULE(1,READ)}")
    assign = [{"asg": "SHUT", "path": "Top.V"}]
    with lab(tree, mirrored, plugins=[Acf(file, assign=assign)]) as site:
        assert not allowed(site, "V")
        assert not allowed(site, "Mirror")
        assert allowed(site, "Gate")
