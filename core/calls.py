"""Running a command: the arguments of a call, the busy state, and what becomes of a failure."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .alarm import NO_ALARM, Alarm, Severity, Status
from .elements import unicode_of
from .errors import PutError, words_of
from .jobs import RequestJob
from .request import PutRequest, Request, RpcRequest
from .rogue import call_directly, parameters_of

if TYPE_CHECKING:
    from inspect import Parameter

    from .holder import PvHolder

_ALIASES = ("arg", "value")
_NUMPY_INT = re.compile(r"u?int(8|16|32|64)$")
_LITERALS: dict[str, type] = {"list": list, "dict": dict, "tuple": tuple}
_WORDS = {"true": True, "1": True, "false": False, "0": False}


class Call(NamedTuple):
    """How a command is to be run.

    :param given: True if ``argument`` is to be handed over
    :param argument: PyRogue's ``arg``
    :param named: further arguments of the command's function, which PyRogue knows nothing of
    :param direct: the function is called as PyRogue would, but without its own default argument
    """

    given: bool = False
    argument: Any = None
    named: Mapping[str, Any] = {}  # noqa: RUF012 - never changed
    direct: bool = False


class CallJob(RequestJob):
    """Runs a command, called by rpc or triggered by a put."""

    __slots__ = ("_counted",)

    def __init__(self, holder: PvHolder, request: Request) -> None:
        super().__init__(holder, request, holder.entry.path, holder.entry.device)
        self._counted = True

    def ended(self) -> None:
        """The next call may come: its client has not been answered yet."""
        counted, self._counted = self._counted, False
        if counted:
            self.holder.call_ended()

    def execute(self) -> Any:
        """Find the arguments, run, and return what the command returned (a put: None)."""
        holder, request = self.holder, self.request
        if isinstance(request, RpcRequest):
            return self._run(call_of(holder, request))
        assert isinstance(request, PutRequest)  # noqa: S101 - there are no others
        if request.process is False:
            return None  # nothing is to be processed
        self._run(self._put(request))
        return None

    def _put(self, request: PutRequest) -> Call:
        holder = self.holder
        if not holder.node.arg:
            return Call()
        converter = holder.converter
        if converter is None:
            raise PutError(f"{request.entry.pv_name} is closed")
        if not request.marked:
            raise PutError(f"{request.entry.pv_name}: the argument is missing")
        return Call(True, converter.to_tree(request.value))

    def _run(self, call: Call) -> Any:
        holder = self.holder
        with_argument = bool(holder.node.arg)
        if not with_argument:
            holder.show_running(True, NO_ALARM)
        failure = NO_ALARM
        try:
            return run_command(holder.node, call)
        except BaseException as exc:
            failure = Alarm(Severity.MAJOR, Status.RECORD, unicode_of(words_of(exc)))
            raise
        finally:
            if not with_argument:
                holder.show_running(False, failure)
            else:
                holder.show_ended(failure)


def run_command(node: Any, call: Call) -> Any:
    """Run a command in the caller's thread and return what it returns.

    :param node: the command
    """
    if call.direct:
        return call_directly(node, call.argument, call.named)
    return node(call.argument) if call.given else node()


def call_of(holder: PvHolder, request: RpcRequest) -> Call:
    """Return the call that the named arguments of a client's request stand for; on a worker.

    ``arg`` and ``value`` both name the only argument there is, and are ignored where there is none.

    :raises PutError: for unknown, missing or unreadable arguments, naming those that are allowed
    """
    pv_name = request.entry.pv_name
    parameters = parameters_of(holder.node)
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
        raise PutError(f"{pv_name}: the argument {missing[0]!r} is missing; {allowed} are allowed")
    named = {
        name: _coerced(pv_name, parameters[name], value)
        for name, value in given.items()
        if name != "arg"
    }
    if "arg" in given:
        value = _coerced(pv_name, parameters["arg"], given["arg"])
        argument = holder.command_argument(value, pv_name)
        return Call(True, argument, named, bool(named))
    if "arg" in parameters:  # PyRogue would run it with the argument of the last call
        return Call(False, parameters["arg"].default, named, True)
    return Call(False, None, named, bool(named))


def _coerced(pv_name: str, parameter: Parameter, value: Any) -> Any:
    # Some clients can send nothing but text.
    if not isinstance(value, str):
        return value
    wanted = parameter.annotation
    if wanted is parameter.empty:
        wanted = type(parameter.default)
    name = _type_name(wanted)
    try:
        if name == "int" or _NUMPY_INT.match(name):
            return int(value, 0)
        if name in ("float", "float16", "float32", "float64", "double"):
            return float(value)
        if name in ("bool", "bool_"):
            return _WORDS[value.lower()]
        if name in _LITERALS:
            return _literal(value, _LITERALS[name])
    except (ValueError, KeyError, SyntaxError):
        text = (
            f"{pv_name}: the argument {parameter.name!r} cannot be {value!r}: it is of type {name}"
        )
        raise PutError(text) from None
    return value


def _type_name(annotation: Any) -> str:
    """Return the name of the one type that an annotation means, e.g. of ``np.int32 | None``."""
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    if not isinstance(annotation, (str, type)) or "[" in text:
        text = str(annotation)
    text = text.replace(" ", "").removesuffix("|None").removeprefix("None|")
    text = text.removeprefix("typing.").removeprefix("Optional[").removesuffix("]")
    return text.partition("[")[0].rpartition(".")[2].replace("List", "list").replace("Dict", "dict")


def _literal(text: str, kind: type) -> Any:
    try:
        found = json.loads(text)
    except ValueError:
        found = ast.literal_eval(text)
    if not isinstance(found, (list, tuple) if kind in (list, tuple) else kind):
        raise ValueError
    return kind(found)
