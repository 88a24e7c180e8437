"""The arguments of a root: typed by the annotations of its constructor, and checked."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from roguebridge.core.cli.failure import Exit, Failure, failing
from roguebridge.core.config.options import ROOT_ARGUMENTS
from roguebridge.core.mapping.nearest import nearest_of

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from roguebridge.core.config.file import Config

_FLAG = ROOT_ARGUMENTS.flag
_LONGEST = 60  # characters of a value that is wrong
_UNEXPECTED = re.compile(r"unexpected keyword argument '(\w+)'")
_MISSING = re.compile(r"missing \d+ required [\w-]+ arguments?: (.*)")


class RootArguments:
    """The arguments that a root is made with.

    :param said: names and texts of the command line
    :param file: a configuration file; an argument of the command line replaces that of the file
    :raises Failure: for a name that is given twice
    """

    def __init__(self, said: Sequence[tuple[str, str]] = (), file: Config | None = None) -> None:
        self._said: dict[str, str] = {}
        for name, text in said:
            if name in self._said:
                given = f"{self._said[name]!r} and {text!r}"
                raise Failure(Exit.USAGE, f"{_FLAG} {name} is given twice: {given}")
            self._said[name] = text
        given_by_file: Mapping[str, Any] = {} if file is None else file.values.get("args", {})
        self._file = file
        self._of_file = {k: v for k, v in given_by_file.items() if k not in self._said}

    def __bool__(self) -> bool:
        return bool(self._said or self._of_file)

    def call(self, make: Callable[..., Any], what: str) -> Any:
        """Return what a class or function makes of the arguments.

        :param what: its name, for errors
        :raises Failure: with USAGE for wrong arguments, with TREE if its code raises
        """
        known = parameters_of(make)
        given = self._checked(known, what)
        missing = [
            name
            for name, one in known.items()
            if name not in given and one.default is Parameter.empty and _by_name(one)
        ]
        if missing:
            raise Failure(Exit.USAGE, _needs(what, missing, known))
        by_place = [n for n, one in known.items() if one.kind is Parameter.POSITIONAL_ONLY]
        first = [given.pop(name) for name in by_place if name in given]
        with failing(Exit.TREE, f"{what} cannot be built"):
            try:
                return make(*first, **given)
            except TypeError as exc:
                text = _wrong_call(str(exc), what, given, known)
                if text is None:
                    raise
                raise Failure(Exit.USAGE, text) from exc

    def _checked(self, known: Mapping[str, Parameter], what: str) -> dict[str, Any]:
        """Return the arguments with the types of their annotations."""
        found: dict[str, Any] = {}
        wrong: dict[tuple[str | int, ...], str] = {}
        for name, text in self._said.items():
            try:
                found[name] = Kind(name, known, what).of_text(text)
            except ValueError as exc:
                raise Failure(Exit.USAGE, f"{_FLAG} {name}: {exc}") from exc
        for name, value in self._of_file.items():
            try:
                found[name] = Kind(name, known, what).of_yaml(value)
            except ValueError as exc:
                wrong["args", name] = str(exc)
        if wrong and self._file is not None:
            raise Failure(Exit.USAGE, str(self._file.error(wrong)))
        return found


class Kind:
    """What values an argument of a root takes.

    :param name: the argument
    :param known: those that there are
    :param what: whose they are, for errors
    :raises ValueError: if there is none of this name
    """

    def __init__(self, name: str, known: Mapping[str, Parameter], what: str) -> None:
        if name not in known and not any(p.kind is Parameter.VAR_KEYWORD for p in known.values()):
            raise ValueError(_unknown(name, known, what))
        one = known.get(name)
        self._what = what
        self._annotation = Parameter.empty if one is None else one.annotation
        self._adapter = _adapter(self._annotation)

    def of_text(self, text: str) -> Any:
        """Return the value that a text of the command line stands for."""
        from roguebridge.core.config.yaml_lines import read_yaml

        document = read_yaml(text)
        value = document.value
        faults = [fault.text for fault in document.faults]
        if self._adapter is None:
            if faults:
                raise ValueError(f"{text!r}: {faults[0]}")
            return value
        adapter = self._adapter
        if _fits(lambda: adapter.validate_python(text, strict=True)):  # it may be any text
            fits = not faults and _fits(lambda: adapter.validate_python(value, strict=True))
            return value if fits and not isinstance(value, str) else text
        if _fits(lambda: adapter.validate_strings(text)):
            return adapter.validate_strings(text)
        if faults:
            raise ValueError(self._expected(f"{text!r}"))
        return self.of_yaml(value, f"{text!r}")

    def of_yaml(self, value: Any, shown: str | None = None) -> Any:
        """Return the value that one of YAML stands for: a tuple for a list, say.

        :param shown: the value as the error shows it
        """
        if self._adapter is None:
            return value
        adapter = self._adapter
        made = (
            [adapter.validate_python(value)]
            if _fits(lambda: adapter.validate_python(value))
            else []
        )
        # A text is no number, and true is none either, though pydantic would make one of them.
        if not made or (isinstance(value, (str, bool)) and _other_number(made[0], value)):
            text = shown or f"{'the text ' * isinstance(value, str)}{value!r}"
            quote = not isinstance(value, str) and _fits(lambda: adapter.validate_python("x"))
            raise ValueError(f"{self._expected(text)}{': put it in quotes' * quote}")
        return made[0]

    def _expected(self, shown: str) -> str:
        shown = shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."
        return f"{self._what} takes {_words(self._annotation)}, found {shown}"


def _other_number(made: Any, value: Any) -> bool:
    return isinstance(made, (int, float)) and type(made) is not type(value)


def _fits(judge: Callable[[], object]) -> bool:
    """Tell whether a value passes; annotations of the tree run code of the tree."""
    try:
        judge()
    except Exception:
        return False
    return True


def _adapter(annotation: Any) -> TypeAdapter[Any] | None:
    """Return what judges values; None where any will do, or only the constructor knows."""
    if annotation in (Parameter.empty, Any, object):
        return None
    from pydantic import TypeAdapter

    try:
        return TypeAdapter(annotation)
    except Exception:  # a class that pydantic does not know, or a name that is not there
        return None


def _words(annotation: Any) -> str:
    return inspect.formatannotation(annotation)


def _by_name(one: Parameter) -> bool:
    return one.kind not in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


def parameters_of(make: Callable[..., Any]) -> dict[str, Parameter]:
    """Return the parameters of a class or function, their annotations as objects.

    A class that hands ``**kwargs`` on has those of its base classes too.
    """
    found = _own_parameters(make)
    for kind in make.__mro__[1:] if isinstance(make, type) else ():
        if not any(one.kind is Parameter.VAR_KEYWORD for one in found.values()):
            break
        if "__init__" in vars(kind) and kind is not object:
            further = _own_parameters(vars(kind)["__init__"])
            further.pop("self", None)
            found = {n: p for n, p in found.items() if p.kind is not Parameter.VAR_KEYWORD}
            for name, one in further.items():
                if name not in found:  # whether the class gives it itself is not known
                    found[name] = one.replace(default=None) if _by_name(one) else one
    return found


def _own_parameters(make: Callable[..., Any]) -> dict[str, Parameter]:
    try:
        signature = inspect.signature(make)
    except (TypeError, ValueError):  # of a type of C
        return {"kwargs": Parameter("kwargs", Parameter.VAR_KEYWORD)}
    function = inspect.unwrap(make.__init__ if isinstance(make, type) else make)  # type: ignore[misc]
    names = getattr(function, "__globals__", {})
    return {
        name: one.replace(annotation=_resolved(one.annotation, names))
        for name, one in signature.parameters.items()
    }


def _resolved(annotation: Any, names: dict[str, Any]) -> Any:
    if not isinstance(annotation, str):
        return annotation
    try:
        holder = SimpleNamespace(__annotations__={"it": annotation})
        return typing.get_type_hints(holder, names, include_extras=True)["it"]
    except Exception:  # imported for type checkers only
        return Parameter.empty


def _unknown(name: str, known: Mapping[str, Parameter], what: str) -> str:
    names = [n for n, one in known.items() if _by_name(one)]
    near = nearest_of(name, names, 0.5)
    if near is not None:
        hint = f"; the nearest is {near}"
    elif names:
        hint = f"; there are {', '.join(names)}"
    else:
        hint = "" if known else "; it takes none"
    return f"{what} has no argument {name!r}{hint}"


def _needs(what: str, missing: Sequence[str], known: Mapping[str, Parameter]) -> str:
    kinds = {n: known[n].annotation if n in known else Parameter.empty for n in missing}
    names = ", ".join(
        n if kind is Parameter.empty else f"{n} ({_words(kind)})" for n, kind in kinds.items()
    )
    how = " ".join(f"{_FLAG} {name}=VALUE" for name in missing)
    return (
        f"{what} needs the argument{'s' * (len(missing) > 1)} {names}: add {how}, or the key args "
        "to the configuration file"
    )


def _wrong_call(
    error: str, what: str, given: Mapping[str, Any], known: Mapping[str, Parameter]
) -> str | None:
    """Return what is wrong with the arguments by the error of a call further inside."""
    if (unexpected := _UNEXPECTED.search(error)) and unexpected[1] in given:
        return _unknown(unexpected[1], known, what)
    if missing := _MISSING.search(error):
        names = re.findall(r"'(\w+)'", missing[1])
        if names and all(name in known and name not in given for name in names):
            return _needs(what, names, known)
    return None
