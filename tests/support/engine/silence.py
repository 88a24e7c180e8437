"""Watched PVs that may fall silent, on a clock that stands still."""

from roguebridge.core.tree.poll_silence import Staleness
from support.engine.fakes import FakeClock

STEP = 0.5


class Node:
    """A variable of which only the poll interval matters."""

    mode = "RW"

    def __init__(self, interval):
        self.pollInterval = interval


class SilentPv:
    """A watched PV."""

    def __init__(self, node):
        self.node = node
        self.updates = 0
        self.shown = []

    def show_stale(self, updates):
        self.shown.append(updates)


class SilenceBench:
    """What looks for silence, and its clock."""

    def __init__(self, missed_polls=3):
        self.clock = FakeClock()
        self.staleness = Staleness(self.clock, missed_polls)
        self.staleness.start()

    def watch(self, interval):
        pv = SilentPv(Node(interval))
        self.staleness.watch(pv)
        return pv

    def pass_by(self, seconds):
        for _ in range(int(seconds / STEP)):
            self.clock.advance(STEP)
