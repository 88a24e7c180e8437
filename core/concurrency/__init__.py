"""Threads, timers and the event loop: when calls run, and in which order.

The order of locks: a thread that holds a lock takes only locks further down.

1. The lifecycle of a server (start, stop, reload).
2. The watchers (``Watchers.lock``). They are told of clients without the lock of a PV.
3. A variable of PyRogue (``node.lock``), while a put is made at once on a network thread.
4. A PV (``PvReader.lock``).
5. Those that take no other: updates not yet shown, sources, a served PV of a backend, queues of
   workers, clock, event loop, log and audit.

No lock is held across a call that may block.
"""

from .clock import Clock, SystemClock
from .event_loop import EventLoopThread
from .forks import drop, give_up_when_forked
from .network_log import NetworkLog, is_network_thread

__all__ = [
    "Clock",
    "EventLoopThread",
    "NetworkLog",
    "SystemClock",
    "drop",
    "give_up_when_forked",
    "is_network_thread",
]
