"""What the tree has told and PVs do not show yet.

An update waits where its PV is just being opened, and where a paced PV holds it back.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from .publication import Publication, State

_log = logging.getLogger("roguebridge.holder")


class Holding(Protocol):
    """A paced outlet that holds an update back."""

    def show_held(self) -> None:
        """Post what is held."""


class Unshown:
    """Knows the PVs of a server that have something to show yet.

    Its lock may be taken with a holder's lock held, and nothing is called with it held.
    """

    def __init__(self) -> None:
        #: paced outlet that holds an update back -> monotonic time at which that was heard; each
        #: outlet keeps its own item, with its holder's lock held
        self.held: dict[Holding, float] = {}
        self._lock = threading.Lock()
        self._opening: dict[Publication, None] = {}
        self._rest: set[Publication] = set()
        self._then: Callable[[], object] | None = None

    def begin_opening(self, outlet: Publication) -> None:
        """A first client has come: what is heard from now on waits until the PV is open."""
        with self._lock:
            self._opening[outlet] = None

    def end_opening(self, outlet: Publication) -> None:
        """The PV is open and shows the newest; or its client has left before."""
        then = None
        with self._lock:
            self._opening.pop(outlet, None)
            if outlet in self._rest:
                self._rest.discard(outlet)
                if not self._rest:
                    then, self._then = self._then, None
        if then is not None:
            then()

    def release(self, since: float) -> None:
        """Show what is held back and was heard since some monotonic time; what fails is logged."""
        # A copy is made in one step: the outlets go on meanwhile.
        for outlet, heard in self.held.copy().items():
            if heard >= since:
                try:
                    outlet.show_held()
                except Exception:
                    _log.exception("an update that was held back cannot be shown")

    def when_opened(self, then: Callable[[], object]) -> bool:
        """Have ``then`` called when PVs that are being opened show what was heard for them so far.

        :param then: called once, from any thread and with locks held: it must not block; it stands
            for the one of an earlier call
        :returns: False if there is nothing to wait for, so that it will not be called
        """
        with self._lock:
            self._rest = {outlet for outlet in self._opening if _has_news(outlet)}
            self._then = then if self._rest else None
            return bool(self._rest)


def _has_news(outlet: Publication) -> bool:
    # A value that is still to be read will be as new as any that was heard before. Else it is
    # safe only once the outlet is no longer among those that are being opened.
    return outlet.state is not State.READING or outlet.newest is not None
