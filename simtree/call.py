"""Callbacks are called with just those of the offered arguments which they name."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any


def bind(function: Callable[..., Any] | None, offered: tuple[str, ...]) -> Callable[..., Any]:
    """Wrap a callback so that it can be called with all offered keywords.

    :param function: user function; None gives a function returning None.
    :param offered: the argument names the tree can supply.
    :returns: a function taking the offered names as keywords, and as ``function`` another one
        to call instead, with what the first one names.
    """
    if function is None:
        return lambda **_: None
    bound = function
    try:
        spec = inspect.getfullargspec(function)
        wanted = [n for n in spec.args + spec.kwonlyargs if n != "self" and n in offered]
    except TypeError:
        wanted = []

    def call(**values: Any) -> Any:
        called = values.get("function", bound)
        return called(**{name: values[name] for name in wanted})

    return call


def has_positional(function: Callable[..., Any] | None, name: str) -> bool:
    """Tell whether a function has a positional parameter of that name.

    :param function: user function or None.
    :param name: parameter name.
    """
    if function is None:
        return False
    try:
        return name in inspect.getfullargspec(function).args
    except TypeError:
        return False


def resolve_wait(wait: bool | None, check: bool | None) -> bool:
    """Combine the `wait` keyword and its deprecated spelling `check`; the default is True.

    :param wait: the current keyword.
    :param check: the deprecated one; using it warns.
    """
    if check is not None:
        warnings.warn(
            "`check` is deprecated; use `wait` instead.", DeprecationWarning, stacklevel=4
        )
        if wait is not None and bool(wait) != bool(check):
            raise ValueError("Conflicting values supplied for `wait` and deprecated `check`.")
        return bool(check)
    return True if wait is None else bool(wait)
