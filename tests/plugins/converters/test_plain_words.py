"""A value that does not fit is refused in plain words: what was expected, and what came."""

import numpy as np
import pytest
from support.engine.nodes import node
from support.engine.plain_words import VALUES, unplain
from support.trees.everything import EXPECTED, node_of

from roguebridge.core import Select
from roguebridge.core.errors import PutError
from roguebridge.core.values import ConversionError, MisfitError, shown
from roguebridge.plugins.converters import make_converter
from roguebridge.plugins.recipes import (
    bit_field,
    hex_text,
    iso_time,
    json_text,
    linear,
    scaled,
    split_words,
    table,
)


def wrong_words(converter, path, names=(PutError,)):
    """Return each text for a value of the table that is not as it should be."""
    wrong = []
    for value in VALUES:
        try:
            converter.to_tree(value)
        except names as refusal:
            text = str(refusal)
            problem = unplain(text)
            if problem or (isinstance(refusal, PutError) and not text.startswith(f"{path}: ")):
                wrong.append(f"{path} {shown(value)}: {problem or text}")
        except Exception as other:
            wrong.append(f"{path} {shown(value)}: raised {other!r:.200}")
    return wrong


def test_refusals_of_every_kind_are_in_plain_words(root):
    wrong = []
    for path in EXPECTED:
        found = node_of(root, path)
        wrong += wrong_words(make_converter(found), found.path)
    assert not wrong, "\n".join(wrong[:60])


def test_values_of_the_tree_that_do_not_fit_are_told_in_plain_words(root):
    wrong = []
    for path in EXPECTED:
        converter = make_converter(node_of(root, path))
        for value in VALUES:
            try:
                converter.to_pv(value)
            except (MisfitError, ConversionError, OverflowError) as misfit:
                problem = unplain(str(misfit))
            except Exception as other:
                problem = f"raised {other!r:.200}"
            else:
                problem = ""
            wrong += [f"{path} {shown(value)}: {problem}"] if problem else []
    assert not wrong, "\n".join(wrong[:60])


ALL = Select(path="*")
WAVE = {"nativeType": np.ndarray, "ndType": np.dtype("u2")}
RECIPES = {
    "linear": (linear(ALL, scale=0.1, units="V"), node("UInt8", minimum=0, maximum=200)),
    "linear array": (linear(ALL, scale=0.1), node("uint16(3,)", np.zeros(3, "u2"), **WAVE)),
    "linear float": (linear(ALL, scale=2), node("Double64", 0.5)),
    "scaled": (scaled(ALL, to_pv=np.sqrt, to_tree=np.square), node("UInt16")),
    "one way": (scaled(ALL, to_pv=np.sqrt), node("UInt16")),
    "bits": (bit_field(ALL, ["Off", "On"], shift=3), node("UInt8")),
    "hex": (hex_text(ALL), node("UInt32")),
    "words": (split_words(ALL), node("UInt64")),
    "time": (iso_time(ALL), node("float", 0.0)),
    "whole time": (iso_time(ALL, unit="ns"), node("UInt64")),
    "json": (json_text(ALL), node("dict", {}, nativeType=dict)),
    "json number": (json_text(ALL), node("UInt8")),
    "rows": (table(ALL, {"a": "int8", "n": "str"}), node("list", [{"a": 1, "n": "x"}])),
    "columns": (table(ALL, {"a": "int8"}), node("dict", {"a": [1]}, nativeType=dict)),
}


@pytest.mark.parametrize("name", RECIPES)
def test_refusals_of_the_recipes_are_in_plain_words(name):
    rule, one = RECIPES[name]
    wrong = wrong_words(rule.make(one), one.path)
    assert not wrong, "\n".join(wrong[:60])
