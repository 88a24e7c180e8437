"""A fault of p4p's client that tests and the soak do not want to meet."""

import time

from p4p.client.thread import Subscription

_event = Subscription._event


def wait_for_subscriptions():
    """Have p4p's monitors deliver an update that comes before ``monitor()`` has returned.

    p4p 4.3.0 drops it with "Lost Subscription update" and never looks again: of a PV that the
    context already uses, once in some thousand monitors.
    """
    Subscription._event = _patient_event


def _patient_event(self):
    due = time.monotonic() + 1.0
    while self._S is None and time.monotonic() < due:  # closed, or not there yet
        time.sleep(0.001)
    if self._S is not None:
        _event(self)
