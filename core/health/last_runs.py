"""How the last run of each command went: four PVs beside its own, for buttons cannot tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..mapping.extra_nodes import ExtraNode
from ..mapping.pv_map import PvMap
from ..requests.audit_values import kept, short
from .status_nodes import StatusPv, StatusVariable

LAST_RUN_PVS = (
    StatusPv("LAST_START", "Double64", "time when it last started, since the POSIX epoch", "s"),
    StatusPv("LAST_DURATION", "Double64", "time that its last run took", "s"),
    StatusPv("LAST_RESULT", "str", "result of its last run as text"),
    StatusPv("LAST_ERROR", "str", "why its last run failed; empty if it did not"),
)


class LastRuns:
    """The nodes that tell of the last run of each command that clients have called.

    Calls of one command that run at once share them: the last that ends counts.
    """

    def __init__(self) -> None:
        self._nodes: dict[str, tuple[StatusVariable, ...]] = {}

    def nodes(self, mapped: PvMap) -> Sequence[ExtraNode]:
        """Return the nodes of all commands of a mapping, with the names of their PVs."""
        found = []
        for entry in mapped.entries:
            if entry.is_command:
                if entry.path not in self._nodes:
                    self._nodes[entry.path] = tuple(
                        StatusVariable(f"{entry.path}.{told.name}", told) for told in LAST_RUN_PVS
                    )
                for told, node in zip(LAST_RUN_PVS, self._nodes[entry.path], strict=True):
                    found.append(ExtraNode(f"{entry.pv_name}:{told.name}", node))
        return found

    def begun(self, path: str, time_ns: int) -> None:
        """A command has started; on a worker.

        :param time_ns: nanoseconds since the POSIX epoch
        """
        if path in self._nodes:
            self._nodes[path][0].update(time_ns / 1e9)

    def ended(self, path: str, seconds: float, result: Any, error: str) -> None:
        """It has ended.

        :param seconds: that it took
        :param result: what it returned; None if it failed
        :param error: why it failed, or nothing
        """
        if path in self._nodes:
            _, duration, results, errors = self._nodes[path]
            results.update(_text_of(result))
            errors.update(short(error))
            duration.update(seconds)


def _text_of(result: Any) -> str:
    if result is None:
        return ""
    try:
        return short(str(kept(result)))
    except Exception as exc:  # an object of the site whose text fails
        return f"a {type(result).__name__} without a text: {type(exc).__name__}"
