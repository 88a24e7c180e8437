"""A client whose account is not UTF-8 can put, and is shown escaped."""

from contextlib import closing

from support.audit import Sink
from support.rawpva import RawPva

from roguebridge.backends.epics import EpicsPvServer


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
