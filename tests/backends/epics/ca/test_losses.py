"""What Channel Access has no place for is told beforehand, and only that."""

import numpy as np
import pytest

from roguebridge.core.server.server import PvServer

CUT = "over ca, a text is cut after 39 bytes, NAME$ has the whole"
WIDE = "over ca, an integer of 64 bits is a double, which is exact up to 2**53"
WORDS = "over ca, texts of an array are cut after 39 bytes"
FLAT = "over ca, an image is flat, NAME:SHAPE is its shape"
JSON = "over ca, a table is JSON text"
UNITS = "over ca, units are cut after 7 bytes, NAME.EGU$ has the whole"
DESC = "over ca, a description is cut after 39 bytes, NAME.DESC$ has the whole"
CHOICE = (
    "over ca, an enum of more than 16 labels, or with one of more than 25 bytes, is a text, "
    "NAME:IDX is the index"
)
NAME = (
    "over ca, a name of more than 60 bytes is beyond clients that were made for IOCs, "
    "give an alias by longest in names"
)
LONG_NAME = "A_name_of_a_variable_with_which_its_PV_has_more_than_60_bytes"
STRUCTURE = np.zeros(2, np.dtype([("a", "i2"), ("b", "f8")]))


def labels(count, size):
    return {n: f"{n:02}".ljust(size, "x") for n in range(count)}


@pytest.fixture
def losses(tree, running):
    """What is told of a variable, by its explanation and the survey."""

    def of(name="V", backends=("ca",), names=None, **declared):
        root = tree.pr.Root(name="Top", pollEn=False)
        root.add(tree.pr.LocalVariable(name=name, groups="Mine", **declared))
        server = PvServer("T", root, incGroups="Mine", backends=backends, names=names)
        with running(root):
            found = server.explain(f"Top.{name}").losses
            advice = server.survey().advice
        told = [text for text in advice if text.startswith("over ca")]
        assert told == [f"{loss}: T:Top:{name} (1 in all)" for loss in found]
        return found

    return of


@pytest.mark.parametrize(
    ("declared", "found"),
    [
        ({"value": 1}, (WIDE,)),
        ({"value": 1, "minimum": 0, "maximum": 2**53 + 1}, (WIDE,)),
        ({"value": 1, "minimum": 0, "maximum": 2**53}, ()),
        ({"value": 1, "minimum": 0, "maximum": 100}, ()),
        ({"value": 1.5}, ()),
        ({"value": True}, ()),
        ({"value": "x"}, (CUT,)),
        ({"value": np.zeros(3, np.int64)}, (WIDE,)),
        ({"value": np.zeros(3, np.uint32)}, ()),
        ({"value": np.array(["a", "b"])}, (WORDS,)),
        ({"value": np.zeros((2, 2), np.uint8)}, (FLAT,)),
        ({"value": np.zeros((2, 2), np.int64)}, (WIDE, FLAT)),
        ({"value": STRUCTURE}, (JSON,)),
        ({"value": 0, "enum": labels(16, 25)}, ()),
        ({"value": 0, "enum": labels(17, 3)}, (CHOICE,)),
        ({"value": 0, "enum": labels(2, 26)}, (CHOICE,)),
        ({"value": 0, "enum": labels(2, 40)}, (CHOICE, CUT)),
        ({"value": 1.5, "units": "mm/hour"}, ()),
        ({"value": 1.5, "units": "mm/hours"}, (UNITS,)),
        ({"value": 1.5, "units": "µV/√Hz"}, (UNITS,)),
        ({"value": True, "units": "mm/hours"}, ()),
        ({"value": 1.5, "description": "d" * 39}, ()),
        ({"value": 1.5, "description": "d" * 40}, (DESC,)),
    ],
    ids=lambda value: "",
)
def test_what_the_type_tells(losses, declared, found):
    assert losses(**declared) == found


def test_a_name_that_some_clients_do_not_take_unless_it_has_a_short_alias(losses):
    assert losses(LONG_NAME, value=1.5) == (NAME,)
    assert losses(LONG_NAME, value=1.5, names={"longest": 60}) == ()


def test_other_backends_have_a_place_for_all_of_it(losses):
    assert losses(LONG_NAME, ("pva", "soft"), value="x", description="d" * 40) == ()
