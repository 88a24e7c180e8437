"""Globs over node paths, in which the brackets of array nodes mean themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fnmatch import translate

_INDEX = re.compile(r"\[([\d*?]+)\]")
_SET = re.compile(r"\[([^\[\]]+)\]")


def path_matcher(globs: Iterable[str]) -> Callable[[str], object]:
    """Return a function whose result is true for a path that matches any of the globs.

    ``*`` stands for any characters, ``?`` for one. ``Adc[3]``, ``Adc[*]`` and ``Adc[?]`` are the
    nodes of an array. Any other brackets are one character of a set, alone or as an index:
    ``Adc[0-3]`` matches ``Adc2`` and ``Adc[2]``. Case matters.
    """
    patterns: dict[str, None] = {}
    for glob in globs:
        alone = _INDEX.sub(r"[[]\1]", glob)
        patterns[translate(alone)] = None
        patterns[translate(_SET.sub(_as_index, alone))] = None
    return re.compile("|".join(patterns)).match


def _as_index(found: re.Match[str]) -> str:
    return f"[[]{found.group()}]"
