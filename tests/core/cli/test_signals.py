"""Signals that ask to stop, whatever a tree, a terminal or another process makes of them."""

import os
import queue
import signal
import subprocess
import threading

import pytest
from support.clients import wait_until
from support.trees import LIMIT

from roguebridge.core.cli import signals
from roguebridge.core.cli.hangups import Hangups
from roguebridge.core.cli.signals import Ended, StopSignals

SERVE = ("--base", "X", "--isolate")


# Inside one process -----------------------------------------------------------------------


@pytest.fixture
def forced(monkeypatch):
    """The statuses with which a process would have been ended by force."""
    statuses = queue.Queue()
    monkeypatch.setattr(os, "_exit", statuses.put)
    return statuses


def kill(number):
    os.kill(os.getpid(), number)


@pytest.fixture
def settled(monkeypatch):
    """What the first signal waits for, before those that came with it are dropped."""
    event = threading.Event()
    monkeypatch.setattr(signals, "_settle", lambda: event.wait(LIMIT))
    return event


def test_a_signal_that_comes_twice_at_once_is_one(settled, forced):
    told = queue.Queue()
    with StopSignals(lambda: told.put("told")) as stop:
        kill(signal.SIGTERM)
        kill(signal.SIGTERM)
        settled.set()
        stop.wait()
    assert told.get(timeout=LIMIT) == "told"
    assert told.empty()
    assert forced.empty()


def test_a_later_one_forces_the_end_but_not_a_terminal_that_hangs_up_again(settled, forced):
    settled.set()
    with StopSignals(lambda: None) as stop:
        kill(signal.SIGHUP)
        stop.wait()
        kill(signal.SIGHUP)
        kill(signal.SIGINT)
        assert forced.get(timeout=LIMIT) == 128 + signal.SIGINT
    assert forced.empty()


def test_a_wait_has_no_end_but_a_signal(settled, forced):
    settled.set()
    with StopSignals(lambda: None) as stop:
        wait = stop._requested.wait

        def run_out(seconds):
            stop._requested.wait = wait
            kill(signal.SIGTERM)
            return False

        stop._requested.wait = run_out
        stop.wait()
        assert stop.requested
    assert forced.empty()


def test_the_end_is_raised_once(settled, forced):
    with StopSignals():
        with pytest.raises(Ended) as ended:
            kill(signal.SIGTERM)
        assert ended.value.exit_code == 128 + signal.SIGTERM
        kill(signal.SIGTERM)  # the tree is being stopped, and goes on with it
        settled.set()
    assert forced.empty()


def test_a_hang_up_that_is_ignored_stays_ignored(forced):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with StopSignals(lambda: None) as stop:
            kill(signal.SIGHUP)
            assert not stop.requested
            kill(signal.SIGTERM)
            stop.wait()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
    assert forced.empty()


def test_a_hang_up_may_mean_something_else_until_another_signal_asks_to_stop(settled, forced):
    settled.set()
    heard = queue.Queue()
    with StopSignals(lambda: None) as stop:
        stop.on_hangup = lambda: heard.put("heard")
        for _ in range(2):
            kill(signal.SIGHUP)
            assert heard.get(timeout=LIMIT) == "heard"
        assert not stop.requested
        kill(signal.SIGTERM)
        stop.wait()
        kill(signal.SIGHUP)
        kill(signal.SIGINT)
        assert forced.get(timeout=LIMIT) == 128 + signal.SIGINT
    assert heard.empty()


def test_a_burst_of_hang_ups_is_one_call(settled, forced):
    settled.set()
    heard = queue.Queue()
    with StopSignals(lambda: None) as stop:
        stop.on_hangup = lambda: heard.put("heard")
        for _ in range(100):
            kill(signal.SIGHUP)
        assert heard.get(timeout=LIMIT) == "heard"
        kill(signal.SIGTERM)
        stop.wait()
    assert heard.empty()
    assert forced.empty()


def test_hang_ups_during_a_call_are_one_more_call():
    hangups, calls, inside, gate = Hangups(), [], threading.Event(), threading.Event()
    ended = threading.Event()

    def call():
        calls.append(threading.current_thread().name)
        inside.set()
        assert gate.wait(LIMIT)
        if len(calls) == 2:
            ended.set()

    hangups.ask(call)
    assert inside.wait(LIMIT)
    for _ in range(10):
        hangups.ask(call)
    gate.set()
    assert ended.wait(LIMIT)
    wait_until(lambda: not hangups._running)
    assert calls == ["roguebridge-hangups"] * 2


def test_a_hang_up_before_the_stop_is_not_answered_after_it():
    hangups, calls = Hangups(), []
    hangups.end()
    hangups.ask(lambda: calls.append("called"))
    wait_until(lambda: not any(t.name == "roguebridge-hangups" for t in threading.enumerate()))
    assert not calls


def test_afterwards_everything_is_as_before():
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    with StopSignals(lambda: None):
        assert [signal.getsignal(number) for number in numbers] != before
    assert [signal.getsignal(number) for number in numbers] == before
    assert signal.set_wakeup_fd(-1) == -1


# Trees that meddle with signals -----------------------------------------------------------

MEDDLING = """
import os
import signal
import sys
from my_tree import MyRoot

NUMBERS = (signal.SIGINT, signal.SIGTERM)

def meddling(handler):
    for number in NUMBERS:
        signal.signal(number, handler)
    return MyRoot()

def ignoring():
    return meddling(signal.SIG_IGN)

def default():
    return meddling(signal.SIG_DFL)

def interrupting():
    return meddling(signal.default_int_handler)

def leaving():
    return meddling(lambda number, frame: sys.exit(3))

def deaf():
    signal.set_wakeup_fd(-1)
    return MyRoot()

class InStart(MyRoot):
    def start(self):
        super().start()
        meddling(signal.SIG_DFL)
"""


@pytest.mark.parametrize(
    "root", ["ignoring", "default", "interrupting", "leaving", "deaf", "InStart"]
)
def test_a_tree_that_takes_the_signals_is_stopped_all_the_same(shell, root):
    shell.write("meddling.py", MEDDLING)
    with shell.start("serve", f"meddling.py:{root}", *SERVE) as process:
        process.until("Serving")
        process.signal(signal.SIGTERM)
        assert process.end() == 0, process.errors
        assert process.lines[-1] == "Stopped."


CHILDREN = """
import multiprocessing
import time
from my_tree import MyRoot

def child(pipe):
    pipe.send('up')
    time.sleep(1000)

class Children(MyRoot):
    def start(self):
        super().start()
        context = multiprocessing.get_context(self.how)
        here, there = context.Pipe()
        process = context.Process(target=child, args=(there,))
        process.start()
        here.recv()
        process.terminate()
        process.join()
        print('child', process.exitcode, flush=True)

class Forking(Children):
    how = 'fork'

class Spawning(Children):
    how = 'spawn'
"""


@pytest.mark.parametrize("root", ["Forking", "Spawning"])
def test_signals_of_a_child_are_its_own(shell, root):
    shell.write("children.py", CHILDREN)
    with shell.start("serve", f"children:{root}", *SERVE) as process:
        assert process.until("child") == f"child {-signal.SIGTERM}"
        process.until("Serving")
        assert not [line for line in process.lines if "Stopping" in line]
        process.signal(signal.SIGTERM)
        assert process.end() == 0


# Whatever the command is doing ------------------------------------------------------------

BUILDING = """
from my_tree import MyRoot

class Told(MyRoot):
    def start(self):
        print('started', flush=True)
        super().start()

def slowly():
    print('building', flush=True)
    open('gate').read()
    return Told()
"""


def test_a_signal_while_the_tree_is_built_keeps_it_from_starting(shell):
    shell.write("building.py", BUILDING)
    os.mkfifo(shell.folder / "gate")
    with shell.start("serve", "building.py:slowly", *SERVE) as process:
        process.until("building")
        process.signal(signal.SIGINT)
        process.until("Stopping")
        (shell.folder / "gate").write_text("go on")
        assert process.end() == 0
        assert process.lines[-1] == "Stopped."
        assert "started" not in process.lines


def test_a_second_signal_ends_a_listing_that_hears_nothing(shell):
    shell.write("deaf.py", """
from my_tree import MyRoot

def slowly():
    while True:
        try:
            print('building', flush=True)
            open('gate').read()
        except BaseException:
            pass
""")  # fmt: skip
    os.mkfifo(shell.folder / "gate")
    with shell.start("check", "deaf.py:slowly", stderr=subprocess.STDOUT) as process:
        process.until("building")
        assert process.insist(signal.SIGTERM) == 128 + signal.SIGTERM


@pytest.mark.parametrize("command", ["serve", "check"])
def test_a_background_job_that_ignores_sigint_ends_by_it(shell, command):
    shell.write("building.py", BUILDING)
    os.mkfifo(shell.folder / "gate")

    def background():
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    with shell.start(
        command, "building.py:slowly", "--base", "X", stderr=subprocess.STDOUT,
        preexec_fn=background,
    ) as process:  # fmt: skip
        process.until("building")
        process.signal(signal.SIGINT)
        if command == "serve":
            process.until("Stopping")
            (shell.folder / "gate").write_text("go on")
        assert process.end() == (0 if command == "serve" else 128 + signal.SIGINT)
