"""The update listener of one node.

It runs on the tree's only update thread: it never blocks and never raises.
"""

from __future__ import annotations

import logging
from typing import Any

from ..concurrency.network_log import NetworkLog
from ..values.alarm import CALC, WRITE
from ..values.reading import KEEP
from .publisher import Publisher
from .put_tracker import PutTracker, Trust, same_value
from .reader import PvReader
from .rereads import Rereads

_log = NetworkLog(logging.getLogger("roguebridge.holder"))


class UpdateListener:
    """Shows the updates of one node, or remembers when the last one came.

    While no client watches, only that time is stored: the other parts of the PV may not exist
    yet. Only the update thread writes the fields, but for :meth:`take_unseen`, which is called with
    the PV's lock held.

    :param reader: of the node
    """

    __slots__ = ("_reader", "_publisher", "_puts", "_rereads", "_unseen_ns")

    def __init__(self, reader: PvReader) -> None:
        self._reader = reader
        self._unseen_ns: int | None = None  # time of an update that no client has seen
        self._puts: PutTracker | None = None
        self._publisher: Publisher
        self._rereads: Rereads

    def connect(self, publisher: Publisher, puts: PutTracker, rereads: Rereads) -> None:
        """Take the parts that show updates; before the first client counts as watching."""
        self._publisher, self._rereads = publisher, rereads
        self._puts = puts

    @property
    def has_unseen(self) -> bool:
        """True if an update has come that no client has seen."""
        return self._unseen_ns is not None

    def note(self, now: int) -> None:
        """The node was read, which counts as an update."""
        self._unseen_ns = now

    def take_unseen(self) -> int | None:
        """Return the time of the last update that no client has seen, once."""
        unseen, self._unseen_ns = self._unseen_ns, None
        return unseen

    def on_update(self, path: str, value: Any) -> None:
        """Take an update of the tree.

        :param path: of the node
        :param value: PyRogue's ``VariableValue``; None if the tree could not deliver it
        """
        reader = self._reader
        try:
            if reader.time_source is None or value is None:
                now = reader.services.time_ns()
            else:
                now = reader.time_of(value.value)
            puts = self._puts
            if reader.awaiting is not None:
                reader.heard(puts is not None and puts.doubtful)
            if puts is not None and puts.doubtful and value is not None:
                self._judge_write_only(puts, value.value)
            if puts is None or not reader.watched:
                # A client that arrives just now sets `watched` first and reads the value after, so
                # it misses nothing.
                self._unseen_ns = now
                return
            conversion = reader.conversion
            if conversion is None:
                with reader.lock:
                    self._unseen_ns = now
                return
            trust = puts.trust
            if trust is Trust.SHOW and value is not None:
                sample = reader.convert(value.value, conversion.told(value.status))
                with reader.lock:
                    trust = puts.trust  # a put may have begun or ended meanwhile
                    if trust is Trust.SHOW:
                        publisher = self._publisher
                        is_old = publisher.alarm is WRITE and self._is_old(puts, sample[0])
                        publisher.publish_update(None if is_old else sample, now)
                        return
            if trust is Trust.WAIT:
                puts.miss()
            elif trust is not Trust.DROP:
                self._reread(now)
        except BaseException:
            self._shield()

    def update_failed(self) -> None:
        """Take note that the tree could not deliver an update of the node.

        The value itself may be good: the failure may be that of its text or of another listener.
        """
        self.on_update(self._reader.path, None)

    def _reread(self, now: int) -> None:
        reader, publisher, puts = self._reader, self._publisher, self._puts
        assert puts is not None  # noqa: S101 - who calls has looked
        while True:
            puts.begin_reread()
            read: list[Any] = []
            sample = reader.read(read=read)
            if read and reader.time_source is not None:
                now = reader.time_of(*read)
            with reader.lock:
                if puts.written:  # one more put has ended while this value was read
                    continue
                echo = puts.reread()
                is_old = (echo is not None and same_value(echo[0], sample[0])) or (
                    publisher.alarm is WRITE and self._is_old(puts, sample[0])
                )
                publisher.publish_update(None if is_old else sample, now)
            if not read:
                self._rereads.look_later()
            return

    def _judge_write_only(self, puts: PutTracker, value: Any) -> None:
        # Nothing can be read back: the tree sends an update of the next write only if it succeeds.
        if not self._reader.readable and not self._is_old(puts, value):
            puts.believe()

    def _is_old(self, puts: PutTracker, value: Any) -> bool:
        return puts.is_old(value, self._reader.services.clock.monotonic())

    def _shield(self) -> None:
        # An exception in a listener would end the tree's only update thread.
        reader = self._reader
        _log.exception("%s: an update could not be shown", reader.path)
        try:
            with reader.lock:
                if self._puts is not None:
                    self._publisher.publish((KEEP, CALC), reader.services.time_ns())
        except BaseException:
            _log.exception("%s: nor its alarm", reader.path)
