"""Limits of PVWS that round values of a PV, or give them in another form, found from its type."""

from __future__ import annotations

from collections.abc import Iterator

from roguebridge.core.values import NtKind, PvSpec, ScalarType

_WIDE = (ScalarType.Int64, ScalarType.UInt64)


def losses_of(spec: PvSpec) -> Iterator[str]:
    """Give the values that clients of PVWS get rounded or in another form.

    :param spec: type of the PV
    """
    if spec.kind is NtKind.TABLE:
        yield "a table has a form of its own, which clients made for PVWS do not know"
        if any(column.scalar in _WIDE for column in spec.columns):
            yield "browsers round 64-bit integers of a table beyond 2^53"
    elif spec.kind is NtKind.NDARRAY:
        yield "an image has a shape, which clients made for PVWS do not know"
    elif spec.kind is NtKind.SCALAR_ARRAY and spec.scalar is ScalarType.String:
        yield "an array of texts is a list, which clients made for PVWS do not know"
    elif spec.kind is not NtKind.ENUM and spec.scalar in _WIDE:
        yield "browsers round 64-bit integers beyond 2^53; their text has all digits"
