"""Inputs of an access security file: nothing is allowed by what is not there."""

import pytest
from support.clients.acf import GATED, V_IS_GATED, allowed, nodes, reload_by_rpc, until
from support.clients.lab import lab

from roguebridge.core import NamingRule, Select, hookimpl
from roguebridge.plugins.acf import Acf


class Twice:
    @hookimpl
    def naming_rules(self, base):
        return [NamingRule(lambda node: (f"{base}:Top:{node.name}", f"Alias:{node.name}"),
                           Select(path="Top.Gate"))]  # fmt: skip


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


def test_what_is_assigned_to_no_node_and_inputs_without_a_value_are_reported(tree, file):
    file.write_text(GATED % ("Base:Top:Gait", "A=1"))
    assign = [{"asg": "GATED", "path": "Top.V"}, {"asg": "GATED", "group": "Shif"}]
    with lab(tree, nodes, plugins=[Acf(file, assign=assign)]) as site:
        unused = "acf: no node is assigned by group='Shif' to ASG(GATED)"
        assert site.server.report() == (
            unused,
            f"{file}: the input Base:Top:Gait has no value: it is not connected, or INVALID",
        )
        site.server.stop()
        assert site.server.survey().errors == (unused,)
        site.server.start()
