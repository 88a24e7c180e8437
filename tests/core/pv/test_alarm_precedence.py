"""What hides what: the tree's silence, then causes in their order, then the node's own alarm."""

from itertools import product

from support.engine.holders import HolderBench

from roguebridge.core.values.alarm import DISABLE, NO_ALARM, READ, TIMEOUT, UDF, WRITE


class Cause:
    """Hides the alarm of a PV while it has one of its own."""

    def __init__(self):
        self.alarm = None
        self.alone = (self,)

    def look(self):
        pass


def test_the_first_that_holds_is_shown():
    bench = HolderBench(5, expect_reads=False)
    enable, sources = Cause(), Cause()
    bench.holder.add_cause(enable)
    bench.holder.add_cause(sources)
    bench.arrive()
    wrong = []
    for fault, disabled, inherited, own in product(
        (None, TIMEOUT), (None, DISABLE), (None, UDF, READ), (NO_ALARM, WRITE)
    ):
        bench.services.fault, enable.alarm, sources.alarm = fault, disabled, inherited
        bench.holder.parts.publisher.show_alarm(own)
        shown = bench.served.last[2]
        if shown != (fault or disabled or inherited or own):
            wrong.append((fault, disabled, inherited, own, shown))
    assert wrong == []
