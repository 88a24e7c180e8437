"""Labels and their indices, those of enable too."""

import math

import numpy as np
import pytest
from support.trees import running
from support.trees.everything import node_of

from roguebridge.core.errors import PutError
from roguebridge.core.values.alarm import STATE
from roguebridge.core.values.converter import ConversionError
from roguebridge.plugins.converters import make_converter


def test_the_choices_are_the_labels_in_the_order_of_the_enum(root):
    def choices(path):
        return make_converter(node_of(root, path)).spec.choices

    assert choices("Reg.EnumReg") == ("a", "b", "c")
    assert choices("Loc.enumInt") == ("five", "two", "x")
    assert choices("Loc.enumLabels") == ("10", "20")
    assert choices("Loc.bool") == choices("Reg.Bool") == ("False", "True")
    assert choices("Loc.dispList") == ("1", "3", "5")


def test_a_sparse_key_is_found_by_its_position(root):
    node = root.Reg.EnumReg
    converter = make_converter(node)
    for key, index in ((0, 0), (5, 1), (2, 2)):
        node.set(key)
        assert converter.to_pv(node.value()) == index
        assert converter.to_tree(index) == key


@pytest.mark.parametrize("value", [3, -1, None, "x", [], np.zeros(2), math.nan])
def test_a_value_out_of_the_enum_is_a_state_alarm(root, value):
    with pytest.raises(ConversionError) as caught:
        make_converter(root.Reg.EnumReg).to_pv(value)
    assert caught.value.alarm is STATE


def test_a_number_out_of_the_enum_in_the_register_is_a_state_alarm(root):
    root.Reg.EnumReg.set(3)
    with pytest.raises(ConversionError):
        make_converter(root.Reg.EnumReg).to_pv(root.Reg.EnumReg.value())
    root.Reg.EnumReg.set(0)


def test_duplicate_labels_keep_their_own_indices(tree):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.LocalVariable(name="V", value=0, enum={0: "same", 1: "same", 2: "x"}))
    with running(root):
        converter = make_converter(root.V)
        assert converter.spec.choices == ("same", "same", "x")
        assert [converter.to_tree(index) for index in range(3)] == [0, 1, 2]
        assert [converter.to_pv(key) for key in range(3)] == [0, 1, 2]
        assert converter.to_tree("same") == 0


def test_enable_is_an_enum_whose_reasons_cannot_be_put(root):
    converter = make_converter(root.Reg.enable)
    choices = converter.spec.choices
    assert set(choices) == {"False", "True", "ParentFalse", "ExtDepFalse"}
    assert choices[converter.to_pv("parent")] == "ParentFalse"
    assert choices[converter.to_pv("deps")] == "ExtDepFalse"
    for label in ("True", "False"):
        assert converter.to_tree(choices.index(label)) is (label == "True")
        assert converter.to_tree(label) is (label == "True")
    for label in ("ParentFalse", "ExtDepFalse"):
        for value in (label, choices.index(label)):
            with pytest.raises(PutError, match=f"{label} cannot be set"):
                converter.to_tree(value)


def test_an_enum_of_ones_own_with_flags_and_words_can_be_put(tree):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(
        tree.pr.LocalVariable(
            name="V", value=False, enum={False: "off", "auto": "Auto"}, typeCheck=False
        )
    )
    with running(root):
        converter = make_converter(root.V)
        root.V.set(converter.to_tree(1))
        assert converter.to_pv(root.V.value()) == 1


def test_enable_follows_its_parent(tree):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.Device(name="Dev"))
    with running(root):
        root.enable.set(make_converter(root.enable).to_tree("False"))
        converter = make_converter(root.Dev.enable)
        assert converter.spec.choices[converter.to_pv(root.Dev.enable.value())] == "ParentFalse"
        root.enable.set(make_converter(root.enable).to_tree("True"))
        assert converter.spec.choices[converter.to_pv(root.Dev.enable.value())] == "True"
