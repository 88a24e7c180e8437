"""Lets the clients of one PV come and go: it is opened for the first and closed after the last.

Clients come and go on the backends' network threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..backend.contract import ServedPv
from .opening import Opening, forget_unless_watched
from .publication import State
from .publisher import Publisher
from .put_tracker import PutTracker
from .reader import PvReader
from .update_listener import UpdateListener


@dataclass(slots=True, eq=False, repr=False)
class PvOpener:
    """Lets the clients of one PV come and go.

    The PV's lock guards the publications and the reader, which this class changes; the lock of the
    watchers guards :attr:`told`.

    :param pv: the holder, which the watchers get
    :param reader: of the node
    :param publisher: has the publications
    :param puts: which updates may be believed
    :param listener: of the node's updates
    :param told: True if the watchers were last told that a client is there
    """

    pv: Any
    reader: PvReader
    publisher: Publisher
    puts: PutTracker
    listener: UpdateListener
    told: bool = False

    # Network threads ----------------------------------------------------------------------------

    def client_arrived(self, served: ServedPv) -> None:
        """A first client has connected: have the PV opened, with a value or in time without."""
        reader = self.reader
        publication = self.publisher.of(served)
        with reader.lock:
            publication.connected = True
            visit = None
            if publication.closed:
                visit = Opening(
                    self.pv, reader, self.publisher, self.puts, self.listener, publication
                )
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
            forget_unless_watched(self.reader, self.publisher, self.puts)
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
        # Two backends may let clients come and go at once: the last message must be true.
        with watchers.lock:
            connected = any(one.connected for one in self.publisher.publications)
            if connected is not self.told:
                self.told = connected
                watchers.tell(self.pv, connected)
