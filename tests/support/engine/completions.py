"""A completion on a root that delivers nothing until the test says so."""

import queue
import threading
from collections import deque

from roguebridge.core.pv.publication import Unshown
from roguebridge.core.requests.completion import Completion
from support.engine.fakes import WAIT, FakeClock


class HeldRoot:
    """A root whose update thread is the test."""

    def __init__(self):
        self._updateQueue = queue.Queue()
        self._updateTrack = {}

    @property
    def markers(self):
        return self._updateQueue.qsize()

    def deliver(self):
        """Take the next marker, as the update thread does."""
        self._updateQueue.get(timeout=WAIT).set()


class Answers:
    """Completes requests; their answers are numbers in the order in which they are given."""

    def __init__(self, timeout=1.0, root=None):
        self.root = root or HeldRoot()
        self.clock = FakeClock()
        self.unshown = Unshown()
        self.logged = []
        self.completion = Completion(
            self.root,
            self.clock,
            timeout,
            self.unshown,
            lambda level, text: self.logged.append(text),
        )
        self.given = deque()
        self.completion.start()

    def end(self, number, path="V", changed=True, before=False, since=0.0):
        """The work of a request has ended.

        :param before: it had an answer before
        """

        def answer():
            self.given.append(number)
            return not before

        self.completion.answer(path, answer, changed, since)

    def settle(self):
        """Wait until the thread has done what it had to do so far, and what that left for it."""
        for _ in range(3):
            done = threading.Event()
            self.completion._calls.put(done.set)
            assert done.wait(WAIT)
        return list(self.given)
