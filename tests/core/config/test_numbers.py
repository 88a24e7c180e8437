"""The numbers among the arguments of a server: refused alike in Python and in a file."""

import math

import pydantic
import pytest
from support.each import each

from roguebridge.core.config.numbers import NUMBERS, check_options
from roguebridge.core.config.options import OPTIONS
from roguebridge.core.config.schema import ServerConfig
from roguebridge.core.server import PvServer

BY_KIND = {name: one.kind.partition("|")[0] for name, one in OPTIONS.items()}
NAMES = [name for name, kind in BY_KIND.items() if kind in NUMBERS]
VALUES = [
    None, True, False, -1, 0, 0.0, 0.5, 1, 15, 16, 60.5, 65_536, 65_537, 999_999_999, 1e9, 2e9,
    -0.1, math.nan, math.inf, -math.inf, "1", "", [1], {}, 10**400,
]  # fmt: skip


def taken(name, value):
    """Return whether the constructor takes a value, and its words if it does not."""
    try:
        PvServer("B", None, backends=["soft"], **{name: value})
    except (TypeError, ValueError) as exc:
        return False, str(exc)
    return True, ""


def in_file(name, value):
    """Return whether a configuration file may have a value."""
    try:
        ServerConfig(**{name: value})
    except pydantic.ValidationError:
        return False
    return True


@each("name, value", [(name, value) for name in NAMES for value in VALUES])
def test_constructor_and_file_take_the_same_numbers(name, value):
    assert taken(name, value)[0] is in_file(name, value)


@each("name, wrong", [(name, wrong) for name in NAMES for wrong in ("x", True, -1)])
def test_a_refusal_names_the_argument_what_is_expected_and_what_was_given(name, wrong):
    fine, words = taken(name, wrong)
    assert not fine
    assert words.startswith(f"{name} must be {NUMBERS[BY_KIND[name]].expected}")
    assert words.endswith(f"not {wrong!r}")


def test_what_is_of_the_wrong_type_is_both_a_type_error_and_a_value_error():
    for kind in (TypeError, ValueError):
        with pytest.raises(kind, match="stop_timeout must be a number of seconds"):
            check_options({"stop_timeout": "5"})
