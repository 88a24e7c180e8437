"""What is served in a measurement: the same nodes for a tree and for a server without one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

PER_DEVICE = 97  # a device adds three nodes of its own


@dataclass(frozen=True, slots=True)
class Node:
    """One variable of a device.

    :param pair: two values of its type, which updates alternate between
    :param put_seconds: how long its device takes to accept a value
    :param settable: False if clients cannot put to it
    :param hangs: True if its device does not answer a put before it is released
    :param disp: PyRogue's format of the value's text; None for its default
    """

    device: int
    name: str
    pair: tuple[Any, Any]
    put_seconds: float = 0.0
    hangs: bool = False
    settable: bool = True
    disp: str | None = None

    @property
    def pv_name(self) -> str:
        """The name the bridge gives it."""
        return f"Bench:Top:Dev[{self.device}]:{self.name}"


def scalars(size: int) -> list[Node]:
    """Return so many numbers, floats and ints in turn."""
    return [
        Node(
            number // PER_DEVICE,
            f"V{number % PER_DEVICE}",
            (0.25, 0.75) if number % 2 else (1, 2),
        )
        for number in range(size)
    ]


def readings(size: int) -> list[Node]:
    """Return so many numbers that clients can only read."""
    return [replace(node, settable=False) for node in scalars(size)]


def tree_of(size: int) -> list[Node]:
    """Return the numbers of a tree that has about so many nodes in all."""
    return scalars(max(1, size // (PER_DEVICE + 3)) * PER_DEVICE)


def array(size: int) -> list[Node]:
    """Return one float64 array of so many elements, in PyRogue's default format."""
    values = np.arange(size, dtype=float)
    return [Node(0, "Array", (values, values + 1.0))]


def fast_array(size: int) -> list[Node]:
    """Return one float64 array that PyRogue makes no text of."""
    values = np.arange(size, dtype=float)
    return [Node(0, "Array", (values, values + 1.0), disp="")]


def image(size: int) -> list[Node]:
    """Return one square uint16 image of so many rows."""
    pixels = np.arange(size * size, dtype=np.uint16).reshape(size, size)
    return [Node(0, "Image", (pixels, pixels[::-1].copy()))]


def slow(size: int) -> list[Node]:
    """Return a slow node in each of so many devices, one with 64 that hang, a fast one."""
    return [
        *(Node(number, "Slow", (1.0, 2.0), put_seconds=0.2) for number in range(size)),
        *(Node(size, f"Hung{number}", (1.0, 2.0), hangs=True) for number in range(4 * size)),
        Node(size + 1, "Fast", (1.0, 2.0)),
    ]


def putters(size: int) -> list[Node]:
    """Return a fast node in each of so many devices."""
    return [Node(number, "Fast", (1.0, 2.0)) for number in range(size)]


LAYOUTS: dict[str, Callable[[int], list[Node]]] = {
    made.__name__: made
    for made in (scalars, readings, tree_of, array, fast_array, image, slow, putters)
}
