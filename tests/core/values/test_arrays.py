import numpy as np
import pytest

from roguebridge.core.values.arrays import pixels_of, texts_of


@pytest.mark.parametrize(
    ("array", "texts"),
    [
        (np.array(["a", "\udc80"]), ["a", "\\udc80"]),
        (np.array([b"a", b"\xff"]), ["a", "\\xff"]),
        (np.array(["a", "b"], object), ["a", "b"]),
        (np.array(["2024-01-02T03:04"], "M8[m]"), ["2024-01-02T03:04"]),
        (np.zeros(0), []),
    ],
    ids=str,
)
def test_text_of_any_kind_is_text(array, texts):
    assert texts_of(array) == texts


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.array(["a", 1], object), "not all elements are text"),
        (np.arange(2), "elements of type int64 are no text"),
    ],
    ids=str,
)
def test_what_is_not_text_is_not_made_text(array, words):
    with pytest.raises(ValueError, match=words):
        texts_of(array)


def test_pixels_lie_in_a_row_and_have_a_type_that_can_be_served():
    turned = np.arange(6, dtype=">u2").reshape(2, 3).T
    pixels = pixels_of(turned)
    assert (pixels.dtype, pixels.flags.c_contiguous) == (np.dtype("u2"), True)
    assert np.array_equal(pixels, turned)
    assert pixels_of(np.array(1 + 2j)).tolist() == [[1.0, 2.0]]
    with pytest.raises(TypeError, match="elements of type object cannot be served"):
        pixels_of(np.array([None]))
