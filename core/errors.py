"""The errors Roguebridge raises; each one names the path, PV or plugin it is about."""

from __future__ import annotations

import re
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


_NO_REASON = "the library gives no reason"
# Names of devices and addresses may have a `::` too: only known namespaces are taken for C++.
_SPACES = r"std|boost|pvxs|epics|rogue|__gnu_cxx|basic_string|vector|deque|(?:unordered_)?map"
#: what C++ libraries say, and what a user can use of it
_CPP = (
    (re.compile(r"terminate called after throwing an instance of \S+\s+what\(\): *"), ""),
    (re.compile(r"(?:\w+::)+[^\s:]+: General Error: "), ""),
    (re.compile("Python argument types in.*", re.DOTALL), "wrong arguments of a function"),
    (re.compile("No (?:Python class|to_python) .*"), "a library has no place for it in Python"),
    (re.compile(r"unidentifiable C\+\+ exception"), _NO_REASON),
    (re.compile("std::bad_alloc"), "out of memory"),
    (re.compile(rf"\b(?:{_SPACES})(?:::~?[\w\[\]]+(?:<[^<>]*>)?(?:\([^()]*\))?)+(?:: |:$)?"), ""),
)


def words_of(exc: BaseException) -> str:
    """Return what an exception says, or the name of its type if it says nothing or cannot.

    Names that only the C++ of a library knows are left out.
    """
    try:
        return without_cpp(str(exc)) or type(exc).__name__
    except BaseException:  # an answer depends on it
        return type(exc).__name__


def in_words(exc: BaseException) -> str:
    """Return type and text of an exception, in one short line."""
    try:
        text = " ".join(without_cpp(str(exc)).split())
    except BaseException:
        text = "its text cannot be made"
    kind = type(exc).__name__
    return f"{kind}: {text[:200]}" if text else kind


def without_cpp(text: str) -> str:
    """Return what a user can use of the text of an error, which a C++ library may have written."""
    if "::" not in text and "C++" not in text:
        return text
    for pattern, words in _CPP:
        text = pattern.sub(words, text)
    return text.strip() or _NO_REASON
