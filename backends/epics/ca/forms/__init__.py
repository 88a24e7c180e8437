"""Which form a PV of each kind has on Channel Access."""

from __future__ import annotations

from roguebridge.core.values import NtKind, PvSpec, ScalarType

from .arrays import ArrayForm, FrameForm, TableForm, WordsForm
from .form import Form
from .scalars import ChoiceForm, FlagForm, LargeChoiceForm, NumberForm, TextForm

STATES = 16
LABEL = 25  # bytes of a state's name


def form_of(spec: PvSpec) -> Form:
    """Return the form of a kind of PV."""
    if spec.kind is NtKind.ENUM:
        return (ChoiceForm if fits_enum(spec) else LargeChoiceForm)(spec)
    if spec.kind is NtKind.SCALAR:
        others: dict[ScalarType, type[Form]]
        others = {ScalarType.Bool: FlagForm, ScalarType.String: TextForm}
        return others.get(spec.scalar, NumberForm)(spec)
    if spec.kind is NtKind.SCALAR_ARRAY:
        return (WordsForm if spec.scalar is ScalarType.String else ArrayForm)(spec)
    return (FrameForm if spec.kind is NtKind.NDARRAY else TableForm)(spec)


def fits_enum(spec: PvSpec) -> bool:
    """Tell whether the choices are few and short enough for an enum of Channel Access."""
    labels = [label.encode("utf-8", "backslashreplace") for label in spec.choices]
    return len(labels) <= STATES and all(len(label) <= LABEL for label in labels)
