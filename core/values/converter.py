"""The shape of a value between tree and PV."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from ..errors import PutError
from .alarm import CALC, Alarm
from .spec import NtKind, PvSpec, ScalarType


class ConversionError(Exception):
    """A tree value has no place in the PV; the PV goes INVALID with ``alarm``."""

    def __init__(self, message: str, alarm: Alarm = CALC) -> None:
        self.alarm = alarm
        super().__init__(message)


class TypeConverter(ABC):
    """Converts one node's value, in the neutral terms of :mod:`roguebridge.core.values.spec`.

    The PV-shaped value is: for SCALAR a Python bool, int, float or str; for ENUM the index; for
    SCALAR_ARRAY a 1-D numpy array of the spec's dtype, or a list of str; for NDARRAY a numpy
    array of any rank, in a put without dimensions a :class:`Flat <roguebridge.core.Flat>` one;
    for TABLE a dict of column name to 1-D array or list of str, of which a put need not have all.
    A converter is made once per PV and called from several threads.
    """

    __slots__ = ()  # there is one for each PV that has been looked at

    #: type and metadata of the PV; fixed for the life of the converter
    spec: PvSpec

    #: True if no conversion takes more than some microseconds, or waits for anything; each class
    #: says so for itself
    quick: ClassVar[bool] = False

    @property
    def is_guessed(self) -> bool:
        """True if the node does not declare its type: ``check`` lists the PV then."""
        return False

    @abstractmethod
    def to_pv(self, value: Any) -> Any:
        """Return the PV-shaped form of a value of the tree.

        Arrays need not be copied: the backend copies them as it posts.

        :raises Exception: any; the PV keeps its last value and goes INVALID, with the alarm of
            a :class:`ConversionError` or CALC
        """

    @abstractmethod
    def to_tree(self, value: Any) -> Any:
        """Return what to hand to the node's ``set()`` for a value put by a client.

        Arrays may be views of the client's buffer: the result must be a copy.

        :raises Exception: any; the put is refused with its text
        """

    def alarm_of(self, value: Any, pv_value: Any) -> Alarm | None:
        """Return the alarm of a value; None, as here, to have it told by the limits of ``spec``
        or, where that has none, by the tree.

        :param value: of the tree
        :param pv_value: what :meth:`to_pv` has made of it
        :raises Exception: as :meth:`to_pv`
        """
        return None


class Provisional(TypeConverter):
    """Text, for a visit of clients during which the node's own type could not be found out."""

    def __init__(self) -> None:
        self.spec = PvSpec(NtKind.SCALAR, ScalarType.String, writable=False)

    def to_pv(self, value: Any) -> str:
        """Return ``str(value)``."""
        return str(value)

    def to_tree(self, value: Any) -> Any:
        """Refuse: what the node takes is not known."""
        raise PutError("the type of this PV is not known yet: its first read has not ended")
