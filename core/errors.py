"""The errors Roguebridge raises; each one names the path, PV or plugin it is about."""

from __future__ import annotations

from collections.abc import Iterable


class RoguebridgeError(Exception):
    """Base of every error raised by Roguebridge itself."""


class NotRunningError(RoguebridgeError):
    """The tree is not running, so its nodes must not be touched."""


class RogueVersionError(RoguebridgeError):
    """The tree is of a Rogue that is older than the lowest version supported."""


class MappingError(RoguebridgeError):
    """A mapping cannot be served; ``problems`` lists every reason, one text each."""

    def __init__(self, message: str, problems: Iterable[str] = ()) -> None:
        self.problems = tuple(problems)
        super().__init__("\n  ".join([message, *self.problems]))


class ConfigError(RoguebridgeError):
    """A configuration file cannot be used; ``problems`` lists every reason, with its line."""

    def __init__(self, message: str, problems: Iterable[str] = ()) -> None:
        self.problems = tuple(problems)
        super().__init__("\n  ".join([message, *self.problems]))


class BackendError(RoguebridgeError):
    """A backend is unknown, cannot be loaded or cannot start."""


class PluginError(RoguebridgeError):
    """A plugin is broken; the text names plugin, hook and argument."""


class PutError(RoguebridgeError):
    """A put or call is refused before the tree is touched; the text goes to the client."""


def words_of(exc: BaseException) -> str:
    """Return what an exception says, or the name of its type if it says nothing or cannot."""
    try:
        return str(exc) or type(exc).__name__
    except BaseException:  # an answer depends on it
        return type(exc).__name__


def in_words(exc: BaseException) -> str:
    """Return type and text of an exception, in one short line."""
    try:
        text = " ".join(str(exc).split())
    except BaseException:
        text = "its text cannot be had"
    kind = type(exc).__name__
    return f"{kind}: {text[:200]}" if text else kind
