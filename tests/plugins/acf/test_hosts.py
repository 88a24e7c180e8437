"""The addresses of hosts: looked up beforehand, again and again, and never on a request."""

import logging
import queue
import threading

import pytest
from support.engine.fakes import WAIT, bridge_threads

from roguebridge.plugins.acf import hosts as hosts_module
from roguebridge.plugins.acf.hosts import Hosts, look_up, numeric


class Names:
    """A resolver of the test's own."""

    def __init__(self, **names):
        self.names = names
        self.asked = queue.SimpleQueue()

    def __call__(self, host):
        self.asked.put(host)
        found = self.names.get(host, OSError("no such name"))
        if isinstance(found, Exception):
            raise found
        return found


def known(names, *wanted, every=3600.0):
    hosts = Hosts(names, every)
    hosts.learn(frozenset(wanted))
    return hosts


@pytest.mark.parametrize(
    ("address", "yes"),
    [
        ("10.0.0.1", True), ("::ffff:10.0.0.1", True), ("10.0.0.2", False), ("10.0.0.10", False),
        ("desk", False), ("", False), ("fe80::1", True), ("fe80::1%eth0", True),
        ("FE80:0:0:0:0:0:0:1", True), ("fe80::2", False),
    ],
)  # fmt: skip
def test_addresses_match_in_any_spelling_and_names_never(address, yes):
    names = Names()
    wanted = frozenset({"10.0.0.1", "fe80::1"})
    hosts = known(names, *wanted)
    assert hosts.is_one_of(address, wanted) is yes
    assert names.asked.empty()


def test_all_addresses_of_a_name_match_and_only_those_of_the_hosts_asked_for():
    hosts = known(Names(desk=["10.0.0.5", "fe80::5"], lab=["10.0.0.6"]), "desk", "lab")
    for address in ("10.0.0.5", "fe80::5"):
        assert hosts.is_one_of(address, frozenset({"desk"}))
        assert not hosts.is_one_of(address, frozenset({"lab"}))
    assert not hosts.is_one_of("10.0.0.6", frozenset({"unknown"}))


def test_a_host_that_moves_is_followed():
    names = Names(desk=["10.0.0.5"])
    hosts = known(names, "desk", every=0.001)
    hosts.start()
    names.names["desk"] = ["10.0.0.6"]
    while names.asked.get(timeout=WAIT) and not hosts.is_one_of("10.0.0.6", frozenset({"desk"})):
        pass
    assert not hosts.is_one_of("10.0.0.5", frozenset({"desk"}))
    hosts.stop()
    assert bridge_threads() == []


@pytest.mark.parametrize(
    "failure", [OSError("no such name"), UnicodeError("label too long"), RuntimeError("odd"), []]
)
def test_a_name_without_address_matches_nobody_and_is_logged_once(failure, caplog):
    names = Names(desk=failure)
    hosts = known(names, "desk")
    hosts.refresh()
    hosts.refresh()
    assert not hosts.is_one_of("10.0.0.5", frozenset({"desk"}))
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "the host desk of an access rule matches no client: " in caplog.text
    names.names["desk"] = ["10.0.0.5"]
    hosts.refresh()
    assert hosts.is_one_of("10.0.0.5", frozenset({"desk"}))
    names.names["desk"] = failure
    hosts.refresh()  # what was known counts no longer
    assert not hosts.is_one_of("10.0.0.5", frozenset({"desk"}))
    assert len(caplog.records) == 2


def test_what_is_no_address_is_not_taken_for_one():
    hosts = known(Names(desk=["desk.lab.org", "10.0.0.5"]), "desk")
    assert hosts.is_one_of("10.0.0.5", frozenset({"desk"}))


def test_a_slow_look_up_holds_nothing_up_and_is_used_when_it_has_ended(monkeypatch):
    monkeypatch.setattr(hosts_module, "_FIRST", 0.01)
    monkeypatch.setattr(hosts_module, "_LAST", 0.01)
    go, done = threading.Event(), threading.Event()

    def slow(host):
        go.wait(WAIT)
        done.set()
        return ["10.0.0.5"]

    hosts = known(slow, "desk")
    desk = frozenset({"desk"})
    assert not hosts.is_one_of("10.0.0.5", desk)
    (first,) = [t for t in threading.enumerate() if t.name == "roguebridge-acf-first"]
    go.set()
    first.join(WAIT)
    assert hosts.is_one_of("10.0.0.5", desk)


def test_an_answer_for_a_forgotten_name_is_dropped(monkeypatch):
    monkeypatch.setattr(hosts_module, "_FIRST", 0.01)
    go = threading.Event()

    def slow(host):
        go.wait(WAIT)
        return ["10.0.0.5"]

    hosts = known(slow, "desk")
    (first,) = [t for t in threading.enumerate() if t.name == "roguebridge-acf-first"]
    hosts.learn(frozenset())
    go.set()
    first.join(WAIT)
    assert not hosts.is_one_of("10.0.0.5", frozenset({"desk"}))


def test_names_that_stay_are_not_looked_up_again_by_a_reload():
    names = Names(desk=["10.0.0.5"], lab=["10.0.0.6"])
    hosts = known(names, "desk")
    hosts.learn(frozenset({"desk", "lab"}))
    assert [names.asked.get_nowait(), names.asked.get_nowait()] == ["desk", "lab"]
    assert names.asked.empty()


def test_a_stop_without_start_and_twice_is_harmless():
    hosts = known(Names())
    hosts.stop()
    hosts.start()
    hosts.stop()
    hosts.stop()
    assert bridge_threads() == []


def test_the_systems_resolver_gives_addresses():
    assert "127.0.0.1" in map(numeric, look_up("localhost"))
    with pytest.raises(OSError, match="Name or service not known|nodename|No address"):
        look_up("nosuch.invalid")
