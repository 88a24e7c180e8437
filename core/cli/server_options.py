"""The server that a command line describes: from its options, and a file, to the server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from roguebridge.core.cli.failure import Exit, Failure, failing
from roguebridge.core.cli.root_arguments import RootArguments
from roguebridge.core.config.options import OPTIONS
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


class ServerOptions:
    """The options of the command line that describe a server.

    :param config: name of a configuration file
    :param args: arguments of the root
    :param said: the options by the names of the server's arguments, and those that spell PV names;
        empty ones count as not given
    :raises Failure: if there is a configuration file, and something is wrong with it
    """

    def __init__(
        self, config: str | None = None, args: Sequence[tuple[str, str]] = (), **said: Any
    ) -> None:
        self._said = {
            "template" if name == "names" else name: value
            for name, value in said.items()
            if value is not None and value is not False and value not in ((), [])
        }
        self._config = config
        self._file: Config | None = None
        #: True to let every problem of the mapping end the command
        self.strict: bool = self._said.pop("strict", False)
        #: what the root is made with
        self.root_arguments = RootArguments(args)
        if config is None:
            return
        from roguebridge.core.config.file import read_config

        with failing(Exit.USAGE, f"cannot read the configuration {config}", ours=Exit.USAGE):
            self._file = read_config(config, self._said)
        self.strict = self.strict or self._file.values.get("strict", False)
        self.root_arguments = RootArguments(args, self._file)

    def servers(self, root: Any, tolerant: bool = False) -> list[PvServer]:
        """Return the servers of a root that has not started: its own, and one of the options.

        The one asked for is added to the root, and starts with it.

        :param tolerant: True to go on without plugins of the file that are broken
        :raises Failure: if there is none, or it cannot be made
        """
        own = [server for server in protocols_of(root) if isinstance(server, PvServer)]
        base = self._said.get("base")
        if base is None and self._file is None:
            for name in ("strict", *self._said) if self.strict else self._said:
                flag = SPELLING.get(name) or OPTIONS[name].flag
                raise Failure(Exit.USAGE, f"{flag} needs --base: it describes a new server")
            if not own:
                raise Failure(
                    Exit.USAGE, f"give --base: the root {root.name} brings no server of its own"
                )
            return own
        if base == "":
            raise Failure(Exit.USAGE, "--base is empty")  # an unset variable of a script
        server = self._make(root, tolerant)
        if not root.running:
            root.addProtocol(server)
        return [*own, server]

    def _naming(self) -> Mapping[str, Any]:
        """Return the options of PV names, as the arguments of ``TemplateNames``."""
        found = {name: value for name, value in self._read() if name in SPELLING}
        if not found:
            return {}
        file = {} if self._file is None else self._file.values
        if "pvMap" in self._said:
            raise Failure(Exit.USAGE, "--pv-map has names of its own: no other option names PVs")
        if file.get("pvMap") is not None:
            raise Failure(Exit.USAGE, f"the pvMap of {self._config} has names of its own")
        names = file.get("names", {})
        return {**({"template": names} if isinstance(names, str) else names), **found}

    def _make(self, root: Any, tolerant: bool) -> PvServer:
        given = self._given()
        file = self._file
        with failing(Exit.USAGE, "the server cannot be made", ours=Exit.USAGE):
            arguments = given if file is None else file.arguments(given)
            # Not instead of the file's: one more plugin must not open what those guard.
            arguments["plugins"] = [*self._said.get("plugins", ()), *arguments.get("plugins", ())]
            if isinstance(arguments.get("pvMap"), str):
                arguments["pvMap"] = read_map(arguments["pvMap"])
            with nullcontext() if file is None else file.located(given):
                server = PvServer(root=root, **arguments)
        # A server goes on without a broken plugin; one that is asked for here is meant to work.
        asked = self._said.get("plugins", ()) if tolerant else arguments["plugins"]
        for name, text in server.broken_plugins.items():
            if name in asked:
                raise Failure(Exit.USAGE, text)
        return server

    def _given(self) -> dict[str, Any]:
        """Return the arguments of a server that the command line gives."""
        given = {name: value for name, value in self._read() if name not in SPELLING}
        given.pop("plugins", None)
        naming = self._naming()
        return {**given, "strict": self.strict, **({"names": naming} if naming else {})}

    def _read(self) -> Iterator[tuple[str, Any]]:
        for name, value in self._said.items():
            yield name, _READ[name](value) if name in _READ else value


def _by_path(given: Sequence[tuple[str, float | str | None]]) -> Any:
    """Return the argument that options of the form ``[GLOB=]VALUE`` stand for."""
    by_glob = {glob: value for glob, value in given if glob}
    for_all = [value for glob, value in given if not glob]
    if not by_glob:
        return for_all[-1]
    return {**by_glob, "*": for_all[-1]} if for_all else by_glob


def _without_empty(groups: Sequence[str]) -> list[str]:
    return [group for group in groups if group]


#: argument of ``TemplateNames`` -> its option
SPELLING = {
    "template": "--names",
    "case": "--name-case",
    "separator": "--name-separator",
    "index": "--name-index",
    "prefixes": "--name-prefix",
    "aliases": "--name-alias",
}
#: argument -> makes it of what the option gives
_READ: dict[str, Callable[[Any], Any]] = {
    "incGroups": _without_empty,
    "excGroups": _without_empty,
    "update_rate": _by_path,
    "deadband": _by_path,
    "clamp": list,
    "allow_nan": list,
    "completion_timeout": attrgetter("seconds"),
    "prefixes": dict,
    "aliases": list,
    "status": lambda given: given != "off",
}
