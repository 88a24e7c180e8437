"""The state of the server itself: whether the tree is alive, and the numbers of its status PVs."""

from .health import Health
from .last_runs import LastRuns
from .listing import Listing
from .status_nodes import StatusNodes

__all__ = ["Health", "LastRuns", "Listing", "StatusNodes"]
