"""What is said of an exception; on trees: watchdog/."""

import gc
import sys
import threading
from pathlib import Path

import pytest

from roguebridge.core.errors import in_words
from roguebridge.core.tree.frames import whereabouts
from roguebridge.core.tree.patches.update_frames import (
    delivered,
    raised_in,
    running_in,
)


class Silent(Exception):
    def __str__(self):
        raise ValueError("no text")


@pytest.mark.parametrize(
    ("exc", "words"),
    [
        (ValueError("two\n  lines"), "ValueError: two lines"),
        (ValueError(), "ValueError"),
        (ValueError("x" * 300), "ValueError: " + "x" * 200),
        (Silent(), "Silent: its text cannot be made"),
    ],
    ids=["lines", "empty", "long", "unreadable"],
)
def test_an_exception_in_one_short_line(exc, words):
    assert in_words(exc) == words


def test_an_exception_that_was_never_raised_comes_from_nowhere():
    places = raised_in(None)
    assert delivered(places) is None
    assert whereabouts(places) == ""


def test_what_was_raised_outside_of_a_delivery_names_no_variable():
    def fail():
        raise OSError

    try:
        fail()
    except OSError as exc:
        places = raised_in(exc.__traceback__)
    assert delivered(places) is None
    line = fail.__code__.co_firstlineno + 1
    assert whereabouts(places) == f"in fail, {Path(__file__).name}:{line}"


@pytest.mark.parametrize("enabled", [True, False])
def test_no_garbage_is_collected_while_python_holds_up_new_threads(monkeypatch, enabled):
    frames, seen = sys._current_frames, []
    monkeypatch.setattr(sys, "_current_frames", lambda: seen.append(gc.isenabled()) or frames())
    if not enabled:
        gc.disable()
    try:
        assert running_in(threading.current_thread())
        assert gc.isenabled() is enabled
    finally:
        gc.enable()
    assert seen == [False]
