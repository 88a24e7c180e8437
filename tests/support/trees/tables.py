"""Tables of expectations, each cell of which is a test."""

import numpy as np
import pytest

OTHERS = {
    "OE": OverflowError,
    "TE": TypeError,
    "AE": AttributeError,
    "XE": ValueError,
    "UE": UnicodeEncodeError,
    "IE": IndexError,
}


def cells(table, groups=None):
    """Give each cell of a table as a parameter (row, column, cell).

    The first line names the columns, the first word of the others the row, or a group of rows, or
    several with commas between. No cell has a space; '*' is not tested.
    """
    head, *rows = (line.split() for line in table.strip().splitlines())
    found = []
    for label, *row in rows:
        assert len(row) == len(head), f"{label}: {len(row)} cells, {len(head)} columns"
        for name in [n for word in label.split(",") for n in (groups or {}).get(word, [word])]:
            found += [
                pytest.param(name, column, cell, id=f"{name}-{column}")
                for column, cell in zip(head, row, strict=True)
                if cell != "*"
            ]
    return found


def written(value):
    """Write a value as a cell: its repr without spaces, or the elements of an array in short."""
    if isinstance(value, np.ndarray) and value.ndim == 1:
        short = {"f": "{:.6g}", "b": "{:d}"}.get(value.dtype.kind, "{!r}")
        return ",".join(short.format(item) for item in value.tolist()) or "empty"
    return "".join(repr(value).split())


def same(value, given):
    """Tell whether one value is '=', '~' or neither of them to another."""
    arrays = isinstance(value, np.ndarray)
    if arrays and isinstance(given, list):
        return "~" if value.tolist() == given else ""
    if arrays != isinstance(given, np.ndarray):
        return ""
    equal = np.array_equal(value, given) if arrays else bool(value == given)
    if not equal and written(value) != written(given):  # NaN is written alike
        return ""
    alike = value.dtype == given.dtype if arrays else type(value) is type(given)
    return "=" if alike else "~"


def outcome(tree, action, look, given):
    """Do something to a value and tell as a cell does what came of it.

    '=' the value given, '~' that value as another type, '-' the one before, else the value. If it
    raises, the exception: GE and VE of the tree, or one of OTHERS; and if the value has changed all
    the same, what it is now, after a '/'.
    """
    before, error = written(look()), ""
    try:
        action()
    except Exception as e:
        known = {tree.general_error: "GE", tree.pr.VariableError: "VE"}
        known |= {kind: code for code, kind in OTHERS.items()}
        error = known.get(type(e), type(e).__name__)
    value = look()
    seen = written(value)
    if error:
        return error if seen == before else f"{error}/{seen}"
    return same(value, given) or ("-" if seen == before else seen)
