"""The arguments of a server, and what it does before its start: nothing."""

import pytest
from support.engine.fakes import bridge_threads
from support.trees.stopped import StoppedRoot

from roguebridge.core.errors import BackendError, PluginError
from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.server.server import PvServer

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"base": None}, "base must be a str"),
        ({"base": 5}, "base must be a str"),
        ({"pvMap": 5}, "pvMap must be a dict"),
        ({"pvMap": ["Top.A"]}, "pvMap must be a dict"),
        ({"incGroups": 5}, "incGroups must be"),
        ({"excGroups": [1]}, "excGroups must be"),
        ({"backends": "soft"}, "backends and plugins must be lists"),
        ({"plugins": "site"}, "backends and plugins must be lists"),
    ],
)
def test_an_argument_of_the_wrong_type_is_a_type_error(arguments, words):
    given = {"base": "B", "root": StoppedRoot(), "backends": ["soft"]} | arguments
    with pytest.raises(TypeError, match=words):
        PvServer(**given)


def test_an_unknown_backend_is_named_with_those_there_are():
    with pytest.raises(BackendError, match=r"unknown backend 'nope'; there are \[.*'soft'.*\]"):
        PvServer("B", StoppedRoot(), backends=["nope"])


def test_an_unknown_backend_error_tells_of_broken_plugins():
    with pytest.raises(BackendError, match="no.such.plugin"):
        PvServer("B", StoppedRoot(), backends=["nope"], plugins=["no.such.plugin"])


def test_no_backend_at_all_is_an_error():
    with pytest.raises(BackendError, match="no backend given"):
        PvServer("B", StoppedRoot(), backends=[])


def test_a_broken_plugin_raises_when_strict():
    with pytest.raises(PluginError, match="no.such.plugin"):
        PvServer("B", StoppedRoot(), backends=["soft"], plugins=["no.such.plugin"], strict=True)


def test_building_a_server_starts_no_thread_and_touches_no_tree():
    server = PvServer("B", StoppedRoot(), backends=["soft"])
    assert bridge_threads() == []
    assert (server.running, server.list(), dict(server.holders)) == (False, {}, {})
    assert server.base == "B"
    assert server.root.name == "Top"


@pytest.mark.parametrize("made", [None, object()])
def test_a_factory_that_makes_no_backend_is_named(tree, made):
    class Site:
        @hookimpl
        def register_backends(self):
            return {"mine": lambda options: made}

    root = tree.pr.Root(name="Top", pollEn=False)
    with pytest.raises(BackendError, match="the factory of the backend 'mine' made"):
        PvServer("B", root, backends=["mine"], plugins=[Site()])
