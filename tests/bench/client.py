"""The process of one p4p client: ``python -m bench.client``."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from p4p.client.raw import Context

from . import child
from .counting import LIMIT, Counting

_BLOCK = "field()record[block=true,process=passive]"  # as p4p's own put(wait=True)


class Watch:
    """A monitor that only counts: decoding is the client's business."""

    __slots__ = ("_client", "_subscription", "_started")

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self._started = False
        self._subscription: Any = None
        self._subscription = client.context.monitor(name, self._event)
        self._event()  # what came before there was something to pop from

    def _event(self) -> None:
        subscription = self._subscription
        if subscription is None:
            return
        while (value := subscription.pop()) is not None:
            if isinstance(value, Exception):
                continue  # connected, disconnected
            self._client.saw(int(not self._started), int(self._started))
            self._started = True


class Client(Counting):
    """Watches and puts at the parent's command, and measures itself."""

    context: Context

    def connect(self, conf: dict[str, str]) -> None:
        """Make the context; nothing is searched for yet."""
        self.context = Context("pva", conf=conf, useenv=False, nt=False)
        self._watches: list[Watch] = []

    def monitor(self, names: Sequence[str]) -> float:
        """Watch PVs; return the seconds until all first values were there."""
        begin = time.perf_counter()
        self._watches += [Watch(self, name) for name in names]
        return self.wait_for_firsts(len(self._watches), begin)

    def put_loop(self, name: str, seconds: float) -> list[tuple[float, float]]:
        """Put, wait for the answer, and so on; return begin (monotonic) and seconds of each."""
        times = []
        end = time.monotonic() + seconds
        while (begin := time.monotonic()) < end:
            self.put_all([name])
            times.append((begin, time.monotonic() - begin))
        return times

    def put_all(self, names: Sequence[str], delay: float = 0.0, answered: bool = True) -> float:
        """Put to all at once; return the seconds until the last answer.

        :param delay: seconds to wait before
        :param answered: False to return at once
        """
        time.sleep(delay)
        answers = Answers(len(names))
        begin = time.monotonic()
        self._puts = [
            self.context.put(name, answers.take, _fill, request=_BLOCK, get=False) for name in names
        ]
        if answered:
            answers.wait()
        return time.monotonic() - begin


class Answers:
    """Waits for so many answers."""

    def __init__(self, count: int) -> None:
        self._missing = count
        self._error: Exception | None = None
        self._all = threading.Lock()
        self._all.acquire()

    def take(self, answer: Any) -> None:
        """Take one; p4p calls it on its client's thread."""
        if isinstance(answer, Exception):
            self._error = answer
        self._missing -= 1
        if self._missing == 0:
            self._all.release()

    def wait(self) -> None:
        """Wait for the last, and raise what went wrong."""
        if not self._all.acquire(timeout=LIMIT):
            raise TimeoutError(f"{self._missing} puts were not answered")
        if self._error is not None:
            raise self._error


def _fill(value: Any) -> None:
    value["value"] = time.monotonic()


def commands() -> Mapping[str, Callable[..., Any]]:
    """Return what the parent may ask for."""
    client = Client()
    names = ("connect", "monitor", "reset", "settle", "put_loop", "put_all")
    return {name: getattr(client, name) for name in names}


if __name__ == "__main__":
    child.serve(commands)
