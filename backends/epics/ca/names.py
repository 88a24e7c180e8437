"""Names as Channel Access carries them: UTF-8 here, whatever the environment tells caproto."""

from __future__ import annotations

from typing import Any


def text_of(command: Any) -> str:
    """Return the name in a search, a request for a channel, or of a user or host."""
    raw = b"".join(map(bytes, command.buffers))
    return raw.partition(b"\0")[0].decode("utf-8", "replace")
