"""One piece of work for a worker, and the job that only calls a function."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable


class Job(ABC):
    """One piece of work for a node.

    :param lane: jobs of one lane run one after the other, in order
    :param device: jobs of one device share its limit
    """

    __slots__ = ("lane", "device")

    def __init__(self, lane: str, device: str) -> None:
        self.lane = lane
        self.device = device

    @abstractmethod
    def run(self) -> None:
        """Do the work, on a worker thread."""

    @abstractmethod
    def abandon(self, reason: str) -> None:
        """Give the job up: it was queued and never runs, or still runs when the server stops."""


class FunctionJob(Job):
    """Calls a function on a worker; no client waits for it.

    :param lane: its lane
    :param device: its device; without one, the lane counts as a device
    :param give_up: called instead if the job is given up
    """

    __slots__ = ("_call", "_give_up")

    def __init__(
        self,
        lane: str,
        call: Callable[[], object],
        device: str | None = None,
        give_up: Callable[[], object] | None = None,
    ) -> None:
        super().__init__(lane, lane if device is None else device)
        self._call = call
        self._give_up = give_up

    def run(self) -> None:
        """Call the function."""
        self._call()

    def abandon(self, reason: str) -> None:
        """Call ``give_up``, if there is one."""
        if self._give_up is not None:
            self._give_up()
