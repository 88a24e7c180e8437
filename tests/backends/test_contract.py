"""The backends of Roguebridge keep the contract."""

from support.clients import client_of
from support.clients.bench import KINDS

from roguebridge.testing import BackendContract


class OurContract(BackendContract):
    def make_backend(self, options):
        return KINDS[self.kind](options)

    def make_client(self, backend):
        return client_of(backend)


class TestSoft(OurContract):
    kind = "soft"


class TestPva(OurContract):
    kind = "pva"


class TestCa(OurContract):
    kind = "ca"


class TestWeb(OurContract):
    kind = "web"


def test_every_backend_of_ours_is_tried():
    assert {one.kind for one in OurContract.__subclasses__()} == set(KINDS)
