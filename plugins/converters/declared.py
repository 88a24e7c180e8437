"""The type a node declares: typeStr, nativeType, ndType and register width, never its value."""

from __future__ import annotations

import math
import re
from enum import Enum
from typing import Any

import numpy as np

from roguebridge.core.requests import argument_type, base_of
from roguebridge.core.tree import (
    TreeNode,
    declared_type,
    is_register,
    local_attribute,
    type_str,
    untyped,
    with_sources,
)
from roguebridge.core.values import Column, ScalarType, array_type, columns_of

from .link_types import annotated_type, formatted_type, looks_numeric, source_of, value_now
from .texts import form_of
from .widths import dtype_of, integer_type, width_of_int

_MODEL = re.compile(r"(?P<family>UInt|Int)(?:BE|Reversed)?(?P<bits>\d+)$")
_ARRAY = re.compile(r"(?P<dtype>.+?)\((?P<shape>[\d, ]*)\)$")
_LIST = re.compile(r"list\[(?:np\.|numpy\.)?(?P<element>\w+)\]$", re.IGNORECASE)
_ELEMENTS = {name: one for one in ScalarType for name in (one.name.lower(), one.value)}
_ELEMENTS |= {"int": ScalarType.Int64, "float": ScalarType.Float64, "double": ScalarType.Float64}
# Formats without NaN: PyRogue refuses it for the first, and makes the largest value of it.
_NO_NAN = re.compile(r"U?Fixed_|Float[64](BE)?$")
_PYTHON = ("int", "float", "bool", "str", "complex", "object")
_CONTAINERS = (list, tuple, dict, set, np.ndarray)
_EXACT = 2**53  # up to here a float64 holds every integer


class Family(Enum):
    """What kind of value a node has."""

    INTEGER = 1
    BIG_INTEGER = 2
    """More than 64 bits."""
    FLOAT = 3
    BOOL = 4
    TEXT = 5
    NUMBER_AS_TEXT = 13
    """Declared as text, but not given as such."""
    ARRAY = 6
    """Of numbers, text or times, of rank 1 or 0."""
    IMAGE = 7
    """Of numbers, of another rank or of any."""
    TABLE = 8
    ARRAY_AS_TEXT = 9
    LIST = 10
    """With a declared element type."""
    MEMBER = 11
    """Of a class derived from Python's Enum."""
    OTHER = 12


_NUMBERS = (Family.INTEGER, Family.BIG_INTEGER, Family.FLOAT, Family.BOOL)
_NAMED = (
    (re.compile("bool|Bool|bool_"), Family.BOOL, ScalarType.Bool),
    # Formats that a float32 holds exactly, and those that need a float64
    (
        re.compile(r"Float(BE)?32|Float(16|8|6|4)(BE)?|BFloat16(BE)?|TensorFloat32(BE)?"),
        Family.FLOAT,
        ScalarType.Float32,
    ),
    (re.compile(r"Double(BE)?64|U?Fixed(BE)?_\d+_\d+|float"), Family.FLOAT, ScalarType.Float64),
)


class Declared:
    """The declared type of a node.

    :param node: a variable or command of a running tree
    """

    #: rank of an array; None if any rank may come
    rank: int | None = 0
    #: number of elements of a 1-D array
    length: int | None = None
    #: elements that an array has by its declaration or default, however many it has now
    room: int | None = None
    #: bits of a register's element, where the type has no other limit
    bits: int | None = None
    #: dtype to give an array of the tree
    delivered: np.dtype[Any] | None = None
    #: the columns of a TABLE
    columns: tuple[Column, ...] = ()
    #: True if nothing but a first value tells the type
    is_guessed = False
    scalar = ScalarType.String

    def __init__(self, node: TreeNode) -> None:
        target = with_sources(node)[-1]
        #: typeStr of the register that a put goes to
        self.source_type = type_str(target)
        model = str(getattr(local_attribute(target, "base"), "name", ""))
        #: False if the register that a put goes to cannot hold NaN
        self.takes_nan = not any(map(_NO_NAN.match, (self.source_type, model)))
        node = source_of(node)  # what passes on a value has its type
        self.type_str = type_str(node)
        #: True for a value in a register
        self.is_register = is_register(node)
        #: Python type of the values, where the tree tells, or its typeStr is one of numpy's
        self.native: Any = getattr(node, "nativeType", None)
        if self.type_str == "int" and node.isCommand:
            self._take_annotation(node)
        #: True if the type is that of a first value, or of none: a link may have only a setter
        self.is_untyped = untyped(node) or self.native is type(None)
        self.family = self._array(node) or self._scalar(node)

    def _take_annotation(self, command: Any) -> None:
        # An int is but the default argument that PyRogue gives to all commands: the annotation
        # of the function's own parameter says more.
        kind = base_of(argument_type(command))
        if isinstance(kind, type) and (kind in (float, bool, str) or issubclass(kind, np.number)):
            self.type_str, self.native = kind.__name__, kind

    # Arrays -----------------------------------------------------------------------------------

    def _array(self, node: Any) -> Family | None:
        match = _ARRAY.match(self.type_str)
        is_array = self.native is np.ndarray or (self.native is None and match is not None)
        if not is_array or self.type_str.startswith("String("):
            return None
        dtype = dtype_of(getattr(node, "ndType", None), match.group("dtype") if match else "")
        if dtype is None:
            return Family.OTHER
        self.is_guessed = self.is_untyped
        if self.is_register:
            # PyRogue declares 32 bits for every narrow integer and delivers 8 or 16.
            self.bits, self.length = int(node.valueBits), int(node.numValues)
            narrow = ScalarType.integer(self.bits, dtype.kind == "i")
            dtype = narrow.dtype if narrow is not None and dtype.kind in "iu" else dtype
            shape: tuple[int, ...] = (self.length,)
        elif match is not None:
            shape = tuple(int(n) for n in match.group("shape").split(",") if n.strip())
        else:
            now = value_now(node)
            shape = (0,) if now is None else np.shape(now)
        self.delivered, self.rank, self.room = dtype, len(shape), math.prod(shape)
        return self._elements(dtype, getattr(node, "_typeCheck", True) is False)

    def _elements(self, dtype: np.dtype[Any], any_type: bool) -> Family:
        columns = columns_of(dtype)
        if columns and self.rank == 1:
            self.columns = columns
            return Family.TABLE
        is_complex, scalar = dtype.kind == "c", array_type(dtype)
        if is_complex:
            scalar = ScalarType.Float32 if dtype.itemsize <= 8 else ScalarType.Float64
        elif dtype.kind in "USTM" and self.rank == 1:
            return Family.ARRAY
        if scalar is None or scalar is ScalarType.String:
            return Family.ARRAY_AS_TEXT
        self.scalar = scalar
        self.rank = None if any_type else self.rank
        return Family.IMAGE if is_complex or self.rank not in (0, 1) else Family.ARRAY

    # All else ---------------------------------------------------------------------------------

    def _scalar(self, node: TreeNode) -> Family:
        if isinstance(self.native, type) and issubclass(self.native, Enum) and len(self.native):
            return Family.MEMBER
        if self.is_untyped:
            return self._of_getter(node)
        found = self._named(node, self.type_str)
        if found is None or (found in _NUMBERS and not self._may_be_number()):
            return self._as_native(node)
        return found

    def _of_getter(self, node: TreeNode) -> Family:
        native = self.native
        is_container = isinstance(native, type) and issubclass(native, _CONTAINERS)
        format_word = "" if is_container else formatted_type(node)
        for word in (declared_type(node), annotated_type(node), format_word):
            found = self._named(node, word)
            if found is not None:
                return found
        self.is_guessed = True
        if native is type(None):
            if looks_numeric(node):
                self.scalar = ScalarType.Float64
                return Family.FLOAT
            self.native = type(value_now(node))
        found = self._as_native(node)
        if found not in (Family.INTEGER, Family.FLOAT):
            return found
        now = value_now(node)
        # A number that a float64 may not hold was never meant to be one.
        if isinstance(now, (int, np.integer)) and abs(int(now)) > _EXACT:
            return self._integer(integer_type(int(now)))
        self.scalar = ScalarType.Float64
        return Family.FLOAT

    def _may_be_number(self) -> bool:
        native = self.native
        if self.is_register or not isinstance(native, type):
            return True
        return issubclass(native, (int, float, np.number, np.bool_))

    def _as_native(self, node: TreeNode) -> Family:
        """Find the family by the type of the values, for a typeStr that says nothing."""
        self.scalar = ScalarType.String
        native = self.native
        if native is None and form_of(None, self.type_str) is None:
            now = value_now(node)
            native = None if now is None else type(now)
        if not isinstance(native, type):
            return Family.OTHER
        base = next((k for k in (np.generic, bool, int, float, str) if issubclass(native, k)), None)
        if base is None:
            return Family.OTHER
        found = self._named(node, (native if base is np.generic else base).__name__)
        if found is not None and self.native is None and self.scalar.is_numeric:
            self.native = native
        return found or Family.OTHER

    def _named(self, node: TreeNode, word: str) -> Family | None:
        """Find the family by the name of a type; None if it is not known."""
        match = _MODEL.match(word)
        if match is not None:
            signed = match.group("family") == "Int"
            return self._integer(ScalarType.integer(int(match.group("bits")), signed))
        if word == "int":
            return self._integer(width_of_int(node))
        for pattern, family, scalar in _NAMED:
            if pattern.fullmatch(word):
                self.scalar = scalar
                if word == "bool_" and self.native is None:
                    self.native = np.bool_
                return family
        if word in ("str", "str_") or word.startswith("String("):
            return self._text()
        match = _LIST.match(word.replace(" ", ""))
        if match is not None and match.group("element").lower() in _ELEMENTS:
            self.scalar = _ELEMENTS[match.group("element").lower()]
            return Family.LIST
        return self._numpy(word)

    def _text(self) -> Family | None:
        if self.is_untyped and self.native is not None:
            return Family.NUMBER_AS_TEXT  # it may give a number at any time
        if self.native is None or self.is_register or issubclass(self.native, str):
            return Family.TEXT
        # Of a list or another object the text is its own.
        return Family.NUMBER_AS_TEXT if self._may_be_number() else None

    def _numpy(self, word: str) -> Family | None:
        dtype = None if word in _PYTHON or len(word) < 2 else dtype_of(None, word)
        scalar = None if dtype is None or dtype.names else array_type(dtype)
        if dtype is None or scalar is None or not scalar.is_numeric:
            return None
        if self.native is None:
            self.native = dtype.type
        self.scalar = scalar
        return Family.INTEGER if scalar.is_integer else Family.FLOAT

    def _integer(self, scalar: ScalarType | None) -> Family:
        if scalar is None:
            return Family.BIG_INTEGER
        self.scalar = scalar
        return Family.INTEGER
