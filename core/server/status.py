"""What a server serves of itself, and a hash that changes with what the server was asked for."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..backend.contract import Backend
from ..config.options import OPTIONS
from ..health import Health, LastRuns, Listing, StatusNodes
from ..health.health import Sources
from ..health.life_signs import signs_of
from ..health.pulse import Pulse
from ..mapping.extra_nodes import ExtraNode
from ..mapping.pv_map import PvMap
from .mapper import MappedTree
from .run import ServerRun

_LEFT_OUT = ("root", "pvMap", "plugins", "clock")  # the mapping and the plugins are hashed


class Status:
    """What a server serves of itself: its state, and how commands went, as far as it is asked to.

    :param arguments: those of the server, by name
    :param backends: that it has
    """

    def __init__(self, arguments: Mapping[str, Any], backends: Sequence[Backend]) -> None:
        self._settings = settings_of(arguments)
        base, stuck_after = arguments["base"], arguments["stuck_after"]
        wanted, commands = arguments["status"], arguments["command_status"]
        self._nodes = StatusNodes(base, backends, stuck_after) if wanted else None
        self._listing = Listing()
        self._listed = [ExtraNode(f"{base}:RB:LIST", self._listing)] if wanted else []
        #: shows how the last run of each command went; None for no such PVs
        self.last_runs = LastRuns() if commands else None

    def nodes(self, mapped: PvMap) -> Sequence[ExtraNode]:
        """Return the server's own nodes.

        :param mapped: the tree's mapping
        """
        status = () if self._nodes is None else self._nodes.nodes()
        return (
            *status,
            *self._listed,
            *(() if self.last_runs is None else self.last_runs.nodes(mapped)),
        )

    def attach(self, run: ServerRun, server: Any, mapped: MappedTree) -> None:
        """Give a run that has not begun its health, if there are status PVs.

        :param server: the :class:`.PvServer`; it has the report and the plugins
        :param mapped: what the run serves
        """
        self._listing.attach(run.holders)
        if self._nodes is None:
            return
        services, watchdog, freshness = run.services, run.watchdog, run.freshness
        signs = signs_of(freshness.root, services.variables, watchdog.delivers)
        pulse = Pulse(signs, freshness.stuck_after)
        services.tree_state = lambda: pulse.text

        def hashed() -> str:
            plugins = [f"{one.name} {one.version} {one.state}" for one in server.plugins]
            return config_hash(self._settings, plugins, mapped.pvs, mapped.own)

        sources = Sources(
            services,
            run.backends,
            run.holders,
            [entry.path for entry in mapped.own.entries],
            lambda: watchdog.revivals,
            server.report,
            hashed,
        )
        run.health = Health(self._nodes, pulse, sources)


def settings_of(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a server that its hash is made of.

    :param arguments: by name, and perhaps more
    """
    return {
        name: arguments[name] for name in OPTIONS if name in arguments and name not in _LEFT_OUT
    }


def config_hash(settings: Mapping[str, Any], plugins: Sequence[str], *maps: PvMap) -> str:
    """Return twelve hexadecimal digits that change with arguments, access file, plugins and PVs.

    :param settings: what :func:`settings_of` returns
    :param plugins: names and versions
    :param maps: the mappings of a run
    """
    digest = hashlib.sha256()
    for text in (_text_of(settings), *plugins):
        digest.update(f"{text}\n".encode())
    acf = settings.get("acf")
    file = acf.get("file") if isinstance(acf, Mapping) else acf
    if isinstance(file, (str, os.PathLike)):
        digest.update(_content(file))
    for mapped in maps:
        for entry in mapped.entries:
            digest.update(f"{entry.path} {' '.join(entry.names)}\n".encode("utf-8", "replace"))
    return digest.hexdigest()[:12]


def _content(file: str | os.PathLike[str]) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError:  # it has been read, and is gone
        return b""


def _text_of(value: Any) -> str:
    """Return a text that is equal for equal arguments, in another process too."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(sorted(f'{key}: {_text_of(one)}' for key, one in value.items()))}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_text_of, value))}]"
    if isinstance(value, (set, frozenset)):
        return f"[{', '.join(sorted(map(_text_of, value)))}]"
    if isinstance(value, os.PathLike):
        return str(os.fspath(value))
    plain = value is None or isinstance(value, (bool, int, float, str))
    return repr(value) if plain else type(value).__qualname__
