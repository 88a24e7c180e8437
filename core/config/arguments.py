"""The arguments of a server as Python gives them: their text, and what plugins are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from .options import OPTIONS

Server = TypeVar("Server")

_POLICIES = ("read_only", "no_write", "operators")


def documented(server: type[Server]) -> type[Server]:
    """Add the arguments to the docstring of a server's class, before what it raises."""
    lines = [f":param {name}: {option.text}" for name, option in OPTIONS.items()]
    about, raises, rest = (server.__doc__ or "").partition("    :raises")
    server.__doc__ = f"{about}{''.join(f'    {line}{chr(10)}' for line in lines)}{raises}{rest}"
    return server


def plugin_options(
    names: Any, policies: Mapping[str, Any] | None, acf: Any, audit: Any, web: Any
) -> dict[str, Any]:
    """Return name of a built-in plugin -> what it is to be made of.

    :raises TypeError: for policies that are no mapping of str
    :raises ValueError: for an unknown policy, or one without a value
    """
    if policies is not None and not isinstance(policies, Mapping):
        raise TypeError(f"policies must be a dict with keys of {list(_POLICIES)}, not {policies!r}")
    for name, option in (policies or {}).items():
        if option is None:  # an empty place in a script: nothing would be guarded
            raise ValueError(f"policies: {name} has no value")
    given = {"names": names, "acf": acf, "audit": audit, "web": web, **(policies or {})}
    unknown = [key for key in policies or () if key not in _POLICIES]
    if unknown:
        raise ValueError(f"policies has no {unknown[0]!r}; there are {list(_POLICIES)}")
    return {name: option for name, option in given.items() if option is not None}
