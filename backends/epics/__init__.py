"""The EPICS front door: serve a PyRogue tree with one ``addProtocol`` line.

Drop-in for ``pyrogue.protocols.epicsV4``: the same constructor, ``list()`` and ``dump()``.
"""

from __future__ import annotations

from roguebridge.core.errors import BackendError, ConfigError, MappingError, RoguebridgeError
from roguebridge.core.pv import PvHolder
from roguebridge.core.server import PvServer

__all__ = [
    "BackendError",
    "ConfigError",
    "EpicsPvHolder",
    "EpicsPvServer",
    "MappingError",
    "RoguebridgeError",
]


class EpicsPvHolder(PvHolder):
    """One served node, reachable as ``server.holders[path]``."""

    __slots__ = ()


class EpicsPvServer(PvServer):
    """Serves a PyRogue tree to EPICS; see :class:`~roguebridge.core.server.server.PvServer`.

    .. code-block:: python

        self.epics = EpicsPvServer(base='MyIoc', root=self, excGroups=['NoServe'])
        self.addProtocol(self.epics)
    """

    holder_class = EpicsPvHolder
    logger_name = "pyrogue.EpicsPvServer"
