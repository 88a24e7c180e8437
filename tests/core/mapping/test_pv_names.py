import pytest

from roguebridge.core.mapping.pv_names import name_error, name_warning, standard_name


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("Top.V", "B:Top:V"),
        ("Top.Dev.Sub[3].V", "B:Top:Dev:Sub[3]:V"),
        ("Top.Mat[0][1].V", "B:Top:Mat[0][1]:V"),
    ],
)
def test_the_standard_name_is_that_of_epics_v4(path, name):
    assert standard_name("B", path) == name
    assert name_error(name) is None
    assert name_warning(name) is None


@pytest.mark.parametrize(
    "name", ["A", "a:B[0]", "x-y_z", "Ünït:1", "温度", "A{B}", "A<B>;C", "A" * 1000]
)
def test_legal_names_bring_neither_error_nor_warning(name):
    assert name_error(name) is None
    assert name_warning(name) is None


@pytest.mark.parametrize(
    "name",
    ["a b", " a", "a ", "a\tb", "a\nb", "a\u00a0b", "a\u2028b", "a\x00b", "a\x7fb", "a\x85b"]
    + ['a"b', "a'b", "a`b", "$(P)a", "a$"],
)
def test_white_space_control_characters_quotes_and_dollar_are_illegal(name):
    error = name_error(name)
    assert error is not None
    assert repr(name) in error


@pytest.mark.parametrize("name", [None, 5, b"A", ["A"], ("A",)])
def test_a_name_that_is_not_a_str_is_illegal(name):
    assert name_error(name) == f"PV name {name!r} is not a str"


@pytest.mark.parametrize("name", ["a\u200bb", "a\ufeff", "a\ud800"])
def test_a_character_that_does_not_show_is_illegal(name):
    assert name_error(name) == f"PV name {name!r} contains {name.strip('ab')!r}"


def test_a_name_that_a_map_file_would_take_for_a_comment_is_illegal():
    assert name_error("#A") == "PV name '#A' begins with '#'"
    assert name_error("A#") is None


def test_an_empty_name_is_illegal():
    assert name_error("") == "PV name is empty"


@pytest.mark.parametrize(("name", "character"), [("A.B", "."), ("A/B", "/")])
def test_what_clients_read_as_a_field_is_legal_with_a_warning(name, character):
    assert name_error(name) is None
    assert repr(character) in name_warning(name)


@pytest.mark.parametrize("first", ["-", "+", "[", "{"])
def test_a_name_that_epics_base_warns_of_is_served_with_a_warning(first):
    name = f"{first}Lab:V"
    assert name_error(name) is None
    assert (
        name_warning(name) == f"PV name {name!r} begins with {first!r}, which epics-base warns of"
    )
    assert name_warning(f"Lab{first}V") is None
