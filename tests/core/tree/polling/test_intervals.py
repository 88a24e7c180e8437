"""Which poll interval a node has while somebody looks, and after."""

import pytest
from support.engine.polls import PollBench, PolledPv, Register


@pytest.mark.parametrize(
    ("own", "given"), [(0, [1, 0]), (5, [1, 5]), (1, []), (0.2, []), (-3, [1, -3])]
)
def test_a_source_is_polled_while_somebody_looks(bench, own, given):
    register = Register(interval=own)
    looked_at = PolledPv(register)
    bench.polls.watch(looked_at)
    assert register.given == given[:1]
    bench.polls.unwatch(looked_at)
    assert register.given == given
    assert register.pollInterval == own


def test_the_change_of_somebody_else_stays(bench):
    register = Register(interval=5)
    looked_at = PolledPv(register)
    bench.polls.watch(looked_at)
    register.setPollInterval(0)
    bench.polls.unwatch(looked_at)
    assert register.given == [1, 0]
    bench.polls.watch(looked_at)
    bench.polls.unwatch(looked_at)
    assert register.given == [1, 0, 1, 0]


@pytest.mark.parametrize("off", [None, 0])
def test_off(off):
    bench = PollBench(off)
    register = Register()
    bench.polls.watch(PolledPv(register))
    bench.polls.restore_all()
    assert register.given == []
