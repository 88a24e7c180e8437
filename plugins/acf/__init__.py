"""EPICS access security files: who may put and call, by user, host and the state of other PVs.

In case of doubt a rule does not match.
"""

from .plugin import Acf
from .words import AcfError

__all__ = ["Acf", "AcfError"]
