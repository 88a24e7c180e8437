"""Inputs of an access security file that another server has."""

import logging

import pytest
from p4p import Value
from p4p.nt import NTScalar
from p4p.server import Server
from p4p.server.thread import SharedPV
from support.clients.acf import GATED, V_IS_GATED, allowed, nodes, reload_by_rpc, until
from support.clients.lab import lab
from support.engine.fakes import bridge_threads


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
