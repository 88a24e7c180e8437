"""A holder whose updates are held back, and what of them was shown."""

from roguebridge.core.pv.pacing import Pacing
from roguebridge.core.values.spec import NtKind, PvSpec, ScalarType
from support.engine.fakes import PlainConverter
from support.engine.holders import HolderBench

DOUBLE = PvSpec(NtKind.SCALAR, ScalarType.Float64)


def paced(rate=None, deadband=None, value=5, spec=None, **options):
    """A holder whose PV is open and shows a value."""
    bench = HolderBench(
        value, pacing=Pacing(rate, deadband), converter=PlainConverter(spec or DOUBLE), **options
    )
    bench.arrive()
    bench.clock.advance(2)  # no timer of the opening is left
    bench.served.events.clear()
    return bench


def shown(bench, served=None):
    """What was posted since it was last asked: values, or words of alarms on the value kept."""
    served = served or bench.served
    events, served.events[:] = list(served.events), []
    return [alarm.message if kind == "alarm" else value for kind, value, alarm, _ in events]
