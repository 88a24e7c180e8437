"""The parts of a PV that only clients need."""

from __future__ import annotations

from typing import Any

from ..backend.contract import ServedPv
from .command_job import CommandRuns
from .opener import PvOpener
from .publisher import Publisher
from .put_outcome import PutOutcome
from .put_tracker import PutTracker
from .reader import PvReader
from .rereads import Rereads
from .update_listener import UpdateListener


class Parts:
    """The parts of a PV that only clients need; made for the first of them.

    :param pv: the holder, which watchers and plugins get
    :param reader: of the node
    :param listener: of the node's updates
    :param served: the PV in each backend
    """

    __slots__ = ("publisher", "puts", "rereads", "outcome", "opener", "runs")

    def __init__(
        self,
        pv: Any,
        reader: PvReader,
        listener: UpdateListener,
        served: tuple[ServedPv, ...],
    ) -> None:
        self.publisher = Publisher(reader)
        for one in served:
            self.publisher.attach(one)
        self.puts = PutTracker()
        self.rereads = Rereads(reader, self.publisher, self.puts)
        self.outcome = PutOutcome(reader, self.publisher, self.puts, self.rereads)
        self.opener = PvOpener(pv, reader, self.publisher, self.puts, listener)
        #: of a command only
        self.runs: CommandRuns | None = None
        if reader.entry.is_command:
            self.runs = CommandRuns(reader.services.queue_commands)
        listener.connect(self.publisher, self.puts, self.rereads)
