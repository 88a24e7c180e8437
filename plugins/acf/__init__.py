"""EPICS access security files: who may put and call, by user, host and the state of other PVs.

p4p parses the files; the rules are judged here, and fail closed.
"""

from .plugin import Acf
from .words import AcfError

__all__ = ["Acf", "AcfError"]
