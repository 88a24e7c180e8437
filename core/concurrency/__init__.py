"""Threads, timers and the event loop: when calls run, and in which order."""

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
