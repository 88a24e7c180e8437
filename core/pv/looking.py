"""Reads the node of an open PV once more: what was missed, could not be read, or is in doubt.

What reads the tree runs on the workers.
"""

from __future__ import annotations

from ..concurrency.workers import BUSY
from .outcome import Outcome
from .request_job import OpenJob

RETRY = 0.1
"""Seconds until a read that found the workers busy is queued again."""
READ_AGAIN = (1.0, 30.0)
"""Seconds until a failed read is made again, first and most."""
_SEEK = (0.5, 5.0)  # seconds until a value that a failed put left in doubt is read, first and most


class Looking(Outcome):
    """Has one node read again, soon or until it can be."""

    __slots__ = ()

    def look_again(self, quiet: bool = False, fresh: bool = False) -> None:
        """Have the value read and shown soon: updates may have been missed.

        :param fresh: read it in hardware, if it lives there
        :param quiet: show nothing if it cannot be read for the reason that is shown already
        """
        if not self._watching:
            return

        def look() -> None:
            if fresh and self._watching and not self._doubtful and self._read_back():
                self._heard()
                self._show_present(always=True)
            elif not self._look_again(quiet):
                self._look_later()

        if self._readers.submit(OpenJob(self.entry, look)) == BUSY:
            self.services.clock.call_later(RETRY, lambda: self.look_again(quiet, fresh))

    def seek_truth(self, after: float = _SEEK[0]) -> None:
        """Have the doubted value read after some seconds, until it can be, while clients look.

        They may look at what is made of it.
        """
        sources = self.services.sources
        needed = sources is not None and sources.is_needed(self)
        if self.readable and (self._watching or needed):
            self.services.clock.call_later(after, lambda: self._seek(after))

    def _seek(self, after: float) -> None:
        if not self._doubtful:
            return
        job = OpenJob(self.entry, lambda: self._end_doubt(after))
        if self._readers.submit(job) == BUSY:
            self.seek_truth(after)

    def _end_doubt(self, after: float) -> None:
        if not self._doubtful:
            return
        if self._read_back():
            self._show_present(always=True)
        else:
            self.seek_truth(min(2 * after, _SEEK[1]))

    def _look_later(self) -> None:
        """Have the value read again after a while: the tree tells nobody when it can be."""
        with self._lock:
            waited = self._waited = min(2 * self._waited, READ_AGAIN[1]) or READ_AGAIN[0]
            if self._late is not None:
                self._late.cancel()
            updates = self.updates

            def look() -> None:
                if self.updates == updates:  # else the node has spoken by itself
                    self.look_again(quiet=True)

            self._late = self.services.clock.call_later(waited, look)
