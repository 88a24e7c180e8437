"""What Channel Access does carry of that which it cannot carry whole."""

import numpy as np
import pytest
from support.bench import DOUBLE, VALUES, Bench, at

from roguebridge.core.alarm import HIHI, NO_ALARM, READ, Alarm, Severity, Status


@pytest.fixture
def bench():
    made = Bench("ca")
    yield made
    made.close()


def test_severity_status_and_time_travel_with_each_value(bench):
    owner, client = bench.open_pv(DOUBLE, at(1.0, 0, READ))
    watch = client.monitor("pv")
    assert watch.next() == at(1.0, 0, READ)
    own = Alarm(Severity.MINOR, Status.DEVICE, "ü")
    for n, alarm in enumerate((HIHI, HIHI, NO_ALARM, own), 1):
        owner.post(at(1.0, n, alarm))
        shown = watch.next()
        if alarm is not own:
            assert shown == at(1.0, n, alarm)
    late = bench.client().get("pv")
    for reading in (shown, late):  # a text of its own is the word SOFT
        assert (reading.alarm.severity, reading.alarm.message) == (Severity.MINOR, "SOFT")
        assert reading.time_ns == at(1.0, 4).time_ns


def test_images_travel_flat(bench):
    spec, first, _ = VALUES["image"]
    later = np.ones((2, 5), first.dtype)  # of one type, with room: the channel stays
    owner, client = bench.open_pv(spec, at(first))
    watch = client.monitor("pv")
    assert np.array_equal(watch.next().value, np.ravel(first))
    owner.post(at(later, 1))
    shown = watch.next()
    assert np.array_equal(shown.value, np.ravel(later))
    assert shown.time_ns == at(later, 1).time_ns
