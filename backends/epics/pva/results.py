"""What a command returned, as a Normative Type."""

from __future__ import annotations

import time
from typing import Any

from p4p import Value

from roguebridge.core.values import NO_ALARM, Reading, Snapshot, describe_result

from .encoders import encoder_of


def encode_result(result: Any) -> Value:
    """Return ``result`` as NTScalar, NTScalarArray, NTTable or NTNDArray.

    :raises Exception: if it has no such form
    """
    if isinstance(result, Snapshot):
        return encoder_of(result.spec).first(result.reading)
    spec, value = describe_result(result)
    return encoder_of(spec).first(Reading(value, NO_ALARM, time.time_ns()))
