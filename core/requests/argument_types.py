"""Arguments held to the types that a command's function declares for its parameters.

Clients send numbers, text and arrays of the type that they prefer, some of them only text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from enum import Enum
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import numpy as np

from ..errors import PutError
from ..values.exact import cast_exactly, exact_array, integer, real
from ..values.words import parse_bool, parse_literal, parse_number, shown
from .annotations import UNIONS, base_of, name_of

#: raised for a value that does not fit
NO_FIT = (TypeError, ValueError, OverflowError)
_LISTS = {"list", "Sequence", "MutableSequence", "Iterable", "Collection"}
_COLLECTIONS: dict[str, Callable[[Any], Any]] = {"tuple": tuple, "set": set, "frozenset": frozenset}
_MAPPINGS = {"dict", "Mapping", "MutableMapping"}


def held_to(kind: Any, value: Any, who: str, name: str) -> Any:
    """Return an argument in its declared type.

    :param kind: the type
    :param value: as the client has sent it; an array stays the client's
    :param who: begins the text of a refusal: the name of the PV
    :param name: of the argument
    :raises PutError: if it does not fit
    """
    try:
        return fitted_to(kind, value)
    except NO_FIT:
        raise misfit(who, name, value, name_of(kind)) from None


def misfit(who: str, name: str, value: Any, kind: str) -> PutError:
    """Return the refusal of an argument that is not of its type.

    :param kind: the type, in words
    """
    return PutError(f"{who}: the argument {name!r} cannot be {shown(value)}: it is of type {kind}")


def fitted_to(kind: Any, value: Any) -> Any:
    """Return a value in a type; one of a type that is not known here is any.

    :raises Exception: TypeError, ValueError, OverflowError or KeyError if it does not fit
    """
    if value is None and NoneType in get_args(kind):
        return None
    kind = base_of(kind)
    origin = get_origin(kind) or kind
    if origin in UNIONS:
        return _one_of(get_args(kind), value)
    if origin is Literal:
        return _literal(get_args(kind), value)
    if not isinstance(origin, type):
        return value
    if value is None and origin not in (object, NoneType):
        raise TypeError(value)
    if origin in _SCALARS:
        return _SCALARS[origin](value)
    if issubclass(origin, Enum):
        return _member(origin, value)
    if issubclass(origin, np.generic):
        return _numpy(origin, value)
    return _of_many(origin, get_args(kind), value)


def _of_many(origin: type, of: tuple[Any, ...], value: Any) -> Any:
    if issubclass(origin, np.ndarray):
        return _array(of, value)
    if origin.__name__ in _LISTS:
        return _items(of[:1], value)
    if origin is tuple and of and of[-1] is not Ellipsis:
        items = _items((), value)
        return tuple(fitted_to(one, item) for one, item in zip(of, items, strict=True))
    if origin.__name__ in _COLLECTIONS:
        return _COLLECTIONS[origin.__name__](_items(of[:1], value))
    if origin.__name__ in _MAPPINGS:
        return _mapping(of, value)
    return value


# One value -----------------------------------------------------------------------------------


def _integer(value: Any) -> int:
    return integer(parse_number(value, True) if isinstance(value, str) else value)


def _real(value: Any) -> float:
    return float(value) if isinstance(value, str) else real(value)


def _boolean(value: Any) -> bool:
    if isinstance(value, str):
        return parse_bool(value)
    number = integer(value)
    if number not in (0, 1):
        raise ValueError(value)
    return bool(number)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return str(value)


def _complex(value: Any) -> complex:
    if isinstance(value, (complex, np.complexfloating)):
        return complex(value)
    return complex(value.replace(" ", "")) if isinstance(value, str) else complex(real(value))


_SCALARS: dict[type, Callable[[Any], Any]] = {
    int: _integer,
    float: _real,
    bool: _boolean,
    str: _text,
    complex: _complex,
}


def _numpy(kind: type[Any], value: Any) -> Any:
    """Return a number that a type of numpy holds, as Python has it, a bool or a text.

    Of other kinds any value.
    """
    dtype = np.dtype(kind)
    if dtype.kind in "bU":
        return _boolean(value) if dtype.kind == "b" else _text(value)
    if dtype.kind == "f":
        return real(_real(value), dtype)
    if dtype.kind not in "iu":
        return value
    number = _integer(value)
    if not np.iinfo(dtype).min <= number <= np.iinfo(dtype).max:
        raise ValueError(value)
    return number


def _member(kind: type[Enum], value: Any) -> Any:
    """Return the member that has this name, or this value."""
    if isinstance(value, str) and value in kind.__members__:
        return kind[value]
    return _equal_one([(member.value, member) for member in kind], value)


def _literal(allowed: tuple[Any, ...], value: Any) -> Any:
    if isinstance(value, str) and value in allowed:
        return value
    return _equal_one([(one, one) for one in allowed], value)


def _equal_one(choices: Iterable[tuple[Any, Any]], value: Any) -> Any:
    """Return the second of the pair whose first one equals a value, held to its type."""
    for one, found in choices:
        with suppress(*NO_FIT):
            if fitted_to(type(one), value) == one:
                return found
    raise ValueError(value)


def _one_of(kinds: tuple[Any, ...], value: Any) -> Any:
    if type(value) in kinds:
        return value
    for kind in kinds:
        with suppress(*NO_FIT):
            return fitted_to(kind, value)
    raise TypeError(value)


# Several values ------------------------------------------------------------------------------


def _items(of: tuple[Any, ...], value: Any) -> list[Any]:
    if isinstance(value, str):
        value = parse_literal(value)
    if isinstance(value, np.ndarray) and value.ndim:
        value = value.tolist()
    if not isinstance(value, (list, tuple, set, frozenset)):
        raise TypeError(value)
    return [fitted_to(of[0], item) for item in value] if of else list(value)


def _mapping(of: tuple[Any, ...], value: Any) -> dict[Any, Any]:
    if isinstance(value, str):
        value = parse_literal(value)
    if not isinstance(value, Mapping):
        raise TypeError(value)
    if not of:
        return dict(value)
    return {fitted_to(of[0], key): fitted_to(of[1], item) for key, item in value.items()}


def _array(of: tuple[Any, ...], value: Any) -> Any:
    if isinstance(value, str):
        value = parse_literal(value)
    if not isinstance(value, (list, tuple, np.ndarray)) or not np.ndim(value):
        raise TypeError(value)
    array = exact_array(value)
    element = next(iter(get_args(of[1])), Any) if len(of) > 1 else Any  # of NDArray[...]
    if isinstance(element, type) and np.dtype(element).kind in "biuf":
        array = cast_exactly(array, np.dtype(element))
    return array.copy()
