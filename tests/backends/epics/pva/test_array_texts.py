"""Arrays over PVAccess: clients get them although no text of them is made."""

import numpy as np
from support.clients.lab import lab
from support.trees.arrays import count_texts, replaced

from roguebridge.backends.epics import EpicsPvServer


def build(pr, root, device):
    device.add(pr.LocalVariable(name="Wave", value=np.zeros(3)))
    device.add(pr.LocalVariable(name="Image", value=np.zeros((2, 3), np.uint16)))
    device.add(pr.LinkVariable(name="Link", variable=device.Wave))
    device.add(
        pr.RemoteVariable(
            name="Register", offset=0, base=pr.UInt, numValues=3, valueBits=32, valueStride=32
        )
    )


NAMES = ("Dev.Wave", "Dev.Image", "Dev.Link", "Dev.Register")


def test_monitors_puts_and_gets_make_no_text(tree):
    with lab(tree, build) as served:
        texts = {name: count_texts(served.node(name)) for name in NAMES}
        monitors = {name: served.monitor(name) for name in NAMES}
        for name in NAMES:
            monitors[name].next()
        served.put("Dev.Wave", [1.0, 2.0, 3.0], wait=True)
        served.put("Dev.Register", [1, 2, 3], wait=True)
        served.node("Dev.Image").set(np.full((2, 3), 7, np.uint16))
        served.root.waitOnUpdate()
        for name, last in zip(NAMES, (3, 7, 3, 3), strict=True):
            monitors[name].until(lambda told, last=last: _flat(told)[-1] == last)
            assert _flat(served.get(name))[-1] == last
            monitors[name].close()
        assert texts == {name: [] for name in NAMES}


def _flat(told):
    return np.asarray(getattr(told, "raw", told)["value"]).reshape(-1)


def test_two_servers_of_one_root_and_what_they_leave(tree):
    with lab(tree, build) as served:
        texts = count_texts(served.node("Dev.Wave"))
        other = EpicsPvServer(base="Other", root=served.root, isolate=True)
        other.start()
        other.stop()
        updates = served.monitor("Dev.Wave")
        updates.next()
        served.node("Dev.Wave").set(np.arange(3.0))
        updates.until(lambda told: _flat(told)[-1] == 2)
        updates.close()
        assert texts == []
        assert replaced(served.root) == [f"Top.{name}" for name in NAMES]
        served.server.stop()
        assert replaced(served.root) == []
        served.node("Dev.Wave").set(np.arange(3.0))
        served.root.waitOnUpdate()
        assert len(texts) == 1
        served.server.start()
        assert replaced(served.root) == [f"Top.{name}" for name in NAMES]
