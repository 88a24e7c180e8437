"""The parameters of a PyRogue command, and calls with arguments that PyRogue does not know."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from inspect import Parameter, signature
from typing import Any

from .pyrogue import local_attribute

_PASSED = {"root", "dev", "cmd"}  # what PyRogue hands to a command's function by itself

_NAMED = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)


def parameters_of(command: Any) -> dict[str, Parameter]:
    """Return what a caller of a command can give, by name; PyRogue itself knows ``arg`` only.

    :param command: a command; of a remote or built-in function no more than ``arg`` is known
    """
    function = local_attribute(command, "_function")
    parameters: Mapping[str, Parameter] = {}
    with suppress(TypeError, ValueError):  # None, or a function in C
        parameters = signature(function).parameters
    found = {
        name: one for name, one in parameters.items() if one.kind in _NAMED and name not in _PASSED
    }
    if command.arg and "arg" not in found:
        found["arg"] = Parameter("arg", Parameter.POSITIONAL_OR_KEYWORD)
    return found


def call_directly(command: Any, arg: Any, named: Mapping[str, Any]) -> Any:
    """Call a command's function as PyRogue does, but with arguments that PyRogue does not know.

    :param command: a command whose function :func:`parameters_of` has looked into
    :param arg: what its ``arg`` is, if it has one
    :param named: its other arguments
    """
    wrapped = command._functionWrap  # noqa: SLF001
    function = partial(command._function, **named)  # noqa: SLF001
    return wrapped(function=function, root=command.root, dev=command.parent, cmd=command, arg=arg)
