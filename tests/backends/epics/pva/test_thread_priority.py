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
import sys

import numpy as np
import roguebridge.simtree as pr
from roguebridge.backends.epics import EpicsPvServer
from p4p.client.thread import Context

root = pr.Root(name="Top")
root.add(pr.LocalVariable(name="V", value=1.0))
root.add(pr.LocalVariable(name="A", value=np.zeros(100_000)))
server = EpicsPvServer("B", root, isolate=True)
root.addProtocol(server)
with root:
    with Context("pva", conf=server.client_conf(), useenv=False) as client:
        client.put("B:Top:V", 2.0, timeout=30)
        client.get("B:Top:A", timeout=30)
        with client.monitor("B:Top:A", print), client.monitor("B:Top:V", print):
            for name in sys.argv[1:]:  # in its turn
                root.node(name).set(root.node(name).value() + 1.0)
                root.waitOnUpdate()
        for task in os.listdir("/proc/self/task"):
            name = open(f"/proc/self/task/{task}/comm").read().strip()
            print(name, os.sched_getscheduler(int(task)))
"""


def classes(*updates, setting=""):
    """Return the scheduling classes of a serving process: by thread name, with repetitions.

    :param updates: names of the variables that are updated before
    """
    done = subprocess.run(
        [sys.executable, "-c", setting + _SERVE, *updates],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [tuple(line.rsplit(" ", 1)) for line in done.stdout.splitlines() if " " in line]


def test_the_servers_thread_takes_the_processor_from_nobody():
    found = classes()
    servers = {scheduling for name, scheduling in found if name == "PVXTCP"}
    # a worker is begun on it, and bears its name
    assert servers == {str(os.SCHED_BATCH), str(os.SCHED_OTHER)}


def test_it_sends_large_arrays_at_once_and_then_waits_again():
    batch = str(os.SCHED_BATCH)
    for updates, waits in ((["V"], True), (["V", "A"], False), (["A", "V"], True)):
        servers = {scheduling for name, scheduling in classes(*updates) if name == "PVXTCP"}
        assert (batch in servers) is waits, updates


def test_a_process_of_another_class_keeps_it():
    setting = "import os; os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))\n"
    found = classes(setting=setting)
    assert str(os.SCHED_BATCH) not in {scheduling for _, scheduling in found}


def test_where_there_is_no_such_class_all_values_are_shown():
    setting = "import os; del os.SCHED_BATCH, os.sched_setscheduler\n"
    done = subprocess.run(
        [sys.executable, "-c", setting + _SERVE.partition("        for task in")[0] + _SHOW],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "5.0 0"


_SHOW = """
        root.A.set(np.ones(100_000))
        root.V.set(5.0)
        root.waitOnUpdate()
        value = client.get("B:Top:V", timeout=30)
        print(float(value), value.severity)
"""
