"""Values from the text of a command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

_TRUTHS = {"true": True, "on": True, "yes": True, "1": True}
_TRUTHS |= {"false": False, "off": False, "no": False, "0": False}


def number_of(text: str, dtype: np.dtype[Any]) -> Any:
    """Return a number of a type, or a truth.

    :raises ValueError: if the text is none, or it is out of range
    """
    words = text.strip()
    if dtype.kind == "b":
        if words.lower() not in _TRUTHS:
            raise ValueError(f"{text!r} is neither true nor false")
        return _TRUTHS[words.lower()]
    try:
        number = _real(words) if dtype.kind == "f" else _integer(words)
    except ValueError:
        kind = "a number" if dtype.kind == "f" else "an integer"
        raise ValueError(f"{text!r} is not {kind}") from None
    return checked(number, dtype)


def checked(number: Any, dtype: np.dtype[Any]) -> Any:
    """Return a number if it fits a type.

    :raises ValueError: if it does not
    """
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        if number != int(number) or not info.min <= number <= info.max:
            raise ValueError(f"{number} is no integer from {info.min} to {info.max}")
        return int(number)
    return number


def _real(words: str) -> float:
    try:
        return float(words)
    except ValueError:
        return float(int(words, 0))  # such as 0x10


def _integer(words: str) -> int:
    try:
        return int(words, 0)
    except ValueError:
        return int(words)  # such as 007


def choice_of(text: str, choices: Sequence[str]) -> int:
    """Return the index of a choice, given by its label or its index.

    :raises ValueError: if there is no such choice
    """
    if text in choices:
        return list(choices).index(text)
    if list(choices) == ["False", "True"] and text.lower() in _TRUTHS:
        return int(_TRUTHS[text.lower()])
    if text.strip().isdecimal() and int(text) < len(choices):
        return int(text)
    raise ValueError(f"{text!r} is no choice; there are {', '.join(choices)}")


def array_of(text: str, dtype: np.dtype[Any] | None) -> Any:
    """Return an array from a JSON list, nested for several dimensions; texts stay a list.

    :param dtype: the type of the elements, None for texts
    :raises ValueError: if it is none, or an element does not fit
    """
    found = json_of(text)
    if not isinstance(found, list):
        raise ValueError(f"an array is a JSON list, such as [1, 2, 3], not {text!r}")
    if dtype is None:
        if not all(isinstance(item, str) for item in found):
            raise ValueError("the elements are texts: put each in double quotes")
        return found
    try:
        given = np.array(found, dtype=object)
        shape, items = given.shape, [_element(item, dtype) for item in given.ravel()]
    except (TypeError, ValueError) as exc:
        raise ValueError(f"{text!r} is no array of {dtype}: {exc}") from None
    return np.array(items, dtype).reshape(shape)


def _element(item: Any, dtype: np.dtype[Any]) -> Any:
    if isinstance(item, str):  # "NaN", "0x10"
        return number_of(item, dtype)
    if item is None or isinstance(item, list | dict):
        raise ValueError("its rows have not one length, or an element is no number")
    return checked(item, dtype)


def json_of(text: str) -> Any:
    """Return what JSON stands for.

    :raises ValueError: if it is no JSON
    """
    try:
        return json.loads(text)
    except ValueError as exc:
        raise ValueError(f"{text!r} is no JSON: {exc}") from None


def table_of(text: str) -> dict[str, list[Any]]:
    """Return the columns of a table from a JSON object of lists, or a list of rows.

    :raises ValueError: if it is neither
    """
    found = json_of(text)
    if isinstance(found, list) and found and all(isinstance(row, dict) for row in found):
        if any(row.keys() != found[0].keys() for row in found):
            raise ValueError("the rows of the table have not the same columns")
        found = {name: [row[name] for row in found] for name in found[0]}
    if not isinstance(found, dict) or not all(isinstance(c, list) for c in found.values()):
        raise ValueError('a table is a JSON object of columns, such as {"a": [1, 2], "b": [3, 4]}')
    return found
