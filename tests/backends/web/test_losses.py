"""What clients of PVWS do not get whole is told before anything is served."""

import numpy as np
import pytest
from support.each import each

from roguebridge.backends.web.limitations import losses_of
from roguebridge.core.server.server import PvServer
from roguebridge.core.values.spec import Column, NtKind, PvSpec, ScalarType

WIDE = "browsers round 64-bit integers beyond 2^53; their text has all digits"
TABLE = "a table has a form of its own, which clients made for PVWS do not know"
COLUMNS = "browsers round 64-bit integers of a table beyond 2^53"
CASES = [
    (PvSpec(NtKind.SCALAR, ScalarType.Int64), [WIDE]),
    (PvSpec(NtKind.SCALAR_ARRAY, ScalarType.UInt64), [WIDE]),
    (PvSpec(NtKind.SCALAR, ScalarType.UInt32), []),
    (PvSpec(NtKind.SCALAR, ScalarType.Float64), []),
    (PvSpec(NtKind.SCALAR, ScalarType.String), []),
    (PvSpec(NtKind.ENUM, ScalarType.Int32, choices=("a",)), []),
    (
        PvSpec(NtKind.SCALAR_ARRAY, ScalarType.String),
        ["an array of texts is a list, which clients made for PVWS do not know"],
    ),
    (
        PvSpec(NtKind.NDARRAY, ScalarType.UInt16),
        ["an image has a shape, which clients made for PVWS do not know"],
    ),
    (
        PvSpec(NtKind.TABLE, ScalarType.String, columns=(Column("a", "a", ScalarType.Int64),)),
        [TABLE, COLUMNS],
    ),
    (
        PvSpec(NtKind.TABLE, ScalarType.String, columns=(Column("a", "a", ScalarType.Int32),)),
        [TABLE],
    ),
]


@each("spec, losses", CASES)
def test_each_type_has_its_losses(spec, losses):
    assert list(losses_of(spec)) == losses


@pytest.mark.parametrize(
    ("value", "loss"), [(2**60, WIDE), (np.zeros((2, 2)), "an image has a shape")], ids=str
)
def test_the_survey_of_a_tree_names_them(tree, running, value, loss):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.LocalVariable(name="V", value=value))
    with running(root):
        found = PvServer("T", root, backends=["web"], isolate=True).survey()
    assert any(text.startswith(f"over web, {loss}") for text in found.advice), found.advice
