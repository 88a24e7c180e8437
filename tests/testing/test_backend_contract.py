"""The contract of backends, as those run it who write one."""

import subprocess
import sys

import pytest
from support.each import each

from roguebridge import testing

# A backend that is wrong in some ways, with the client of one that is right.
BROKEN = """
import roguebridge.testing.owner
from roguebridge.backends.soft import SoftBackend
from roguebridge.core.backend.client_channel import CachedPv
from roguebridge.testing import BackendClient, BackendContract, Watch, in_thread

roguebridge.testing.owner.LIMIT = 1.0
Watch.next.__defaults__ = (1.0,)


class Client(BackendClient):
    protocol, user = "soft", "me"

    def __init__(self, backend):
        self.client = backend.client(user=self.user)

    def start_get(self, pv_name):
        return in_thread(lambda: self.client.get(pv_name, 1))

    def start_put(self, pv_name, value, block=True, marked=True):
        return self.client.start_put(pv_name, value, block=block, marked=marked)

    def start_rpc(self, pv_name, **arguments):
        return self.client.start_rpc(pv_name, **arguments)

    def monitor(self, pv_name):
        watch = Watch()
        watch.close = self.client.monitor(pv_name, watch.push).close
        return watch

    def close(self):
        self.client.close()


class Pv(CachedPv):
    def post(self, reading):
        if self.spec.kind.name == "ENUM":  # forgets its updates
            return
        super().post(reading)

    def disconnect(self, channel):  # never says that clients have gone
        self.channels.discard(channel)


class Broken(SoftBackend):
    def make_pv(self, entry, owner):
        return Pv(entry, owner, self.loop.post)


class TestBroken(BackendContract):
    make_backend = staticmethod(Broken)
    make_client = staticmethod(Client)


class TestHalf(BackendContract):
    def make_backend(self, options):
        return Broken(options)
"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """What pytest prints of some cases."""
    folder = tmp_path_factory.mktemp("broken")
    (folder / "test_broken.py").write_text(BROKEN)
    cases = "values_travel or when_its_last_client_leaves or two_pvs"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", cases]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100).stdout


@each(
    "text",
    [
        "FAILED test_broken.py::TestBroken::test_values_travel[enum]",
        "AssertionError: the monitor got no reading within 1 s",
        "FAILED test_broken.py::TestBroken::test_when_its_last_client_leaves_the_pv_closes",
        "AssertionError: the backend has not called clients_gone of PV 'pv' within 1 s",
        "NotImplementedError: TestHalf needs make_client(backend)",
        "test_broken.py::TestHalf::test_two_pvs_do_not_mix",
    ],
)
def test_a_failure_names_the_backend_the_case_and_what_was_missed(shown, text):
    assert text in shown, shown


def test_every_name_of_the_face_is_there():
    assert [name for name in testing.__all__ if not hasattr(testing, name)] == []


def test_without_pytest_it_names_the_extra_and_all_else_works():
    code = "import sys; sys.modules['pytest'] = None; import roguebridge.core.cli; "
    code += "import roguebridge.backends.epics, roguebridge.plugins.recipes; print('fine'); "
    code += "import roguebridge.testing"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "fine\n"
    hint = "ImportError: roguebridge.testing needs pytest: python -m pip install"
    assert done.stderr.splitlines()[-1] == f"{hint} 'roguebridge[testing]'"
