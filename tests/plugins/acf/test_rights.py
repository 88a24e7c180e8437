"""What a p4p client may do: who it is, from where, and to which node."""

import grp
import pwd
import queue

import pytest
from p4p.client.thread import RemoteError
from support.clients.acf import OPEN, SHUT, USER, allowed, nodes, reload_by_rpc
from support.clients.lab import lab
from support.clients.served import LIMIT

from roguebridge.core import hookimpl
from roguebridge.plugins.acf import Acf


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
