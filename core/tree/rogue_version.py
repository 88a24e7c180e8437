"""The lowest version of Rogue that is supported; nothing is imported to find out a tree's."""

from __future__ import annotations

import re
import sys
from typing import Any

from ..errors import RogueVersionError

LOWEST = (6, 5, 0)

_PACKAGE = "pyrogue"
_RELEASE = re.compile(r"v?(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?")


def check_version(root: Any) -> None:
    """Refuse a tree whose PyRogue is older than :data:`LOWEST`.

    Trees that are no PyRogue's pass, and so do versions that are no release: of a development
    version nobody knows what it has.

    :param root: a root, running or not
    :raises RogueVersionError: naming the version and the lowest one
    """
    text = version_of(root)
    release = None if text is None else _RELEASE.fullmatch(text)
    if release is not None and tuple(int(part or 0) for part in release.groups()) < LOWEST:
        raise RogueVersionError(
            f"Rogue {text} is too old: Roguebridge needs {'.'.join(map(str, LOWEST))} or later"
        )


def version_of(root: Any) -> str | None:
    """Return what the PyRogue says whose class the root is derived from, or None."""
    if any(kind.__module__.partition(".")[0] == _PACKAGE for kind in type(root).__mro__):
        version = getattr(sys.modules.get(_PACKAGE), "__version__", None)
        return version if isinstance(version, str) else None
    return None
