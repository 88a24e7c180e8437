"""Names as Channel Access carries them: UTF-8 here, whatever the environment tells caproto."""

from __future__ import annotations

from typing import Any

from roguebridge.core.requests import decoded


def text_of(command: Any) -> str:
    """Return the name in a search or a request for a channel."""
    return _raw(command).decode("utf-8", "replace")


def claimed(command: Any, most: int) -> str:
    """Return the name that a client gives itself or its host, as it came.

    :param most: characters that are kept, and one more, which tells that it was longer
    """
    return decoded(_raw(command)[: 4 * (most + 1)])[: most + 1]


def _raw(command: Any) -> bytes:
    return b"".join(map(bytes, command.buffers)).partition(b"\0")[0]
