"""Data frames without a Rogue stream: built and handed over by a Python call."""

from __future__ import annotations

import threading
import traceback
from typing import Any

import numpy as np


class Frame:
    """What a receiver asks of a frame.

    :param data: the bytes, or an array whose bytes are meant.
    :param error: anything but 0 marks a bad frame.
    """

    def __init__(self, data: Any, error: int = 0) -> None:
        raw = data.tobytes() if isinstance(data, np.ndarray) else bytes(data)
        self._data = np.frombuffer(raw, np.uint8)
        self._error = error
        self._lock = threading.RLock()

    def lock(self) -> threading.RLock:
        """Give the lock to hold while looking at the frame, as a context manager."""
        return self._lock

    def getError(self) -> int:
        """Give the error number, 0 for a good frame."""
        return self._error

    def getPayload(self) -> int:
        """Give the number of bytes."""
        return len(self._data)

    def getNumpy(self, offset: int = 0, count: int = 0) -> np.ndarray[Any, Any]:
        """Give a copy of some bytes, uint8 in one dimension.

        :param offset: first byte.
        :param count: how many; 0 for all that follow.
        """
        end = offset + count if count else None
        return self._data[offset:end].copy()


def send(receiver: Any, data: Any, error: int = 0) -> None:
    """Hand a frame to a receiver, on the caller's thread.

    As with a Rogue stream the sender does not hear of a failing receiver: the error is printed.

    :param receiver: a DataReceiver.
    :param data: the bytes, or an array whose bytes are meant.
    :param error: anything but 0 marks a bad frame.
    """
    try:
        receiver._acceptFrame(Frame(data, error))  # noqa: SLF001
    except Exception:
        traceback.print_exc()
