"""What the script around a tree calls: adding to the import path, waiting for its end."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any


def addLibraryPath(path: str | list[str]) -> None:
    """Put directories at the head of the import path; an Exception if one cannot be read.

    :param path: one or several, absolute or relative to the directory of the script.
    """
    base = Path(sys.argv[0] if sys.argv else __file__).parent
    for item in path if isinstance(path, list) else [path]:
        if not os.access(base / item, os.R_OK):
            raise Exception(f"Library path {base / item} does not exist or is not readable")  # noqa: TRY002
        sys.path.insert(0, str(base / item))


def waitCntrlC() -> None:
    """Wait for SIGTERM or Ctrl-C; only on the main thread."""
    over = threading.Event()

    def end(*_: Any) -> None:
        over.set()

    signal.signal(signal.SIGTERM, end)
    try:
        sys.stdout.write(f"Running. Hit cntrl-c or send SIGTERM to {os.getpid()} to exit.\n")
        sys.stdout.flush()
        while not over.wait(0.5):
            pass
    except KeyboardInterrupt:
        return
