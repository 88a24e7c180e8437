"""The members of an NTNDArray that describe its pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from p4p import Value

from .nt_types import UNION

_NS = 1_000_000_000
_MONO = 0


class Frames:
    """Writes the frames of one open PV. A member that is as in the last frame is not marked again.

    :param in_color: whether an axis of 3 is taken for the colour
    """

    __slots__ = ("_in_color", "_unique_id", "_shape", "_nbytes", "_color")

    def __init__(self, in_color: bool) -> None:
        self._in_color = in_color
        self._unique_id = 0
        self._shape: tuple[int, ...] | None = None
        self._nbytes = -1
        self._color: int | None = None

    def write(self, value: Value, image: np.ndarray[Any, Any], time_ns: int) -> None:
        """Write a frame into a new Value.

        :raises TypeError: if NTNDArray has no such elements
        """
        member = UNION.get(image.dtype.name)
        if member is None:
            raise TypeError(f"an NTNDArray cannot hold elements of type {image.dtype}")
        self._unique_id = (self._unique_id + 1) & 0x7FFFFFFF
        value["value"] = (member, np.ascontiguousarray(image).reshape(-1))
        value["uniqueId"] = self._unique_id
        seconds, nanoseconds = divmod(time_ns, _NS)
        value["dataTimeStamp.secondsPastEpoch"] = seconds
        value["dataTimeStamp.nanoseconds"] = nanoseconds
        if image.shape != self._shape:
            self._shape = image.shape
            value["dimension"] = [
                {"size": size, "offset": 0, "fullSize": size, "binning": 1, "reverse": False}
                for size in reversed(image.shape)
            ]
        if image.nbytes != self._nbytes:
            self._nbytes = image.nbytes
            value["compressedSize"] = value["uncompressedSize"] = image.nbytes
        color = _color_mode(image.shape) if self._in_color else _MONO
        if color != self._color:
            self._color = color
            value["attribute"] = [
                {
                    "name": "ColorMode",
                    "value": color,
                    "descriptor": f"RGB{color - 1}" if color else "mono",
                    "sourceType": 0,
                    "source": "",
                }
            ]

    def repeat(self, value: Value, current: Value) -> None:
        """Write the present frame once more, without a new number."""
        pixels = current["value"]
        if pixels is not None:
            value["value"] = (UNION[pixels.dtype.name], pixels)


def _color_mode(shape: tuple[int, ...]) -> int:
    # As p4p's NTNDArray: the first axis of 3, fastest first, is the colour: RGB1, RGB2 or RGB3.
    if len(shape) == 3:
        for position, size in enumerate(reversed(shape)):
            if size == 3:
                return 2 + position
    return _MONO
