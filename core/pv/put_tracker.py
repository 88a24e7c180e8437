"""Which updates of the tree may be believed while a put runs, and after it has ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from ..values.reading import Sample


class Trust(Enum):
    """What to do with an update that arrives now."""

    SHOW = "show it"
    REREAD = "its value may be older than that of a put: read the node again and show that"
    WAIT = "a put is being written: only note that something came"
    DROP = "the tree has kept a refused value: show nothing"


@dataclass(slots=True, eq=False, repr=False)
class PutTracker:
    """Decides which updates may be believed, by the outcome of the puts before them.

    PyRogue reads the value of an update when it delivers it, keeps a refused value in its cache,
    and sends no update when a put fails. So an update may be older than the last put, may carry a
    value that is about to be refused, or one that was refused.

    ============  ==========================  =========================================  =========
    state         begins with                 ends with                                  an update
    ============  ==========================  =========================================  =========
    settled       the start; an update read   :meth:`begin`, :meth:`ended`,              SHOW
                  again                       :meth:`refused`
    written       :meth:`ended`, or           the next update, read again; the last      REREAD
                  :meth:`refused` with a      client leaves
                  value that was read back
    writing       :meth:`begin`               :meth:`ended`, :meth:`refused`,            WAIT
                                              :meth:`closed`
    doubtful      :meth:`refused` without a   a successful read: :meth:`ended` or        DROP
                  value read back             :meth:`believe`
    ============  ==========================  =========================================  =========

    A state further down hides those above it: a put may begin on a node that is in doubt or whose
    last put has just been written.

    Two values of the past help to tell an old update from a new one. :attr:`echo` was shown
    when a put had ended: the next update of the same value is the put's own and is not shown
    twice. ``_true`` was the value when a put had failed: for a moment, updates of the same
    value are taken for those that were queued before it, and do not clear the WRITE alarm.

    Every method is called with the PV's lock held. :meth:`trust` may also be asked without it, by
    the only update thread, and is then asked again with it.
    """

    #: a put is being written
    writing: bool = False
    #: the tree keeps a refused value that could not be read back
    doubtful: bool = False
    #: a put has ended: the value of the next update may have been read before
    written: bool = False
    #: the sample shown when a put had ended; None once an update has come
    echo: Sample | None = None
    _missed: bool = False  # an update came while a put was written
    _true: Any = None
    _true_until: float = 0.0

    @property
    def trust(self) -> Trust:
        """What to do with an update that arrives now."""
        if self.doubtful:
            return Trust.DROP
        if self.writing:
            return Trust.WAIT
        return Trust.REREAD if self.written else Trust.SHOW

    def begin(self) -> None:
        """A put begins to write: an update that comes before its end may have a refused value."""
        self._missed = False
        self.writing = True

    def miss(self) -> None:
        """An update has come that waits for the end of the put."""
        self._missed = True

    def ended(self, watched: bool) -> None:
        """The tree's present value is about to be read and shown."""
        self.doubtful = self.writing = False
        self.written = watched

    def shown(self, sample: Sample | None) -> None:
        """That value has been shown; None if it must be shown again with the next update."""
        self.echo = sample

    def refused(self, true: Any, read_back: bool, until: float) -> None:
        """A put has failed.

        :param true: the value that the node has now, as far as is known
        :param read_back: it was read since the put
        :param until: monotonic time until which updates of this value are old ones
        """
        self.doubtful, self.writing = not read_back, False
        self._true, self._true_until = true, until

    def closed(self) -> bool:
        """The put is over, however it went; returns True if an update was missed and not shown."""
        was, self.writing = self.writing, False
        return was and self._missed

    def reread(self) -> Sample | None:
        """The node has been read for an update; returns the value that is not to be shown twice."""
        echo, self.echo = self.echo, None
        return echo

    def begin_reread(self) -> None:
        """The node is about to be read for an update: a put that ends later comes after it."""
        self.written = False

    def believe(self) -> None:
        """The node was read: there is no doubt any more."""
        self.doubtful = False

    def forget(self) -> None:
        """The last client has left: the next one reads the node anyway."""
        self.written = False
        self.echo = None

    def is_old(self, value: Any, now: float) -> bool:
        """Return True if an update may have been queued before the put that has failed.

        :param now: monotonic time
        """
        return now < self._true_until and same_value(self._true, value)


def same_value(a: Any, b: Any) -> bool:
    """Return True if two values of the tree are the same; arrays by type, shape and elements."""
    if a is b:
        return True
    try:
        if hasattr(a, "dtype"):
            return bool(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes())
        return bool(a == b)
    except Exception:
        return False
