"""What is logged on a network thread is handed over by a worker, and bounded."""

import logging
import threading

from support.clients import LIMIT, wait_until

from roguebridge.core.concurrency.network_log import (
    NetworkLog,
    is_network_thread,
    no_network_thread,
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
