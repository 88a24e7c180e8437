"""Limits of Channel Access that cut or round values of a PV, found from its name and type."""

from __future__ import annotations

from collections.abc import Iterator

from roguebridge.core.mapping import PvEntry
from roguebridge.core.values import NtKind, PvSpec, ScalarType

from .forms import LABEL, STATES, fits_enum
from .forms.form import EXACT, LONGEST

LONGEST_NAME = 60  # bytes of a name in an IOC, and in clients built for those
_LONGEST_UNITS = 7
_CUT = f"a text is cut after {LONGEST} bytes, NAME$ has the whole"


def has_short_name(entry: PvEntry) -> bool:
    """Tell whether a PV has a name that any client takes."""
    return any(_size(name) <= LONGEST_NAME for name in entry.names)


def losses_of(entry: PvEntry, spec: PvSpec | None) -> Iterator[str]:
    """Give the names, values and texts that clients get cut, rounded or in another form.

    :param spec: None if it is not known
    """
    if not has_short_name(entry):
        yield (
            f"a name of more than {LONGEST_NAME} bytes is beyond clients that were made for IOCs, "
            "give an alias by longest in names"
        )
    if spec is None:
        return
    yield from _of_value(spec)
    is_number = spec.scalar.is_numeric and spec.kind is not NtKind.ENUM
    if is_number and _size(spec.display.units) > _LONGEST_UNITS:
        yield f"units are cut after {_LONGEST_UNITS} bytes, NAME.EGU$ has the whole"
    if _size(spec.display.description) > LONGEST:
        yield f"a description is cut after {LONGEST} bytes, NAME.DESC$ has the whole"


def _of_value(spec: PvSpec) -> Iterator[str]:
    if spec.kind is NtKind.ENUM:
        if not fits_enum(spec):
            yield (
                f"an enum of more than {STATES} labels, or with one of more than {LABEL} bytes, "
                "is a text, NAME:IDX is the index"
            )
        if any(_size(label) > LONGEST for label in spec.choices):
            yield _CUT
    elif spec.kind is NtKind.TABLE:
        yield "a table is JSON text"
    elif spec.scalar is ScalarType.String:
        is_list = spec.kind is NtKind.SCALAR_ARRAY
        yield f"texts of an array are cut after {LONGEST} bytes" if is_list else _CUT
    elif spec.scalar in (ScalarType.Int64, ScalarType.UInt64) and not _stays_exact(spec):
        yield "an integer of 64 bits is a double, which is exact up to 2**53"
    if spec.kind is NtKind.NDARRAY:
        yield "an image is flat, NAME:SHAPE is its shape"


def _stays_exact(spec: PvSpec) -> bool:
    low, high = spec.control.limit_low, spec.control.limit_high
    return low is not None and high is not None and -EXACT <= low <= high <= EXACT


def _size(text: str) -> int:
    return len(text.encode("utf-8", "backslashreplace"))
