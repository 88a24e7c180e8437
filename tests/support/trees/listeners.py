"""A listener that records what it is told."""

import threading

from support.trees import LIMIT


class Recorder:
    """Usable as variable listener and as root listener; every wait has a limit."""

    def __init__(self):
        self.calls = []
        self.threads = []
        self._changed = threading.Condition()

    def __call__(self, path, value):
        with self._changed:
            self.calls.append((path, value))
            self.threads.append(threading.current_thread())
            self._changed.notify_all()

    @property
    def paths(self):
        return [path for path, _ in self.calls]

    @property
    def values(self):
        return [value.value for _, value in self.calls]

    def wait(self, count):
        """Wait until this many calls were made, and give them."""
        with self._changed:
            arrived = self._changed.wait_for(lambda: len(self.calls) >= count, LIMIT)
            assert arrived, f"{len(self.calls)} of {count} updates arrived"
            return list(self.calls)

    def clear(self):
        with self._changed:
            self.calls.clear()
            self.threads.clear()
