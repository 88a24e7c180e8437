"""Polls for those who look at nodes made up, on a clock that stands still."""

from roguebridge.core.tree.watched_polls import WatchedPolls
from support.engine.fakes import FakeClock, InlinePool


class Register:
    """A register that notes what becomes of its poll interval."""

    mode = "RO"
    numValues = 0
    isCommand = False

    def __init__(self, name="R", interval=0):
        self.path = name
        self.pollInterval = interval
        self.given = []
        self.dependencies = []

    def setPollInterval(self, interval):
        self.given.append(interval)
        self.pollInterval = interval


class Raising(Register):
    """Keeps the interval and raises, as PyRogue does."""

    def setPollInterval(self, interval):
        super().setPollInterval(interval)
        raise TypeError("a neighbour is wrong")


class Link(Register):
    """A link on other nodes."""

    numValues = None

    def __init__(self, *sources):
        super().__init__("K")
        self.dependencies = list(sources)


class PolledPv:
    """What clients connect to."""

    def __init__(self, node):
        self.node = node


class PollBench:
    """Polls with everything around them in the test's hand."""

    def __init__(self, seconds=1):
        self.clock = FakeClock()
        self.pool = InlinePool()
        self.polls = WatchedPolls(seconds, self.pool.submit, self.clock)


def records(caplog):
    return [(r.levelno, r.getMessage()) for r in caplog.records if r.name == "roguebridge.polling"]
