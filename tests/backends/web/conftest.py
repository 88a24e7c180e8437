"""A tree served over the web, its clients, and a backend alone."""

import contextlib

import numpy as np
import pytest
from support.clients import client_of
from support.clients.bench import KINDS, Site
from support.clients.web_adapter import TOKEN, WEB
from support.clients.webclient import WebClient

from roguebridge.testing import BackendBench


def nodes(pr, root):
    """A variable of each kind that clients see differently, and commands."""
    root.add(pr.LocalVariable(
        name="Float", description="a voltage", value=1.5, units="V", disp="{:1.3f}", minimum=0.0,
        maximum=10.0, lowAlarm=1.0, lowWarning=1.25, highWarning=8.0, highAlarm=9.0,
    ))  # fmt: skip
    root.add(pr.LocalVariable(name="Int", value=7, minimum=0, maximum=100))
    root.add(pr.LocalVariable(name="Big", value=2**53 + 1))
    root.add(pr.LocalVariable(name="Text", value="größer", groups=["Words"]))
    root.add(pr.LocalVariable(name="Bool", value=True))
    root.add(pr.LocalVariable(name="Enum", value=1, enum={0: "Off", 1: "On", 2: "Auto"}))
    root.add(pr.LocalVariable(name="Fixed", value=3, mode="RO"))
    root.add(pr.LocalVariable(name="Wave", value=np.array([0.5, -1.0, np.nan])))
    root.add(pr.LocalVariable(name="Shorts", value=np.array([1, -2, 3], np.int16)))
    root.add(pr.LocalVariable(name="Words", value=np.array([1, 65_535], np.uint16)))
    root.add(pr.LocalVariable(name="Image", value=np.arange(6, dtype=np.uint16).reshape(2, 3)))
    root.add(pr.LocalCommand(name="Double", value=0, function=lambda arg: 2 * arg))
    root.add(pr.LocalCommand(name="Fail", function=fail))
    device = pr.Device(name="Dev")
    device.add(pr.LocalVariable(name="Inner", value=0, description="deep inside"))
    root.add(device)


def fail():
    raise ValueError("the pump is off")


@pytest.fixture
def kind():
    return "web"


@pytest.fixture
def served(tree, running):
    """Serves the nodes: ``served(**options)``; ``web`` are options of the backend."""
    with contextlib.ExitStack() as stack:

        def make(build=nodes, web=(), **options):
            root = tree.pr.Root(name="Top", pollEn=False)
            build(tree.pr, root)
            stack.enter_context(running(root))
            made = Served(root, web={**WEB, **dict(web)}, **options)
            stack.callback(made.close)
            return made

        yield make


class Served(Site):
    """A site with clients of the web."""

    def __init__(self, root, **options):
        super().__init__("web", root, **options)
        self.opened = []
        self.server.start()
        self.url = self.server.client_conf("web")["ROGUEBRIDGE_WEB_URL"]

    def client(self, token=TOKEN, **headers):
        self.opened.append(WebClient(self.url, token, **headers))
        return self.opened[-1]

    def close(self):
        for client in self.opened:
            client.close()
        super().close()


@pytest.fixture
def bench():
    """The backend alone."""
    made = BackendBench(KINDS["web"], client_of)
    yield made
    made.close()
