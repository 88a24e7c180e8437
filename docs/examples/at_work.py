"""The detector at work: its values change as those of a real one would."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable
from typing import Any

_STEP = 0.2  # seconds
_PINNED = ("Adc[0]:Temperature", "Power:Voltage", "Power:Watts", "Camera:Frames")
_PLOTTED = ("Adc[0]:Temperature", "Adc[1]:Temperature", "Power:Watts")


def view(root: Any) -> str:
    """Return what stands behind the address of the page to show the detector at work."""
    names = {
        "pin": [f"Demo:{root.name}:{name}" for name in _PINNED],
        "plot": [f"Demo:{root.name}:{name}" for name in _PLOTTED],
        "pv": [f"Demo:{root.name}:Camera:Image"],
    }
    return "/#" + "&".join(f"{key}={','.join(value)}" for key, value in names.items())


class AtWork:
    """Moves the values of the detector, on a thread of its own; it starts and stops with the root.

    :param root: the detector
    :param opened: called with the address of the page, once the server runs
    """

    def __init__(self, root: Any, opened: Callable[[str], object] = lambda url: None) -> None:
        self._root = root
        self._opened = opened
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="detector-at-work", daemon=True)

    def _start(self) -> None:
        self._opened(self._root.epics.client_conf("web")["ROGUEBRIDGE_WEB_URL"])
        self._thread.start()

    def _stop(self) -> None:
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        began = time.monotonic()
        while not self._ended.wait(_STEP):
            self._move(time.monotonic() - began)

    def _move(self, seconds: float) -> None:
        root, noise = self._root, random.random() - 0.5  # noqa: S311 - of no secret
        root.Adc[0].Temperature.set(56.0 + 9.0 * math.sin(seconds / 14.0) + noise)
        root.Adc[1].Temperature.set(38.0 + 4.0 * math.sin(seconds / 23.0) + noise)
        root.Power.Voltage.set(12.0 + 1.5 * math.sin(seconds / 9.0) + 0.1 * noise)
        root.Power.Current.set(1.5 + 0.2 * math.cos(seconds / 5.0) + 0.05 * noise)
        root.Camera.Exposure.set(20 + int(15.0 * math.sin(seconds / 3.0)))
        root.Camera.Acquire()
