"""The log of refused and failed requests: few records of one client, and all of them counted."""

import logging
import re
import threading

import pytest
from support.clients import wait_until
from support.engine.fakes import FakeClock
from support.engine.site_plugins import Guard, Opened

from roguebridge.backends.soft import RemoteError
from roguebridge.core.mapping.select import Select
from roguebridge.core.requests.policy import ALLOW, Deny

PVS = 200


@pytest.fixture
def site(serve, tree, caplog):
    caplog.set_level(logging.WARNING, "roguebridge.server")

    def decide(request):
        return ALLOW if request.credentials.user == "boss" else Deny("you are not the boss")

    nodes = [tree.pr.LocalVariable(name=f"V{number}", value=1) for number in range(PVS)]
    site = serve(
        *nodes, clock=FakeClock(), plugins=[Guard(decide, quick=True, select=Select(path="Top.V*"))]
    )
    site.log = lambda: [r.getMessage() for r in caplog.records if "put denied" in r.getMessage()]
    return site


def refused(client, *numbers):
    futures = [client.start_put(f"B:Top:V{number}", 2) for number in numbers]
    for future in futures:
        with pytest.raises(RemoteError, match="not the boss"):
            future.result(30)


def test_one_client_fills_no_log_and_takes_no_record_of_another(site):
    evil, good = site.client("evil", "10.0.0.66"), site.client("good", "10.0.0.7")
    refused(evil, *range(PVS))
    refused(good, 0, 1)
    wait_until(lambda: len(site.log()) >= 22)
    assert len(site.log()) == 22
    site.server._clock.advance(1)
    wait_until(lambda: len(site.log()) >= 23)
    counted = re.search(r"\((\d+) of 10\.0\.0\.66\)$", site.log()[-1])
    assert int(counted[1]) == PVS - 20


def test_one_pv_is_logged_once_a_minute_for_each_host(site):
    one, other = site.client("ann", "10.0.0.1"), site.client("bob", "10.0.0.2")
    for _ in range(3):
        refused(one, 0)
        refused(other, 0)
    wait_until(lambda: len(site.log()) == 2)
    site.server._clock.advance(61)
    refused(one, 0)
    wait_until(lambda: len(site.log()) == 3)


def test_what_was_only_counted_is_logged_when_the_server_stops(site):
    refused(site.client("evil", "10.0.0.66"), *range(PVS))
    site.server.stop()
    assert site.log()[-1].endswith(f"({PVS - 20} of 10.0.0.66)")


def test_a_log_handler_that_hangs_holds_up_no_hook_and_no_answer(serve, tree, inbox):
    entered, gate = threading.Event(), threading.Event()

    class Hang(logging.Handler):
        def emit(self, record):
            entered.set()
            gate.wait(30)

    logger = logging.getLogger("roguebridge.server")
    site = serve(
        tree.pr.LocalVariable(name="V", value=1),
        tree.pr.LocalVariable(name="W", value=1),
        plugins=[Opened(inbox), Guard(lambda request: Deny("not the boss"), quick=True)],
    )
    client = site.client()
    logger.addHandler(handler := Hang())
    try:
        refused(client, "")
        assert entered.wait(30)
        client.get("B:Top:W")
        while inbox.next()[0] != "Top.W":
            pass
    finally:
        gate.set()
        logger.removeHandler(handler)
