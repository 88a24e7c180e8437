"""Reads the node of a PV once more: after a put, when updates were missed, when it is in doubt.

All of it runs on the workers, but for the calls that only queue the work.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..concurrency.clock import Timer
from ..concurrency.network_log import NetworkLog
from ..values.reading import Reading, Sample
from .publisher import Publisher
from .put_tracker import PutTracker, Trust
from .reader import PvReader

_log = NetworkLog(logging.getLogger("roguebridge.holder"))

READ_AGAIN = (1.0, 30.0)
"""Seconds until a failed read is made again, first and most."""
_SEEK = (0.5, 5.0)  # seconds until a value that a failed put left in doubt is read, first and most


@dataclass(slots=True, eq=False, repr=False)
class Rereads:
    """Has one node read again, now, soon, or until it can be.

    The PV's lock guards the fields.

    :param reader: of the node
    :param publisher: shows the samples
    :param puts: decides which updates may be believed
    """

    _reader: PvReader
    _publisher: Publisher
    _puts: PutTracker
    _waited: float = 0.0  # seconds before the last attempt to read a node that could not be read
    _values: int = 0  # number of samples with a value shown by then
    _timer: Timer | None = None  # the next attempt

    # Now, on a worker ---------------------------------------------------------------------------

    def show_present(self, always: bool) -> Reading:
        """Read and show the present value of the tree, unless an update has shown it.

        :param always: show it even if it is the same as before
        """
        reader, publisher, puts = self._reader, self._publisher, self._puts
        with reader.lock:
            puts.ended(reader.watched)
            before = publisher.updates
        read: list[Any] = []
        sample = detached(reader.read(read=read))
        now = reader.time_of(*read)
        with reader.lock:
            if publisher.updates == before and (always or sample != publisher.last_sample):
                # Asked before it is published: a cause may end meanwhile, on the update thread,
                # and clients have not seen the node's own alarm then.
                seen = reader.watched and reader.hidden_by is None
                publisher.publish(sample, now)
                puts.shown(sample if seen else None)
            publisher.release()  # an update that came meanwhile may be held back
            return Reading(sample[0], publisher.overall(sample[1]), publisher.shown_ns)

    def read_back(self) -> bool:
        """Read the node in hardware, if it lives there; False if that fails or it is write-only."""
        reader = self._reader
        try:
            if reader.readable:
                reader.services.read_now(reader.node)
            return reader.readable
        except BaseException as exc:
            _log.debug("%s: no read after a failed put: %s", reader.path, exc)
            return False

    # Soon ---------------------------------------------------------------------------------------

    def look_again(self, quiet: bool = False, fresh: bool = False) -> None:
        """Have the value read and shown soon: updates may have been missed. Never blocks.

        :param fresh: read it in hardware, if it lives there
        :param quiet: show nothing if it cannot be read for the reason that is shown already
        """
        reader = self._reader
        if not reader.watched:
            return

        def look() -> None:
            if fresh and reader.watched and not self._puts.doubtful and self.read_back():
                reader.heard(self._puts.doubtful)
                self.show_present(always=True)
            elif not self._look(quiet):
                self.look_later()

        reader.run_soon(look)

    def _look(self, quiet: bool) -> bool:
        """Read and show the value; False if it could not be read."""
        reader, publisher, puts = self._reader, self._publisher, self._puts
        trust = puts.trust
        if trust is Trust.WAIT:
            puts.miss()
            return True
        if not reader.watched or reader.conversion is None or trust is Trust.DROP:
            return True
        with reader.lock:
            before = publisher.updates
        read: list[Any] = []
        sample = reader.read(read=read)
        now = reader.time_of(*read)
        with reader.lock:
            same = quiet and not read and sample[1] == publisher.alarm
            if reader.watched and publisher.updates == before and not (same or puts.doubtful):
                # What clears an alarm counts as an update.
                publisher.publish_update(sample, now)
                publisher.release()
        return bool(read)

    def look_later(self) -> None:
        """Have the value read again after a while: the tree sends no update when it can be."""
        reader, publisher = self._reader, self._publisher
        with reader.lock:
            if publisher.values != self._values:
                self._values, self._waited = publisher.values, 0.0
            waited = self._waited = min(2 * self._waited, READ_AGAIN[1]) or READ_AGAIN[0]
            if self._timer is not None:
                self._timer.cancel()
            updates = publisher.updates

            def look() -> None:
                if publisher.updates == updates:  # else an update has come
                    self.look_again(quiet=True)

            self._timer = reader.services.clock.call_later(waited, look)

    # Until it can be read -----------------------------------------------------------------------

    def seek_truth(self, after: float = _SEEK[0]) -> None:
        """Have a value that is in doubt read after some seconds, until it can be.

        Only while clients watch the PV, or one that is computed from it.
        """
        reader, sources = self._reader, self._reader.services.sources
        needed = sources is not None and sources.is_needed(reader.node)
        if reader.readable and (reader.watched or needed):
            end_doubt = partial(self._end_doubt, after)
            reader.services.clock.call_later(after, partial(reader.run_soon, end_doubt))

    def _end_doubt(self, after: float) -> None:
        if not self._puts.doubtful:
            return
        if self.read_back():
            self.show_present(always=True)
        else:
            self.seek_truth(min(2 * after, _SEEK[1]))


def detached(sample: Sample) -> Sample:
    """Return a sample that does not change: the tree may change an array in place."""
    value, alarm = sample
    return (value.copy(), alarm) if isinstance(value, np.ndarray) else sample
