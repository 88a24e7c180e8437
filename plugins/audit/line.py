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
    local = time.localtime(seconds)  # caPutLog: local time
    who, entry = record.credentials, record.entry
    found = {
        "date": time.strftime("%Y-%m-%d", local),
        "time": f"{time.strftime('%H:%M:%S', local)}.{nanoseconds // 10**6:03d}",
        "host": who.host,
        "user": who.user,
        "pv": entry.pv_name,
        **_value("new", record.value),
        **_value("old", record.old),
        "operation": record.operation,
        "path": entry.path,
        "result": record.result,
    }
    if record.written is not None:
        found.update(_value("written", record.written))
    if record.count > 1:
        found["count"] = record.count
    if record.error:
        found["error"] = record.error
    if record.returned is not None:
        found.update(_value("returned", record.returned))
    found["protocol"] = who.protocol
    if who.known_roles is not None:
        found["roles"] = sorted(who.known_roles)
    found["trapwrite"] = record.trap
    if lost:
        found["lost"] = lost
    text = json.dumps(found, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # A lone surrogate becomes the escape that JSON has for it.
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
    if isinstance(value, np.ndarray):
        found[f"{name}-size"] = value.size
    elif isinstance(value, list):
        found[f"{name}-size"] = len(value)
    return found


def _plain(value: Any) -> Any:
    """Return a value in the types of JSON."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    elif isinstance(value, np.longdouble):
        value = float(value)
    elif isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return "Nan" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, ArraySummary):  # within a table or a list
        return _value("first", value)
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)
