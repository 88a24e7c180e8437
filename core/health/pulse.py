"""The pulse of the tree: for how long it has given no sign of life, and what holds it up."""

from __future__ import annotations

from collections.abc import Sequence

from ..tree.frames import running_command
from ..values.alarm import NO_ALARM, Alarm, Severity, Status
from .life_signs import LifeSign, PollRounds

PERIOD = 0.25
"""Seconds between two looks."""
_STOPPED = 1.0  # seconds beyond which the process itself was stopped between two looks
_LATE = 1.0  # seconds after which it is worth to find out why


class Pulse:
    """Looks at all signs of life of one tree; only one thread does so.

    A process that was stopped and goes on finds all signs late at once: they count anew then.

    :param signs: of the tree
    :param stuck_after: seconds without a sign after which the tree counts as held up
    """

    def __init__(self, signs: Sequence[LifeSign], stuck_after: float) -> None:
        self._signs = signs
        self._stuck_after = stuck_after
        self._looked: float | None = None
        self._started = not any(isinstance(sign, PollRounds) for sign in signs)
        #: seconds for which the sign that is late most has been due; 0 if none is
        self.age = 0.0
        #: ``busy: COMMAND for N s`` or ``hung: WHERE for N s``; empty while no sign is late
        self.text = ""

    @property
    def started(self) -> bool:
        """True once the first reads are done: PyRogue starts its poll thread after them."""
        if not self._started:
            polls = (sign for sign in self._signs if isinstance(sign, PollRounds))
            self._started = all(sign.begun for sign in polls)
        return self._started

    @property
    def alarm(self) -> Alarm:
        """The alarm of the tree: MAJOR while it counts as held up."""
        if self.age < self._stuck_after:
            return NO_ALARM
        return Alarm(Severity.MAJOR, Status.DRIVER, self.text)

    def look(self, now: float) -> None:
        """Look at all signs.

        :param now: monotonic time
        """
        if self._looked is not None and now - self._looked > _STOPPED:
            for sign in self._signs:
                sign.restart(now)
        self._looked = now
        for sign in self._signs:
            sign.look(now)
        oldest = max(self._signs, key=lambda sign: sign.age(now), default=None)
        age = 0.0 if oldest is None else oldest.age(now)
        text = (
            self._why(oldest, age)
            if oldest is not None and age >= min(_LATE, self._stuck_after)
            else ""
        )
        self.age, self.text = age, text

    def _why(self, sign: LifeSign, age: float) -> str:
        where, hardware = sign.where()
        thread = sign.thread
        if not hardware:
            command = running_command(None if thread is None else thread.ident)
            if not command and isinstance(sign, PollRounds) and sign.held_off:
                command = "pollBlock()"
            if command:
                return f"busy: {command} for {age:.0f} s"
        return f"hung: {where} for {age:.0f} s"
