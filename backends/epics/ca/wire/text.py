"""Names as Channel Access carries them: bytes of UTF-8 up to a zero byte."""

from __future__ import annotations

from roguebridge.core.requests import decoded


def text_of(payload: bytes) -> str:
    """Return the name in a search or a request for a channel."""
    return payload.partition(b"\0")[0].decode("utf-8", "replace")


def claimed(payload: bytes, most: int) -> str:
    """Return the name that a client gives itself or its host, as it came.

    :param most: characters that are kept, and one more, which tells that it was longer
    """
    return decoded(payload.partition(b"\0")[0][: 4 * (most + 1)])[: most + 1]
