"""NTTables as raw Values: p4p's own form of them has neither alarm nor types."""

from p4p import Value

from support.clients.served import LIMIT, Updates


def get_raw(lab, pv):
    """The raw Value of a PV."""
    return lab.raw.get(pv, timeout=LIMIT)


def put_columns(lab, pv, **columns):
    """Put some columns of a table."""
    put = Value(get_raw(lab, pv).type())
    for name, items in columns.items():
        put[f"value.{name}"] = items
    lab.raw.put(pv, put, request="field()record[block=true]", timeout=LIMIT)


def raw_monitor(lab, pv):
    """A monitor of raw Values."""
    return Updates(lab.raw, pv)
