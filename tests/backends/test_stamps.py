"""Every backend: time stamps when the clock of the machine goes back."""

import pytest
from support.engine.fakes import FakeClock

SECOND = 10**9


@pytest.fixture
def served(site):
    def build(pr, root):
        root.add(pr.LocalVariable(name="V", value=0))
        root.add(pr.LocalVariable(name="W", value=0))

    made = site(build, clock=FakeClock())
    made.clock = made.server._clock
    return made


@pytest.mark.parametrize("step", [6 * SECOND, 86400 * SECOND])
def test_monitors_see_stamps_that_follow(served, step):
    client = served.client()
    watches = [client.monitor(served.pv(name)) for name in ("V", "W")]
    for watch in watches:
        watch.next()
    value = 0
    for ahead in (0, step, 0, step, 0):
        served.clock.ns += ahead - getattr(served, "ahead", 0)
        served.ahead = ahead
        for _ in range(2):
            value += 1
            served.clock.advance(0.001)
            for name, watch in zip(("V", "W"), watches, strict=True):
                client.put(served.pv(name), value)
                got = watch.until(lambda shown, value=value: shown == value)
                assert abs(got.time_ns - served.clock.ns) < SECOND // 1000
    (line,) = [line for line in served.server.report() if "gone back" in line]
    assert line.startswith(f"the clock of this machine has gone back by {step // SECOND} s")
    for watch in watches:
        watch.close()


def test_small_steps_leave_stamps_strictly_later(served):
    client = served.client()
    watch = client.monitor(served.pv("V"))
    times = [watch.next().time_ns]
    for value in range(1, 6):
        served.clock.ns -= 4 * SECOND
        client.put(served.pv("V"), value)
        times.append(watch.until(lambda shown, value=value: shown == value).time_ns)
    assert all(a < b for a, b in zip(times, times[1:], strict=False))
    assert not any("gone back" in line for line in served.server.report())
    watch.close()
