"""What servers and clients of the benchmark are: processes that answer JSON lines.

A child ends when its parent does, stopped ones too. What libraries print goes to stderr: PyRogue
greets on stdout.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from typing import Any

_PR_SET_PDEATHSIG = 1


def serve(commands: Callable[[], Mapping[str, Callable[..., Any]]]) -> None:
    """Answer the parent's commands until it closes the pipe.

    :param commands: makes the commands, by name; their results must fit into JSON
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's business
    _die_with_parent()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    requests: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    known: Mapping[str, Callable[..., Any]] | None = None
    while True:
        request = json.loads(requests.get())
        try:
            if known is None:
                known = commands()
            answer = {"result": known[request.pop("op")](**request)}
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), file=answers, flush=True)


def _listen(requests: queue.SimpleQueue[str]) -> None:
    for line in sys.stdin:
        requests.put(line)
    os._exit(0)  # trees have threads that would never end


def _die_with_parent() -> None:
    # A stopped process does not see its pipe close; elsewhere than on Linux it must be enough.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
