"""Temperatures come from the ADC in counts of 0.1 K, operators read degrees."""

from roguebridge.core import Select, hookimpl
from roguebridge.plugins.recipes import linear

COUNTS = Select(path="*.Temperature", attribute=("sensor", "pt100"))


@hookimpl
def converter_rules():
    """Serve the counts of each Pt100 in degC; a put is converted back."""
    return [linear(COUNTS, scale=0.1, offset=-273.15, units="degC", precision=2)]
