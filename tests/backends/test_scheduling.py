"""The server's thread waits for its turn; everybody else is scheduled as before."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(
    not hasattr(os, "SCHED_BATCH"), reason="this system has no class for batch work"
)

_SERVE = """
import os
import roguebridge.simtree as pr
from roguebridge.backends.epics import EpicsPvServer
from p4p.client.thread import Context

root = pr.Root(name="Top")
root.add(pr.LocalVariable(name="V", value=1.0))
server = EpicsPvServer("B", root, isolate=True)
root.addProtocol(server)
with root:
    with Context("pva", conf=server.client_conf(), useenv=False) as client:
        client.put("B:Top:V", 2.0, timeout=30)
        for task in os.listdir("/proc/self/task"):
            name = open(f"/proc/self/task/{task}/comm").read().strip()
            print(name, os.sched_getscheduler(int(task)))
"""


def classes(setting=""):
    """Return the scheduling classes of a serving process: by thread name, with repetitions."""
    done = subprocess.run(
        [sys.executable, "-c", setting + _SERVE], capture_output=True, text=True, check=True
    )
    return [tuple(line.rsplit(" ", 1)) for line in done.stdout.splitlines() if " " in line]


def test_the_servers_thread_takes_the_processor_from_nobody():
    found = classes()
    servers = {scheduling for name, scheduling in found if name == "PVXTCP"}
    # a worker is begun on it, and bears its name
    assert servers == {str(os.SCHED_BATCH), str(os.SCHED_OTHER)}


def test_a_process_of_another_class_keeps_it():
    setting = "import os; os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))\n"
    found = classes(setting)
    assert str(os.SCHED_BATCH) not in {scheduling for _, scheduling in found}
