"""A value object of the tree's own class whose text is made when somebody asks for it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cache
from typing import Any


class LazyText:
    """Stands where the text will be; made once, however many threads and copies ask."""

    __slots__ = ("_lock", "variable", "_value", "_text")

    def __init__(self, variable: Any, value: Any) -> None:
        self._lock = threading.Lock()
        #: None when the text has been made
        self.variable = variable
        self._value = value

    def make(self) -> Any:
        """Return the text."""
        with self._lock:
            if self.variable is not None:
                self._text = self.variable.genDisp(self._value)
                self.variable = self._value = None
            return self._text


def fields_for(variable: Any, value: Any, text: Any) -> dict[str, Any]:
    """Return the fields of the value object that PyRogue makes of an update, in its order."""
    status, severity = variable._alarmState(value)  # noqa: SLF001
    return {
        "value": value,
        "valueDisp": text,
        "disp": variable.disp,
        "enum": variable.enum,
        "updated": False,
        "status": status,
        "severity": severity,
    }


@dataclass(frozen=True, slots=True)
class ValueMaker:
    """Makes the value objects for the listeners of a variable, as the tree does.

    Made by :func:`maker_of`.
    """

    kind: type
    lazy: type
    fields_of: Any

    def now(self, variable: Any, value: Any) -> Any:
        """Return a value object with its text."""
        return self._make(self.kind, variable, value, variable.genDisp(value))

    def later(self, variable: Any, value: Any, source: Any) -> Any:
        """Return a value object whose text will be made of ``source`` when it is asked for."""
        return self._make(self.lazy, variable, value, LazyText(variable, source))

    def _make(self, kind: type, variable: Any, value: Any, text: Any) -> Any:
        told: Any = object.__new__(kind)
        self.fields_of(told).update(fields_for(variable, value, text))
        return told


@cache
def maker_of(kind: type) -> ValueMaker:
    """Return what makes value objects of a tree.

    As soon as anything but another field than its text is asked of a lazy one, it has its text
    made and *is* of the tree's own class: who prints or pickles it meets nothing of the bridge.

    :param kind: the tree's class, whose objects have a ``__dict__`` of their fields and no slots
    """
    fields_of = vars(kind)["__dict__"].__get__  # past the property of the same name below

    def whole(told: Any) -> Any:
        fields = fields_of(told)
        text = fields["valueDisp"]
        if isinstance(text, LazyText):
            fields["valueDisp"] = text.make()
            told.__class__ = kind
        return told

    def give(told: Any, text: Any) -> None:
        fields_of(told)["valueDisp"] = text
        told.__class__ = kind

    def copy(told: Any) -> Any:
        other: Any = object.__new__(lazy)
        fields_of(other).update(fields_of(told))
        return other

    lazy: type = _Passing(
        kind.__name__,
        (kind,),
        {
            "__module__": kind.__module__,
            "__qualname__": kind.__qualname__,
            "__doc__": kind.__doc__,
            "__dict__": property(lambda told: fields_of(whole(told))),
            "__reduce_ex__": lambda told, protocol: whole(told).__reduce_ex__(protocol),
            "__copy__": copy,
            "valueDisp": property(lambda told: fields_of(whole(told))["valueDisp"], give),
        },
    )
    return ValueMaker(kind, lazy, fields_of)


class _Passing(type):
    """The class of a class that passes for its base where somebody looks for the exact class.

    PyRogue's streams of YAML do: PyYAML looks up the first of ``type(value).__mro__``.
    """

    @property
    def __mro__(cls) -> tuple[type, ...]:
        return cls.__bases__[0].__mro__
