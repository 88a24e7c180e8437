"""A client whose account is not UTF-8 can put, and is shown escaped."""

from contextlib import closing
from fnmatch import fnmatch

import pytest
from support.clients import LIMIT
from support.clients.caclient import CaClient, Failed
from support.clients.rawpva import RawPva
from support.engine.audit import Sink, lines
from support.engine.site_plugins import Guard

from roguebridge.backends.epics import EpicsPvServer
from roguebridge.core.mapping import Select
from roguebridge.core.requests import ALLOW, Deny


def test_a_client_whose_account_is_not_utf_8_puts_and_is_audited(tree, running):
    sink = Sink()
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.LocalVariable(name="Var", value=1.0))
    with running(root):
        server = EpicsPvServer(base="T", root=root, isolate=True, plugins=[sink])
        server.start()
        try:
            with closing(RawPva(server.client_conf(), b"b\xff\xe9d")) as client:
                assert client.put("T:Top:Var", 2.5) == 0xFF
            assert root.Var.value() == 2.5
            record = sink.next()
            assert record.credentials.user == r"b\xff\xe9d"
            assert not record.credentials.is_user({r"b\xff\xe9d"})
        finally:
            server.stop()


RULES = {
    "equal": lambda user: user == r"a\x01",
    "in a set": lambda user: user in {r"a\x01"},
    "in a list": lambda user: user in [r"a\x01"],
    "a pattern": lambda user: fnmatch(user, r"a\x01"),
    "in lower case": lambda user: user.lower() == r"a\x01",
    "of its begin": lambda user: user.startswith(r"a\x01"),
}


@pytest.mark.parametrize("protocol", ["pva", "ca"])
def test_a_name_that_is_escaped_equals_no_name_of_a_policy(tree, running, tmp_path, protocol):
    root = tree.pr.Root(name="Top", pollEn=False)
    for number in range(len(RULES)):
        root.add(tree.pr.LocalVariable(name=f"Var{number}", value=1.0))

    def decide(request):
        matches = list(RULES.values())[int(request.entry.path.removeprefix("Top.Var"))]
        user = request.credentials.user
        return ALLOW if matches(user) else Deny(f"not for {user}")

    file = tmp_path / "audit.json"
    names = [f"T:Top:Var{number}" for number in range(len(RULES))]
    with running(root):
        server = EpicsPvServer(
            base="T", root=root, isolate=True, backends=[protocol], audit=file,
            plugins=[Guard(decide, quick=True, select=Select(path="Top.Var*"))],
        )  # fmt: skip
        server.start()
        try:
            if protocol == "pva":
                for name in names:
                    with closing(RawPva(server.client_conf(), b"a\x01")) as client:
                        assert client.put(name, 2.5) not in (0xFF, 1)
            else:
                with closing(CaClient(server.client_conf(), "a\x01")) as client:
                    for name in names:
                        with pytest.raises(Failed):
                            client.write(name, 2.5).result(LIMIT)
        finally:
            server.stop()
        assert {root.node(name.rpartition(":")[2]).value() for name in names} == {1.0}
    found = lines(file)
    assert [line["user"] for line in found] == [r"a\x01"] * len(RULES)
    assert {line["error"] for line in found} == {r"not for a\x01"}
