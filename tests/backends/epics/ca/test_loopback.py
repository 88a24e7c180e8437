"""Nothing of an isolated server leaves loopback, whatever the environment says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import support
from support.clients import LIMIT

SERVED = """
import sys, time
sys.path.insert(0, sys.argv[1])
kinds, limit = sys.argv[2].split(","), float(sys.argv[3])
from support.clients.outside import Forbidden, Outside
try:
    outside = Outside()
except Forbidden as exc:
    print("forbidden:", exc)
    sys.exit()
import roguebridge.simtree as pr
from roguebridge.core.server.server import PvServer
from support.clients import client_of
PORTS = {"pva": 5076, "ca": 5065}  # of beacons

def serve(root, isolate):
    server = PvServer("T", root, backends=kinds, isolate=isolate)
    server.start()
    clients = [client_of(backend) for backend in server._backends]
    for number, client in enumerate(clients, 1):
        client.put("T:Top:Var", number)
        client.monitor("T:Top:Var").until(lambda value: value == number)
    return server, clients

def end(server, clients):
    for client in clients:
        client.close()
    server.stop()

root = pr.Root(name="Top", pollEn=False)
root.add(pr.LocalVariable(name="Var", value=0))
with root:
    began = time.monotonic()
    loud = serve(root, isolate=False)
    missing = [PORTS[kind] for kind in kinds]
    while missing:
        heard = outside.heard(limit)
        assert heard, f"beacons to {missing} were not heard"
        missing = [port for port in missing if port not in [p for _, _, p in heard]]
    took = time.monotonic() - began
    end(*loud)
    outside.heard()
    quiet = serve(root, isolate=True)
    print("left loopback:", outside.heard(2 * took))
    end(*quiet)
    print("at the end:", outside.heard())
"""
HOSTILE = {
    "EPICS_CAS_INTF_ADDR_LIST": "0.0.0.0",  # noqa: S104
    "EPICS_CAS_BEACON_ADDR_LIST": "192.0.2.255",
    "EPICS_CA_ADDR_LIST": "192.0.2.255",
    "EPICS_PVAS_INTF_ADDR_LIST": "0.0.0.0",  # noqa: S104
    "EPICS_PVAS_BEACON_ADDR_LIST": "192.0.2.255",
    "EPICS_PVA_ADDR_LIST": "192.0.2.255",
}


@pytest.mark.parametrize("kinds", ["pva", "ca", "pva,ca"])
def test_only_what_is_not_isolated_is_heard_outside(kinds):
    tests = Path(support.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", SERVED, tests, kinds, str(LIMIT)],
        env={**os.environ, **HOSTILE}, capture_output=True, text=True, timeout=4 * LIMIT,
    )  # fmt: skip
    if done.stdout.startswith("forbidden:"):
        pytest.skip(f"no network of its own on this system: {done.stdout}")
    assert done.stdout.splitlines() == ["left loopback: []", "at the end: []"], done.stderr
