"""Values of a PV that clients would get cut or rounded, as each backend reports them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..errors import without_cpp
from ..mapping.pv_map import PvEntry
from ..values.spec import PvSpec
from .contract import Backend


def losses_of(backends: Iterable[Backend], entry: PvEntry, spec: PvSpec | None) -> Iterator[str]:
    """Give each loss with the name of its backend; the same text for all PVs that have it.

    :param spec: None if it is not known
    """
    for backend in backends:
        texts: Iterable[str]
        try:
            texts = backend.losses(entry, spec)
        except Exception as exc:
            texts = (f"its losses are unknown: {without_cpp(repr(exc))}",)
        for text in texts:
            yield f"over {backend.name}, {text}"
