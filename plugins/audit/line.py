"""An audit record as one line of JSON: the fields of EPICS' caPutLog, then ours.

Spelling of fields, dates and numbers follows ``caPutJsonLogTask.cpp`` of epics-modules/caPutLog.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from roguebridge.core.requests import ArraySummary, RequestRecord

# What JSON leaves as it is, but some readers take for the end of a line.
_LINE_ENDS = {ord(char): f"\\u{ord(char):04x}" for char in "\x85\u2028\u2029"}


def line_of(record: RequestRecord, lost: int = 0) -> str:
    """Return the JSON object of a record, without line end.

    :param lost: how many records before this one are missing
    """
    seconds, nanoseconds = divmod(record.time_ns, 10**9)
    date, clock = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds)).split()
    who, entry, roles = record.credentials, record.entry, record.credentials.known_roles
    found = {
        "date": date,  # local time, as caPutLog
        "time": f"{clock}.{nanoseconds // 10**6:03d}",
        "host": who.host,
        "user": who.user,
        "pv": entry.pv_name,
        **_value("new", record.value),
        **_value("old", record.old),
        "operation": record.operation,
        "path": entry.path,
        "result": record.result,
        **({} if record.written is None else _value("written", record.written)),
        **({"count": record.count} if record.count > 1 else {}),
        **({"error": record.error} if record.error else {}),
        **({} if record.returned is None else _value("returned", record.returned)),
        "protocol": who.protocol,
        **({} if roles is None else {"roles": sorted(roles)}),
        "trapwrite": record.trap,
        **({"lost": lost} if lost else {}),
    }
    text = json.dumps(found, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # JSON has an escape for a lone surrogate.
    return text.translate(_LINE_ENDS).encode("utf-8", "backslashreplace").decode("utf-8")


def _value(name: str, value: Any) -> dict[str, Any]:
    """Return a value and, as caPutLog does, the size of an array."""
    if isinstance(value, ArraySummary):
        found = {name: _plain(value.first), f"{name}-size": value.size}
        if len(value.shape) > 1:
            found[f"{name}-shape"] = list(value.shape)
        if value.minimum is not None:
            found[f"{name}-min"] = _plain(value.minimum)
            found[f"{name}-max"] = _plain(value.maximum)
        return found
    found = {name: _plain(value)}
    if isinstance(value, (np.ndarray, list)):
        found[f"{name}-size"] = value.size if isinstance(value, np.ndarray) else len(value)
    return found


def _plain(value: Any) -> Any:
    """Return a value in the types of JSON."""
    if isinstance(value, np.longdouble):
        value = float(value)
    elif isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            if math.isfinite(value):
                return value
            return "Nan" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        case ArraySummary():  # within a table or a list
            return _value("first", value)
        case Mapping():
            return {name: _plain(item) for name, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case bytes():
            return value.decode("utf-8", "backslashreplace")
    return str(value)
