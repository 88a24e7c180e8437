"""Lets the clients of one PV come and go: it is opened for the first and closed after the last.

Clients come and go on the backends' network threads.
"""

from __future__ import annotations

from typing import Any

from ..backend.contract import ServedPv
from ..values.alarm import COMM, NO_ALARM, READ, TIMEOUT, WRITE, Alarm
from .opening import Opening
from .publication import State
from .publisher import Publisher
from .put_tracker import PutTracker
from .reader import PvReader
from .update_listener import UpdateListener

_LASTING = (READ, TIMEOUT, COMM, WRITE)


class PvOpener:
    """Lets the clients of one PV come and go.

    The PV's lock guards what it changes, all of it in the publications and the reader, but for
    :attr:`told`, which belongs to the lock of the watchers.

    :param reader: of the node
    :param publisher: has the publications
    :param puts: what to believe of the tree
    :param listener: of the node's updates
    """

    __slots__ = ("reader", "publisher", "puts", "listener", "told", "pv")

    def __init__(
        self,
        pv: Any,
        reader: PvReader,
        publisher: Publisher,
        puts: PutTracker,
        listener: UpdateListener,
    ) -> None:
        #: what watchers are told of: the holder
        self.pv = pv
        self.reader = reader
        self.publisher = publisher
        self.puts = puts
        self.listener = listener
        #: what the watchers were last told
        self.told = False

    # Network threads ----------------------------------------------------------------------------

    def client_arrived(self, served: ServedPv) -> None:
        """A first client has connected: have the PV opened, with a value or in time without."""
        reader = self.reader
        publication = self.publisher.of(served)
        with reader.lock:
            publication.connected = True
            visit = None
            if publication.closed:
                visit = Opening(self, publication)
                publication.begin_visit(visit)
                reader.services.unshown.begin_opening(publication)
                reader.set_watched(True)
        self.tell_watchers()
        if visit is not None:
            visit.begin()

    def clients_gone(self, served: ServedPv) -> bool:
        """The last client has left; True if the backend is to close the PV now.

        A PV that is being opened at this moment stays open, and up to date, until its next
        client leaves.
        """
        publication = self.publisher.of(served)
        with self.reader.lock:
            publication.connected = False
            is_open = publication.state is State.OPEN
            if publication.state is not State.OPENING:
                if not is_open:
                    self.reader.services.unshown.end_opening(publication)
                publication.close()
            self.forget_unless_watched()
        self.tell_watchers()
        return is_open

    # From any thread ----------------------------------------------------------------------------

    def add(self, served: ServedPv) -> None:
        """Show the PV in one place more."""
        with self.reader.lock:
            self.publisher.attach(served)

    def remove(self, served: ServedPv) -> None:
        """Show the PV there no longer; its client leaves."""
        self.clients_gone(served)
        with self.reader.lock:
            self.publisher.remove(self.publisher.of(served))

    def tell_watchers(self) -> None:
        """Tell the watchers of the server whether a client is there; without the PV's lock."""
        watchers = self.reader.services.watchers
        # Two backends may let clients come and go at once: what is told last must be true.
        with watchers.lock:
            connected = any(one.connected for one in self.publisher.publications)
            if connected is not self.told:
                self.told = connected
                watchers.tell(self.pv, connected)

    # With the lock held -------------------------------------------------------------------------

    def forget_unless_watched(self) -> None:
        """Forget what only counts while the PV is watched.

        A PV may stay open after its last client left; it does not count as connected.
        """
        if all(one.closed for one in self.publisher.publications):
            self.puts.forget()
            self.reader.set_watched(False)

    def lasting_alarm(self) -> Alarm:
        """Return the alarm that the last client saw, if it holds for the next one.

        PyRogue's cache says nothing about a transaction that has failed.
        """
        if self.listener.has_unseen or self.publisher.alarm not in _LASTING:
            return NO_ALARM
        return self.publisher.alarm

    def opening_time(self, given: int = 0) -> int:
        """Return the time of a first value; whatever is published from now on is later.

        :param given: of the value, if the tree never told of one
        """
        publisher = self.publisher
        unseen = self.listener.take_unseen()
        if unseen is not None:
            publisher.stamp(unseen)
        elif publisher.is_unheard:
            publisher.stamp_unheard(given or self.reader.services.start_ns)
        return publisher.settled(publisher.shown_ns)
