"""Records, what was written of them, and sinks that do what a test says."""

import json
import queue
import threading
from pathlib import Path

import pytest

from roguebridge.backends.soft import RemoteError
from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.requests.credentials import Credentials
from roguebridge.core.requests.request import RequestRecord
from support.engine.fakes import ENTRY, WAIT


def make_record(value=1, result="done", error="", **more):
    """Give the record of a put."""
    who = more.pop("who", None) or Credentials("ann", "10.0.0.1", "test")
    operation = more.pop("operation", "put")
    time_ns = more.pop("time_ns", 1_700_000_000_123_456_789)
    entry = more.pop("entry", ENTRY)
    return RequestRecord(entry, operation, who, value, result, error, time_ns, **more)


def what(record):
    """Give what was asked and what became of it."""
    return record.operation, record.value, record.old, record.result, record.error


def refused(ask):
    """Ask for what is refused, and give the words."""
    with pytest.raises(RemoteError) as caught:
        ask()
    return str(caught.value)


def lines(file):
    """Read the lines of an audit file, all of which are whole."""
    text = Path(file).read_text(encoding="utf-8")
    assert text == "" or text.endswith("\n")
    return [json.loads(line) for line in text.split("\n")[:-1]]


def news(file):
    """Give the values put of an audit file."""
    return [line["new"] for line in lines(file)]


class Sink:
    """Takes records; holds the thread while ``gate`` is closed."""

    def __init__(self, open=True):
        self.taken = queue.SimpleQueue()
        self.entered = threading.Event()
        self.gate = threading.Event()
        if open:
            self.gate.set()

    @hookimpl
    def request_done(self, record):
        self.entered.set()
        assert self.gate.wait(WAIT)
        self.taken.put(record)

    def next(self):
        return self.taken.get(timeout=WAIT)


class RaisingSink(Sink):
    """Raises what the records' values are, if they are exceptions."""

    @hookimpl
    def request_done(self, record):
        self.taken.put(record)
        if isinstance(record.value, BaseException):
            raise record.value
