"""The server that a command line describes: from its options, and a file, to the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, NamedTuple

from roguebridge.core.cli.failure import Exit, Failure, failing
from roguebridge.core.mapping.map_file import read_map
from roguebridge.core.server.server import PvServer
from roguebridge.core.tree.pyrogue import protocols_of

if TYPE_CHECKING:
    from roguebridge.core.config.file import Config


class Timeout(NamedTuple):
    """A time limit that is given.

    :param seconds: None for none
    """

    seconds: float | None


@dataclass(slots=True)
class ServerOptions:
    """What the command line says about the server; empty where it says nothing.

    :raises Failure: if there is a configuration file, and something is wrong with it
    """

    base: str | None = None
    config: str | None = None
    pv_map: str | None = None
    names: str | None = None
    name_case: str | None = None
    name_separator: str | None = None
    name_index: str | None = None
    name_prefix: Sequence[tuple[str, str]] = ()
    name_alias: Sequence[str] = ()
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    backend: Sequence[str] = ()
    plugin: Sequence[str] = ()
    update_rate: Sequence[tuple[str, float | str | None]] = ()
    deadband: Sequence[tuple[str, float | str | None]] = ()
    clamp: Sequence[str] = ()
    allow_nan: Sequence[str] = ()
    completion_timeout: Timeout | None = None
    max_queued_bytes: int | None = None
    group_cache: float | None = None
    max_name: int | None = None
    strict: bool = False
    isolate: bool = False
    _file: Config | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.config is None:
            return
        from roguebridge.core.config.file import read_config

        with failing(Exit.USAGE, f"cannot read the configuration {self.config}", ours=Exit.USAGE):
            self._file = read_config(self.config, () if self.base is None else ("base",))
        self.strict = self.strict or self._file.values.get("strict", False)

    def servers(self, root: Any, tolerant: bool = False) -> list[PvServer]:
        """Return the servers of a root that has not started: the one asked for, else its own.

        The one asked for is added to the root, and starts with it.

        :param tolerant: True to go on without plugins of the file that are broken
        :raises Failure: if there is none, or it cannot be made
        """
        own = [server for server in protocols_of(root) if isinstance(server, PvServer)]
        if self.base is None and self._file is None:
            self._refuse_options_without_base()
            if not own:
                raise Failure(
                    Exit.USAGE, f"give --base: the root {root.name} brings no server of its own"
                )
            return own
        if self.base == "":
            raise Failure(Exit.USAGE, "--base is empty")  # an unset variable of a script
        server = self._make(root, tolerant)
        if not root.running:
            root.addProtocol(server)
        return [*own, server]

    def _refuse_options_without_base(self) -> None:
        for one in fields(self):
            if getattr(self, one.name) not in (None, (), [], False):
                option = f"--{one.name.replace('_', '-')}"
                raise Failure(Exit.USAGE, f"{option} needs --base: it describes a new server")

    def _naming(self) -> Mapping[str, Any]:
        """Return what is said of names, as the arguments of ``TemplateNames``."""
        said = {
            "template": self.names,
            "case": self.name_case,
            "separator": self.name_separator,
            "index": self.name_index,
            "prefixes": dict(self.name_prefix) or None,
            "aliases": list(self.name_alias) or None,
        }
        found = {key: value for key, value in said.items() if value is not None}
        if not found:
            return {}
        file = {} if self._file is None else self._file.values
        if self.pv_map is not None:
            raise Failure(Exit.USAGE, "--pv-map has names of its own: no other option names PVs")
        if file.get("pvMap") is not None:
            raise Failure(Exit.USAGE, f"the pvMap of {self.config} has names of its own")
        names = file.get("names", {})
        return {**({"template": names} if isinstance(names, str) else names), **found}

    def _make(self, root: Any, tolerant: bool) -> PvServer:
        given = self._given()
        file = self._file
        with failing(Exit.USAGE, "the server cannot be made", ours=Exit.USAGE):
            arguments = given if file is None else file.arguments(given)
            # Not instead of the file's: one more plugin must not open what those guard.
            arguments["plugins"] = [*self.plugin, *arguments.get("plugins", ())]
            if isinstance(arguments.get("pvMap"), str):
                arguments["pvMap"] = read_map(arguments["pvMap"])
            with nullcontext() if file is None else file.located(given):
                server = PvServer(root=root, **arguments)
        # A server goes on without a broken plugin; one that is asked for here is meant to work.
        asked = self.plugin if tolerant else arguments["plugins"]
        for name, text in server.broken_plugins.items():
            if name in asked:
                raise Failure(Exit.USAGE, text)
        return server

    def _given(self) -> dict[str, Any]:
        """Return the arguments of a server that the command line gives."""
        given: dict[str, Any] = {"strict": self.strict}
        if self.base is not None:
            given["base"] = self.base
        if self.include:
            given["incGroups"] = [group for group in self.include if group]
        if self.exclude:
            given["excGroups"] = [group for group in self.exclude if group]
        if self.pv_map is not None:
            given["pvMap"] = self.pv_map
        if self.backend:
            given["backends"] = self.backend
        for name in ("update_rate", "deadband"):
            if paced := getattr(self, name):
                given[name] = _by_path(paced)
        for name in ("clamp", "allow_nan"):
            if globs := getattr(self, name):
                given[name] = list(globs)
        for name in ("group_cache", "max_name"):
            if (number := getattr(self, name)) is not None:
                given[name] = number
        if self.completion_timeout is not None:
            given["completion_timeout"] = self.completion_timeout.seconds
        if self.max_queued_bytes is not None:
            given["max_queued_bytes"] = self.max_queued_bytes
        if names := self._naming():
            given["names"] = names
        if self.isolate:
            given["isolate"] = True
        return given


def _by_path(given: Sequence[tuple[str, float | str | None]]) -> Any:
    """Return the argument that options of the form ``[GLOB=]VALUE`` stand for."""
    by_glob = {glob: value for glob, value in given if glob}
    for_all = [value for glob, value in given if not glob]
    if not by_glob:
        return for_all[-1]
    return {**by_glob, "*": for_all[-1]} if for_all else by_glob
