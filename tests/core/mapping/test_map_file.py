import pytest

from roguebridge.core.errors import MappingError
from roguebridge.core.mapping.map_file import map_lines, read_map


@pytest.fixture
def write(tmp_path):
    def write(content):
        file = tmp_path / "map.txt"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return write


NAMES = [("B:Top:A", "Top.A"), ("B:x", "Top.Dev[0].odd name"), ("B:Größe", "Top.Größe")]


def test_written_lines_are_read_back_in_order(write):
    file = write("".join(f"{line}\n" for line in map_lines(NAMES)))
    assert list(read_map(file).items()) == [(path, [pv]) for pv, path in NAMES]
    assert read_map(str(file)) == read_map(file)


def test_a_line_is_pv_then_path():
    assert map_lines(NAMES[:1]) == ["B:Top:A -> Top.A"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_comments_blank_lines_and_indents_are_passed_over(write, end):
    lines = ["# a -> b", "", "   ", "  # c -> d", "  X   ->   Top.A  ", "Y -> Top.B"]
    assert read_map(write(end.join(lines))) == {"Top.A": ["X"], "Top.B": ["Y"]}


def test_the_mark_that_some_editors_put_first_is_passed_over(write):
    assert read_map(write("\ufeffX -> Top.A\n")) == {"Top.A": ["X"]}


def test_every_malformed_line_is_listed_with_its_number(write):
    file = write("X -> Top.A\nnonsense\n# ok\nY->Top.B\n -> Top.C\nZ -> \nW -> Top.D\n")
    with pytest.raises(MappingError) as caught:
        read_map(file)
    assert str(file) in str(caught.value)
    assert [text.split(":")[0] for text in caught.value.problems] == [
        "line 2", "line 4", "line 5", "line 6",
    ]  # fmt: skip
    assert "'nonsense'" in caught.value.problems[0]


def test_lines_are_counted_as_editors_do_and_a_long_one_is_cut(write):
    with pytest.raises(MappingError) as caught:
        read_map(write("X -> Top.A\n# a\x0cb\u2028c\r\n" + 10_000 * "z" + "\n"))
    assert caught.value.problems == (f"line 3: expected 'pv -> path', found '{80 * 'z'}...'",)


def test_the_lines_of_one_path_are_its_names_the_first_is_the_primary(write):
    found = read_map(write("X -> Top.A\nZ -> Top.B\n\nY -> Top.A\n"))
    assert found == {"Top.A": ["X", "Y"], "Top.B": ["Z"]}


def test_one_name_for_two_paths_is_left_to_the_mapping(write):
    assert read_map(write("X -> Top.A\nX -> Top.B\n")) == {"Top.A": ["X"], "Top.B": ["X"]}


def test_an_empty_file_maps_nothing(write):
    assert read_map(write("")) == {}


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MappingError, match="cannot read the map file .*nowhere"):
        read_map(tmp_path / "nowhere")


def test_a_directory_or_an_empty_name_cannot_be_read(tmp_path):
    for name in (tmp_path, ""):
        with pytest.raises(MappingError, match="cannot read the map file"):
            read_map(name)


def test_a_file_that_is_not_text_is_refused(write):
    with pytest.raises(MappingError, match="cannot read the map file .*: line 2: "):
        read_map(write(b"X -> Top.A\nY -> Top.\xff\n"))
