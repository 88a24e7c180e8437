"""A start with an access security file: not one that cannot be used."""

import pytest
from p4p.client.thread import RemoteError
from support.clients.acf import GATED, OPEN, SHUT, allowed, nodes, until
from support.clients.lab import lab
from support.engine.fakes import bridge_threads
from support.trees import running

from roguebridge.backends.epics import EpicsPvServer
from roguebridge.core import PluginError
from roguebridge.plugins.acf import Acf


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "line 1: the file is empty"),
        ("# nobody\n# may", "line 1: the file is empty"),
        ("ASG(DEFAULT) {\n  RULE(1, WRITE)", "line 2: the file ends here, expected"),
        ('ASG(DEFAULT) {\nRULE(1,WRITE) {CALC("A := 1")}}', r"line 2: CALC\('A := 1'\), column 3"),
        (None, "cannot read the access security file"),
    ],
)
def test_a_server_does_not_start_with_a_file_that_cannot_be_used(tree, file, text, why):
    if text is not None:
        file.write_text(text)
    root = tree.pr.Root(name="Top", pollEn=False)
    server = EpicsPvServer(base="Base", root=root, isolate=True, acf=file)
    with running(root):
        with pytest.raises(PluginError, match=why):
            server.start()
        assert not server.running
        assert bridge_threads() == []
        file.write_text(OPEN)
        server.start()
        server.stop()
        assert bridge_threads() == []


def test_a_node_in_a_group_that_is_not_there_stops_the_start(tree, file):
    file.write_text(OPEN)
    root = tree.pr.Root(name="Top", pollEn=False)
    acf = {"file": file, "assign": [{"asg": "MISSING", "group": "Expert"}]}
    server = EpicsPvServer(base="Base", root=root, isolate=True, acf=acf)
    with (
        running(root),
        pytest.raises(PluginError, match=r"ASG\(MISSING\).*there are \['DEFAULT'\]"),
    ):
        server.start()


def test_each_start_reads_the_file_anew(tree, file):
    file.write_text(SHUT)
    with lab(tree, nodes, acf=str(file)) as site:
        assert not allowed(site, "V")
        site.server.stop()
        file.write_text(GATED % ("Base:Top:Gate", "A=0"))
        site.server.start()
        until(True, lambda: _answered(site))


def _answered(site):
    try:
        return allowed(site, "V")
    except (TimeoutError, RemoteError):  # the client has not noticed the restart
        return False


def test_a_survey_reads_the_file_too(tree, file):
    file.write_text("ASG(")
    root = tree.pr.Root(name="Top", pollEn=False)
    server = EpicsPvServer(base="Base", root=root, isolate=True, acf=file)
    with running(root):
        assert any("line 1: the file ends here" in text for text in server.survey().errors)


def test_one_object_guards_one_server(tree, file):
    file.write_text(OPEN)
    acf = Acf(file)
    with lab(tree, nodes, plugins=[acf]) as site:
        other = EpicsPvServer(base="Other", root=site.root, isolate=True, plugins=[acf])
        with pytest.raises(PluginError, match="guards another server: give each an Acf of its own"):
            other.start()
        assert allowed(site, "V")
    with lab(tree, nodes, plugins=[acf]) as site:
        assert allowed(site, "V")
