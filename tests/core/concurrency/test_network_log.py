"""What is logged on a network thread is handed over by a worker, and bounded."""

import logging
import threading
from types import SimpleNamespace

import pytest
from support.clients import LIMIT, wait_until

from roguebridge.core.concurrency import network_log
from roguebridge.core.concurrency.network_log import (
    NetworkLog,
    is_network_thread,
    no_network_thread,
    problems,
)


def on_network_thread(call):
    def run():
        is_network_thread()
        try:
            call()
        finally:
            no_network_thread()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(LIMIT)
    assert not thread.is_alive()


@pytest.fixture(autouse=True)
def anew():
    network_log.start_anew()
    yield
    network_log.start_anew()


def test_a_handler_that_hangs_holds_no_network_thread():
    gate, seen = threading.Event(), []

    class Hang(logging.Handler):
        def emit(self, record):
            seen.append((record.getMessage(), threading.get_ident()))
            assert gate.wait(LIMIT)

    logger = logging.getLogger("roguebridge.test_hanging")
    logger.addHandler(handler := Hang())
    here = []

    def log():
        here.append(threading.get_ident())
        NetworkLog(logger).warning("what of %s", "it")

    try:
        on_network_thread(log)
        wait_until(lambda: seen)
        assert seen[0][0] == "what of it"
        assert seen[0][1] != here[0]
    finally:
        gate.set()
        logger.removeHandler(handler)


def test_what_one_kind_says_is_bounded(caplog):
    log = NetworkLog(logging.getLogger("roguebridge.test_bounded"))
    on_network_thread(lambda: [log.warning("bad packet of %s", n) for n in range(10_000)])
    on_network_thread(lambda: log.warning("the end"))
    wait_until(lambda: "the end" in caplog.text)
    assert 0 < caplog.text.count("bad packet") < 100


def test_one_client_takes_no_record_of_another_and_what_is_left_out_is_counted(caplog):
    log = NetworkLog(logging.getLogger("roguebridge.test_clients"))

    def of(host, number):
        log.warning("%s has sent nonsense %s", host, number, extra={"client": host})

    def run():
        for number in range(10_000):
            of("10.0.0.66", number)
        of("10.0.0.7", 1)

    on_network_thread(run)
    wait_until(lambda: "more records were not logged, about the client 10.0.0.66" in caplog.text)
    assert "10.0.0.7 has sent nonsense 1" in caplog.text
    shown = caplog.text.count("10.0.0.66 has sent")
    assert 0 < shown < 100
    left_out = 10_000 - shown
    assert problems() == [
        f"{left_out} log records were left out since the start, most of them ({left_out}) "
        "about the client 10.0.0.66"
    ]
    network_log.start_anew()
    assert problems() == []


def test_a_client_has_only_a_share_of_those_that_wait(monkeypatch):
    now, gate, entered, seen = [0.0], threading.Event(), threading.Event(), []
    monkeypatch.setattr(network_log, "time", SimpleNamespace(monotonic=lambda: now[0]))

    class Hang(logging.Handler):
        def emit(self, record):
            entered.set()
            assert gate.wait(LIMIT)
            seen.append(record.getMessage())

    logger = logging.getLogger("roguebridge.test_share")
    logger.addHandler(handler := Hang())
    log = NetworkLog(logger)

    def run():
        for number in range(5000):
            log.warning("evil %s", number, extra={"client": "10.0.0.66"})
            now[0] += 1.0
        log.warning("good", extra={"client": "10.0.0.7"})

    try:
        on_network_thread(run)
        assert entered.wait(LIMIT)
        gate.set()
        wait_until(lambda: "good" in seen)
        assert sum("evil" in one for one in seen) < 100
    finally:
        gate.set()
        logger.removeHandler(handler)


def test_elsewhere_it_is_logged_at_once(caplog):
    NetworkLog(logging.getLogger("roguebridge.test_elsewhere")).error("no")
    assert "no" in caplog.text


def test_what_cannot_be_shown_raises_nothing_on_a_network_thread(caplog):
    class Mute:
        def __repr__(self):
            raise ValueError

    log = NetworkLog(logging.getLogger("roguebridge.test_mute"))
    on_network_thread(lambda: log.error("of %r", Mute()))
    wait_until(lambda: "of %r (an argument cannot be shown: ValueError)" in caplog.text)
