"""An access security file that is read again, whatever has become of it."""

import pytest
from p4p.client.thread import RemoteError
from support.clients.acf import GATED, OPEN, RELOAD, SHUT, V_IS_GATED, allowed, nodes, reload_by_rpc
from support.clients.lab import lab
from support.clients.served import LIMIT

from roguebridge.plugins.acf import Acf


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
