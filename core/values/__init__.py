"""Values as PVs have them: types, alarms, readings, and conversions that lose nothing."""

from .alarm import (
    CALC,
    DISABLE,
    NO_ALARM,
    STATE,
    Alarm,
    Severity,
    Status,
    extremes,
    judge,
    judge_as_told,
    worst,
)
from .arrays import Flat, array_type, pixels_of, texts_of, unicode_of
from .coercion import fitted
from .command_result import describe_result, text_of
from .conversion import Conversion
from .converter import ConversionError, TypeConverter
from .exact import cast_exactly, exact_array, integer, real
from .reading import Reading, Snapshot
from .spec import (
    NO_CONTROL,
    NO_VALUE_ALARM,
    Column,
    Control,
    Display,
    NtKind,
    PvSpec,
    ScalarType,
    ValueAlarm,
    shared,
)
from .tables import columns_of, member_names, table_of
from .words import (
    MisfitError,
    misfit_words,
    parse_bool,
    parse_literal,
    parse_number,
    shown,
    type_words,
)

__all__ = [
    "Alarm",
    "CALC",
    "Column",
    "Control",
    "Conversion",
    "ConversionError",
    "DISABLE",
    "Display",
    "Flat",
    "MisfitError",
    "NO_ALARM",
    "NO_CONTROL",
    "NO_VALUE_ALARM",
    "NtKind",
    "PvSpec",
    "Reading",
    "STATE",
    "ScalarType",
    "Severity",
    "Snapshot",
    "Status",
    "TypeConverter",
    "ValueAlarm",
    "array_type",
    "cast_exactly",
    "columns_of",
    "describe_result",
    "exact_array",
    "extremes",
    "fitted",
    "integer",
    "judge",
    "judge_as_told",
    "member_names",
    "misfit_words",
    "parse_bool",
    "parse_literal",
    "parse_number",
    "pixels_of",
    "real",
    "shared",
    "shown",
    "table_of",
    "text_of",
    "texts_of",
    "type_words",
    "unicode_of",
    "worst",
]
