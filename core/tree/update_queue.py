"""The queue of a PyRogue root's update thread: markers in it, and updates of the present group."""

from __future__ import annotations

from threading import get_ident
from typing import Any


def takes_markers(root: Any) -> bool:
    """Tell whether the update thread of a root sets each event that it finds among the updates.

    Rogue 6.14 and later do, for ``waitOnUpdate()``; older ones would end. A remote root has no
    such thread.

    :param root: a root
    """
    if not hasattr(getattr(root, "__dict__", {}).get("_updateQueue"), "put"):
        return False
    classes = (vars(one) for one in type(root).__mro__)
    workers = [one["_updateWorker"] for one in classes if "_updateWorker" in one]
    codes = [getattr(one, "__code__", None) for one in workers]
    return any("Event" in getattr(code, "co_names", ()) for code in codes)


def send_group(root: Any) -> None:
    """Send the updates that the present thread has collected, if it is in an ``updateGroup``.

    :param root: a root that takes markers
    """
    tracker = root._updateTrack.get(get_ident())  # noqa: SLF001
    if depth := getattr(tracker, "_count", 0):
        tracker._count = 0  # noqa: SLF001
        try:
            tracker._check()  # noqa: SLF001
        finally:
            tracker._count = depth  # noqa: SLF001
