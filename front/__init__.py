"""Roguebridge serves SLAC Rogue (PyRogue) trees to EPICS and other control systems.

The names that most programs need, each loaded when it is asked for: importing this package costs
nothing and loads no engine, no protocol library and no Rogue.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pkgutil import extend_path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from roguebridge.backends.epics import EpicsPvServer
    from roguebridge.core import PvServer, Select, __version__, hookimpl

__all__ = ["EpicsPvServer", "PvServer", "Select", "__version__", "hookimpl"]

_MODULES = {
    "EpicsPvServer": "roguebridge.backends.epics",
    "PvServer": "roguebridge.core",
    "Select": "roguebridge.core",
    "__version__": "roguebridge.core",
    "hookimpl": "roguebridge.core",
}

# Packages of a site may be installed as `roguebridge.NAME` in another folder of the path.
__path__ = extend_path(__path__, __name__)


def __getattr__(name: str) -> Any:
    """Load ``name`` from its module; Python asks once, for the module keeps it."""
    if name not in _MODULES:
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}", name=name, obj=sys.modules[__name__]
        )
    value = globals()[name] = getattr(import_module(_MODULES[name]), name)
    return value


def __dir__() -> list[str]:
    """List the names that can be had, loaded or not."""
    return sorted({*globals(), *__all__})
