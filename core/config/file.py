"""A configuration file: read, judged, and turned into the arguments of a server."""

from __future__ import annotations

import contextlib
import importlib
import typing
from collections.abc import Collection, Iterable, Iterator, Mapping
from operator import attrgetter
from os import PathLike
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from ..errors import ConfigError
from ..hooks.checks import why
from ..hooks.sources import of_option
from ..mapping.nearest import nearest_of
from .arguments import plugin_options
from .kinds import EXPECTED, TAGS
from .schema import ServerConfig
from .yaml_lines import Document, Fault, read_yaml
from .yaml_lines import Path as KeyPath

_SHOWN = 60  # characters of a value that is wrong
_FILES = ("pvMap", "acf", "audit", "web")  # which are files if they are text, or have some
_FILE_KEYS = ("file", "tokens", "certificate", "key")
_SECTIONS = ("names", "policies", "acf", "audit", "web")
_NO_KEYS = (*TAGS, "[key]")  # the last is pydantic's, for what is wrong with a key itself
_TEXTS = ("string_type", "kind")
_NO_SCALARS = (str, dict, list, type(None))
_WRONG = {
    "missing": "it is missing",
    "string_too_short": "it is empty",
    "too_short": "it is empty",
    "string_pattern_mismatch": "it is not of the form package.module:Class",
}


class Config:
    """A configuration file without faults.

    :param file: its name, as it is given in errors
    :param document: its content
    """

    def __init__(self, file: Path, document: Document) -> None:
        self._file = file
        self._document = document
        #: argument of a server -> its value, names of files as seen from the folder of this file
        self.values: dict[str, Any] = _with_files(document.value, file.absolute().parent)

    def arguments(self, overrides: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of a server, with new plugin objects.

        :param overrides: arguments that count instead of the file's
        :raises ConfigError: naming each plugin with options that cannot be made
        """
        found = {**self.values, **overrides}
        found.pop("args", None)  # of the root
        if "plugins" in self.values and "plugins" not in overrides:
            found["plugins"] = self._plugins(self.values["plugins"])
        return found

    def error(self, texts: Mapping[KeyPath, str]) -> ConfigError:
        """Return the error for some keys, with the line of each.

        :param texts: key -> what is wrong with its value
        """
        faults = [Fault(self._document.line(path), path, text) for path, text in texts.items()]
        return _error(self._file, faults)

    @contextlib.contextmanager
    def located(self, overrides: Collection[str]) -> Iterator[None]:
        """Add the line of the section to an error of the body, if a section is its cause.

        :param overrides: arguments that do not come from the file
        :raises ConfigError: naming line and key of each section that its plugin refuses
        """
        try:
            yield
        except Exception as exc:
            faults = list(self._refused(overrides))
            if not faults:
                raise
            raise _error(self._file, faults) from exc

    def _refused(self, overrides: Collection[str]) -> Iterator[Fault]:
        given = {name: None if name in overrides else self.values.get(name) for name in _SECTIONS}
        for name, option in plugin_options(**given).items():
            try:
                of_option(name, option)
            except Exception as exc:
                path = (name,) if name in given else ("policies", name)
                yield Fault(self._document.line(path), path, why(exc))

    def _plugins(self, wanted: Iterable[Any]) -> list[Any]:
        made: list[Any] = []
        faults = []
        for index, plugin in enumerate(wanted):
            try:
                made.append(plugin if isinstance(plugin, str) else _make(**plugin))
            except (Exception, SystemExit) as exc:
                path = ("plugins", index)
                text = f"{plugin['plugin']} cannot be made: {why(exc)}"
                faults.append(Fault(self._document.line(path), path, text))
        if faults:
            raise _error(self._file, faults)
        return made


def read_config(file: str | PathLike[str], given: Collection[str] = ()) -> Config:
    """Read and judge a configuration file.

    :param file: its name
    :param given: arguments that the file need not have
    :raises ConfigError: naming file, line and key of each fault
    """
    file = Path(file)
    document = _read(file)
    faults = document.faults or list(_faults(document, given))
    if faults:
        raise _error(file, faults)
    return Config(file, document)


def _with_files(values: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    found = dict(values)
    for name in _FILES:
        value = found.get(name)
        if isinstance(value, str):
            found[name] = str(folder / value)
        elif name != "pvMap" and value is not None:
            files = {key: str(folder / value[key]) for key in _FILE_KEYS if value.get(key)}
            found[name] = {**value, **files}
    return found


def _read(file: Path) -> Document:
    try:
        return read_yaml(file.read_bytes().decode("utf-8-sig"))
    except OSError as exc:
        raise ConfigError(f"cannot read the configuration {file}: {exc}") from exc
    except UnicodeDecodeError as exc:
        line = exc.object.count(b"\n", 0, exc.start) + 1
        raise _error(file, [Fault(line, (), f"it is not UTF-8: {exc}")]) from exc


def _error(file: Path, faults: Iterable[Fault]) -> ConfigError:
    texts = [
        f"{file}:{fault.line}: {_words(fault.path)}{fault.text}"
        for fault in sorted(faults, key=attrgetter("line"))
    ]
    return ConfigError(f"the configuration {file} cannot be used:", texts)


def _words(path: KeyPath) -> str:
    """Return ``acf.assign[0]['odd key']: ``, or nothing for the file itself."""
    parts = [f".{key}" if str(key).isidentifier() else f"[{key!r}]" for key in path]
    return f"{''.join(parts).removeprefix('.')}: " if parts else ""


def _faults(document: Document, given: Collection[str]) -> Iterator[Fault]:
    if document.value is None:
        yield Fault(1, (), "the file is empty")
        return
    if isinstance(document.value, dict) and "base" not in {*document.value, *given}:
        yield Fault(1, ("base",), "it is missing: the first part of every PV name")
    try:
        ServerConfig.model_validate(document.value)
    except ValidationError as exc:
        for error in exc.errors(include_url=False):
            path = tuple(key for key in error["loc"] if key not in _NO_KEYS)
            yield Fault(document.line(path), path, _text(error, path, document))


def _text(error: Any, path: KeyPath, document: Document) -> str:
    kind, value = error["type"], error["input"]
    words = {"msg": error["msg"], **error.get("ctx", {})}
    if kind == "extra_forbidden":
        return _unknown(str(path[-1]), _known(path[:-1]))
    if kind in _WRONG:
        return _WRONG[kind]
    expected = EXPECTED.get(kind, "{msg}").format_map(words)
    could_be_text = kind in _TEXTS and not expected.startswith("a number")
    quotes = ": put it in quotes" * (could_be_text and not isinstance(value, _NO_SCALARS))
    return f"expected {expected}, found {_found(value, document.written.get(path))}{quotes}"


def _found(value: Any, written: str | None) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, (dict, list)):
        return "a mapping" if isinstance(value, dict) else "a list"
    shown = str(written)
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
    return f"the text {shown!r}" if isinstance(value, str) else shown


def _unknown(key: str, known: Collection[str]) -> str:
    near = nearest_of(key, known, 0.5)
    hint = f"there are {', '.join(known)}" if near is None else f"the nearest is {near}"
    return f"it is not known; {hint}"


def _known(path: KeyPath) -> Collection[str]:
    """Return the keys that the section at ``path`` may have."""
    section: type[BaseModel] = ServerConfig
    for key in path:
        field = section.model_fields.get(str(key))
        if field is not None:
            section = next(_sections(field.annotation), section)
    return section.model_fields


def _sections(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _sections(part)


def _make(plugin: str, options: Mapping[str, Any] | None = None) -> Any:
    module, _, name = plugin.partition(":")
    return attrgetter(name)(importlib.import_module(module))(**(options or {}))
