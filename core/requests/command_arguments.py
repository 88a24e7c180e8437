"""The arguments that a command is run with: by name, each in the type that it declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..errors import PutError, in_words, words_of
from ..tree.command_calls import parameters_of
from ..tree.pyrogue import is_register, local_attribute
from ..values.converter import TypeConverter
from ..values.spec import ScalarType
from ..values.words import parse_literal
from .annotations import types_of
from .argument_types import NO_FIT, fitted_to, held_to, misfit
from .plugin_faults import PluginFaults
from .put_limits import PutLimits
from .request import PutRequest, RpcRequest

_ALIASES = ("arg", "value")
_CONTAINERS = (list, tuple, dict, set, frozenset)


class Call(NamedTuple):
    """How a command is to be run.

    :param given: True if ``argument`` is to be handed over
    :param argument: PyRogue's ``arg``
    :param named: further arguments of the command's function, which PyRogue knows nothing of
    :param direct: the function is called as PyRogue would, but without its own default argument,
        and without reading text as a literal
    """

    given: bool = False
    argument: Any = None
    named: Mapping[str, Any] = {}  # noqa: RUF012 - never changed
    direct: bool = False


class CommandDefaults:
    """Which commands have been given an int as their default argument, by path.

    PyRogue gives 0 to those that are given none, and keeps the argument of the last call in its
    place: it is looked at once, before there are calls. 0 therefore declares nothing.
    """

    def __init__(self) -> None:
        self._ints: set[str] = set()

    def note(self, path: str, command: Any) -> None:
        """Look at a command."""
        default = local_attribute(command, "_default")
        if type(default) is int and default != 0:
            self._ints.add(path)

    def declare(self, path: str, command: Any, scalar: ScalarType) -> bool:
        """Tell whether a command declares of which type its argument is.

        :param scalar: of the PV, made of the declaration
        """
        if is_register(command) or path in self._ints:
            return True
        native = getattr(command, "nativeType", None)
        if native is type(None) or command.typeStr == "NoneType":
            return False
        # The width of Python's int is said by nobody; any other by a typeStr or by limits.
        return native not in (int, None) or scalar is not ScalarType.Int64


@dataclass(slots=True, eq=False)
class CommandArguments:
    """Finds the arguments of the calls of one command.

    :param _node: the command
    :param _find_converter: returns its converter, None if there is none; on a worker
    :param _defaults: which commands declare an int by their default argument
    :param _limits: holds arguments to the limits of the PV
    :param _keep: returns what the audit keeps of a value
    :param _faults: names the plugin of a converter that fails
    """

    _node: Any
    _find_converter: Callable[[], TypeConverter | None]
    _defaults: CommandDefaults
    _limits: PutLimits
    _keep: Callable[[Any], Any]
    _faults: PluginFaults

    def of_rpc(self, request: RpcRequest) -> Call:
        """Return the call that the named arguments of a client's request stand for; on a worker.

        ``arg`` and ``value`` both name the only argument there is, and are ignored where there is
        none.

        :raises PutError: for unknown or missing arguments, naming those that are allowed, and for
            those that are not of their type
        """
        pv_name = request.entry.pv_name
        parameters = parameters_of(self._node)
        needed = [name for name, one in parameters.items() if one.default is one.empty]
        main = "arg" if "arg" in parameters else needed[0] if len(needed) == 1 else None
        given = dict(request.arguments)
        for alias in _ALIASES:
            if alias in given and alias not in parameters:
                if main is not None and main not in given:
                    given[main] = given.pop(alias)
                elif not parameters:
                    del given[alias]
        allowed = [*parameters, *(alias for alias in _ALIASES if main and alias not in parameters)]
        unknown = sorted(set(given) - set(parameters))
        if unknown:
            says = f"{allowed} are allowed" if allowed else "there are none"
            raise PutError(f"{pv_name}: unknown arguments {unknown}; {says}")
        missing = [name for name in needed if name not in given]
        if missing:
            raise PutError(
                f"{pv_name}: the argument {missing[0]!r} is missing; {allowed} are allowed"
            )
        types = types_of(local_attribute(self._node, "_function"), parameters)
        named = {
            name: held_to(types[name], _owned(value), pv_name, name)
            for name, value in given.items()
            if name != "arg"
        }
        if "arg" in given:
            if self._node.arg:
                argument = self._argument(types["arg"], given["arg"], request)
            else:  # a parameter that PyRogue itself never fills
                argument = held_to(types["arg"], _owned(given["arg"]), pv_name, "arg")
            return Call(
                True, argument, named, bool(named) or _is_read_by_tree(self._node, argument)
            )
        if "arg" in parameters:  # PyRogue would run it with the argument of the last call
            return Call(False, parameters["arg"].default, named, True)
        return Call(False, None, named, bool(named))

    def of_put(self, request: PutRequest) -> Call:
        """Return the call that a put to a command stands for; on a worker.

        :raises PutError: if its argument is missing or not of its type
        """
        node, pv_name = self._node, request.entry.pv_name
        if not node.arg:
            needed = [n for n, one in parameters_of(node).items() if one.default is one.empty]
            if needed:  # only a call can give it
                raise PutError(f"{pv_name}: the argument {needed[0]!r} is missing: call it")
            return Call()
        if self._find_converter() is None:
            raise PutError(f"{pv_name} is closed")
        if not request.marked:
            raise PutError(f"{pv_name}: the argument is missing")
        kind = argument_type(node)
        argument = self._argument(kind, request.value, request)
        return Call(True, argument, direct=_is_read_by_tree(node, argument))

    def _argument(self, kind: Any, value: Any, request: PutRequest | RpcRequest) -> Any:
        """Return PyRogue's own ``arg``: as the function declares it, else the command itself.

        :param kind: what the function declares
        :param value: what a call brings, or a put, in the PV's terms
        """
        pv_name, is_put = request.entry.pv_name, isinstance(request, PutRequest)
        if value is None:  # PyRogue would run it with the argument of the last call
            raise PutError(f"{pv_name}: the argument is empty")
        node = self._node
        native = getattr(node, "nativeType", None)
        if kind is Any and native in _CONTAINERS:
            kind = native  # its PV has it as text, a call may bring an array
        given = _owned(value) if is_put else held_to(kind, _owned(value), pv_name, "arg")
        converter = self._find_converter()
        if converter is None:
            return given
        asked = given
        try:
            given = self._limits.held(node, converter.spec, asked)
            if given is not asked:
                request.written = self._keep(given)
            made = converter.to_tree(given)
        except PutError as exc:
            reason = words_of(exc).removeprefix(f"{node.path}: ")
            raise PutError(f"{pv_name}: the argument 'arg': {reason}") from exc
        except (TypeError, ValueError, OverflowError):  # of a KeyError a converter is to blame
            defaults = self._defaults
            if is_put or (kind is Any and defaults.declare(node.path, node, converter.spec.scalar)):
                raise misfit(pv_name, "arg", value, str(node.typeStr)) from None
            # Without a declared type it is any, as with PyRogue, which reads text as a literal.
            if kind is not Any or not isinstance(given, str):
                return given
            try:
                return parse_literal(given)
            except ValueError:
                raise misfit(pv_name, "arg", value, str(node.typeStr)) from None
        except Exception as exc:
            blamed = self._faults.put_conversion_failed(node, exc)
            text = f"{type(converter).__qualname__}: {blamed or in_words(exc)}"
            raise PutError(f"{pv_name}: the argument 'arg': {text}") from exc
        if kind is Any:
            return made
        if is_put:
            return held_to(kind, made, pv_name, "arg")
        try:
            return fitted_to(kind, made)
        except NO_FIT:  # the type of the PV is another than that of the function
            return given


def argument_type(command: Any) -> Any:
    """Return the type that a command's function declares for ``arg``; ``Any`` if it does not."""
    parameters = parameters_of(command)
    return types_of(local_attribute(command, "_function"), parameters).get("arg", Any)


def _owned(value: Any) -> Any:
    """Return a value that stays when the request is answered."""
    return value.copy() if isinstance(value, np.ndarray) else value


def _is_read_by_tree(node: Any, argument: Any) -> bool:
    """Tell whether PyRogue would read text as a literal, which it is not, and can be gone round."""
    if not isinstance(argument, str) or local_attribute(node, "_function") is None:
        return False
    is_text = getattr(node, "nativeType", None) is str
    return not is_text or getattr(node, "disp", None) == "enum"
