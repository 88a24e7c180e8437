"""A watchdog whose clock stands still, and who holds the tree's updates up."""

import queue
import threading

from roguebridge.core.tree.patches.watchdog import Watchdog
from support.engine.fakes import WAIT, FakeClock
from support.trees.listeners import Recorder

STUCK_AFTER = 10.0


class Sign:
    """Put into the watchdog's queue; shows that all before it has been worked off."""

    def __init__(self):
        self.seen = threading.Event()

    def __bool__(self):
        self.seen.set()
        return True


class Told(queue.SimpleQueue):
    """What a watchdog tells, in order; every wait has a limit."""

    def next(self):
        return self.get(timeout=WAIT)

    def rest(self):
        items = []
        while not self.empty():
            items.append(self.get())
        return items


class WatchdogBench:
    """A watchdog with a clock that stands still and callbacks that are recorded."""

    def __init__(self, root):
        self.clock = FakeClock()
        self.told = Told()  # fault, well
        self.failed = Told()
        self.logged = []
        self.watchdog = Watchdog(
            root,
            self.clock,
            STUCK_AFTER,
            on_fault=lambda text: self.told.put(("fault", text, self.watchdog.fault)),
            on_well=lambda: self.told.put(("well", None, self.watchdog.fault)),
            on_failed=lambda path, exc: self.failed.put((path, type(exc))),
            log=self.logged.append,
        )

    def check(self):
        """Have one whole check made, with the time as it is."""
        for sign in (Sign(), Sign()):
            self.watchdog._wake.put(sign)
        assert sign.seen.wait(WAIT)

    def advance(self, seconds):
        self.clock.advance(seconds)
        self.check()

    def fault(self):
        """Wait for a fault, and give its text."""
        what, text, fault = self.told.next()
        assert (what, fault) == ("fault", text)
        return text

    def well(self):
        """Wait until all is well again."""
        assert self.told.next() == ("well", None, None)


class UpdateGate:
    """Holds whoever calls it until opened."""

    def __init__(self):
        self.reached = threading.Semaphore(0)
        self.opened = threading.Event()

    def hold(self, *args, **kwargs):
        self.reached.release()
        assert self.opened.wait(WAIT)
        return 0

    def wait(self):
        assert self.reached.acquire(timeout=WAIT)


def hold_listener(root, gate):
    root.D.V.addListener(gate.hold)


def delivers(root, node, value):
    """Tell whether the value arrives at a listener of the node."""
    updates = Recorder()
    node.addListener(updates)
    node.set(value)
    updates.wait(1)
    root.waitOnUpdate()
    node.delListener(updates)
    return value in updates.values
