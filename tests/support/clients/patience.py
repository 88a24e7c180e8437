"""Faults of p4p's client that tests and the soak do not want to meet."""

import threading
import time

from p4p.client.raw import Subscription as RawSubscription
from p4p.client.thread import Subscription

_event = Subscription._event
_init, _pop, _close = RawSubscription.__init__, RawSubscription.pop, RawSubscription.close


def wait_for_subscriptions():
    """Have p4p's monitors deliver what comes early, and close while nobody takes an update.

    p4p 4.3.0 drops an update that comes before ``monitor()`` has returned, with "Lost Subscription
    update", and never looks again: of a PV that the context already uses, once in some thousand
    monitors. And a monitor that is closed while its worker takes an update may end on that worker,
    which then waits for the network thread with the interpreter's lock held: all threads hang.
    """
    Subscription._event = _patient_event
    RawSubscription.__init__ = _init_with_lock
    RawSubscription.pop = _pop_alone
    RawSubscription.close = _close_alone


def _patient_event(self):
    due = time.monotonic() + 1.0
    while self._S is None and time.monotonic() < due:  # closed, or not there yet
        time.sleep(0.001)
    if self._S is not None:
        _event(self)


def _init_with_lock(self, *args, **options):
    self.alone = threading.RLock()
    _init(self, *args, **options)


def _pop_alone(self):
    with self.alone:
        return _pop(self)


def _close_alone(self):
    with self.alone:
        _close(self)
