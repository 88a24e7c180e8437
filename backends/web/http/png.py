"""Images as PNG: shades of grey of 8 or 16 bits, or red, green and blue."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np

from roguebridge.core.values import MisfitError

_GREY, _RGB = 0, 2
_LEVEL = 1  # of zlib: images change many times a second


def png(image: Any) -> bytes:
    """Return an image as PNG; numbers that are no pixels are scaled from least to greatest.

    :param image: of rank 2, or 3 with a last axis of 3
    :raises MisfitError: for an array that is no image
    """
    is_rgb = image.ndim == 3 and image.shape[-1] == 3
    if not image.size or not (is_rgb or image.ndim == 2):
        raise MisfitError(f"an array of shape {list(image.shape)} is no image")
    pixels = image if image.dtype in (np.uint8, np.uint16) else _scaled(image)
    rows = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder(">")).reshape(len(pixels), -1)
    raw = rows.view(np.uint8).reshape(len(rows), -1)
    lines = np.zeros((len(raw), raw.shape[1] + 1), np.uint8)  # each begins with its filter: none
    lines[:, 1:] = raw
    height, width = pixels.shape[:2]
    kind = _RGB if is_rgb else _GREY
    head = struct.pack("!IIBBBBB", width, height, 8 * pixels.dtype.itemsize, kind, 0, 0, 0)
    content = zlib.compress(lines.tobytes(), _LEVEL)
    chunks = (b"IHDR", head), (b"IDAT", content), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack("!I", len(content)) + name + content + struct.pack("!I", check)


def _scaled(image: Any) -> Any:
    numbers = image.astype(np.float64)
    finite = np.where(np.isfinite(numbers), numbers, np.nan)
    if np.isnan(finite).all():
        return np.zeros(image.shape, np.uint8)
    low, high = np.nanmin(finite), np.nanmax(finite)
    span = high - low or 1.0
    return np.nan_to_num((finite - low) * (255.0 / span)).astype(np.uint8)
