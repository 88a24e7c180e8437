"""A small tree under an access security file, and what its client may do."""

import getpass
import time

from p4p.client.thread import RemoteError
from p4p.nt import NTURI

from support.clients.served import LIMIT

RELOAD = "Base:RB:AcfReload"
USER = getpass.getuser()
OPEN = "ASG(DEFAULT) {RULE(1,WRITE)}"
SHUT = "ASG(DEFAULT) {RULE(1,READ)}"
GATED = 'ASG(DEFAULT) {RULE(1,WRITE)} ASG(GATED) {INPA("%s") RULE(1,WRITE){CALC("%s")}}'
V_IS_GATED = [{"asg": "GATED", "path": "Top.V"}]


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
