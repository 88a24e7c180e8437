"""Fixtures for all tests, and a report of the trees they ran on."""

import os
import signal

import pytest
from support.clients.patience import wait_for_subscriptions
from support.trees import TREES, describe
from support.trees import running as running_root

wait_for_subscriptions()

# A shell that runs the tests in the background has children ignore Ctrl-C, and nohup has them
# ignore SIGHUP. Python says of a library that it does not like its source, each time if it may
# not write what it has compiled.
for number, normal in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGHUP, signal.SIG_DFL),
):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, normal)
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_report_header(config):
    return describe()


def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line(describe())


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable():
    """Have a worker send lone surrogates, in texts of tests and of their logs, as escapes."""
    return sendable((yield))


def sendable(data):
    match data:
        case str():
            return data.encode("utf-8", "backslashreplace").decode()
        case dict():
            return {sendable(key): sendable(value) for key, value in data.items()}
        case list() | tuple():
            return type(data)(map(sendable, data))
    return data


@pytest.fixture(scope="session", params=TREES, ids=str)
def tree(request):
    """Each implementation of the tree."""
    return request.param


@pytest.fixture
def running():
    """The context manager that starts a root and is sure to stop it."""
    return running_root
