import numpy as np
import pytest

from app.training.unipen import UnipenError, fit_to_square, read_characters


@pytest.fixture
def write(tmp_path):
    (tmp_path / "include").mkdir()

    def write(text, name="data/1a/abc/writer.dat"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "latin-1")
        return path

    return write


@pytest.fixture
def read(write, tmp_path):
    def read(text):
        return read_characters(write(text), tmp_path / "include")

    return read


def as_lists(strokes):
    return [stroke.tolist() for stroke in strokes]


def test_a_segment_is_the_strokes_of_its_components_and_a_label(read):
    characters, problems = read("""
.PEN_DOWN
1 2
3 4
.PEN_UP
.PEN_DOWN
\t5\t6
.PEN_UP
.PEN_DOWN
7 8
.SEGMENT CHARACTER 0-1 ? "4"
.SEGMENT CHARACTER 2 OK "b"
""")
    assert problems == []
    assert [label for label, _ in characters] == ["4", "b"]
    assert as_lists(characters[0].strokes) == [[[1, 2], [3, 4]], [[5, 6]]]
    assert as_lists(characters[1].strokes) == [[[7, 8]]]


def test_components_are_numbered_only_where_they_have_points(read):
    (character,), problems = read(
        '.PEN_UP\n.PEN_DOWN\n.PEN_DOWN\n1 1\n.PEN_UP\n.PEN_DOWN\n2 2\n.SEGMENT CHARACTER 1 ? "a"\n'
    )
    assert problems == []
    assert as_lists(character.strokes) == [[[2, 2]]]


def test_a_way_in_the_air_is_numbered_but_is_no_stroke(read):
    (character,), problems = read(
        '.PEN_DOWN\n1 1\n.PEN_UP\n9 9\n.PEN_DOWN\n2 2\n.SEGMENT CHARACTER 0-2 ? "a"\n.SEGMENT WORD 0-2 ? "at"\n'
    )
    assert problems == []
    assert as_lists(character.strokes) == [[[1, 1]], [[2, 2]]]


@pytest.mark.parametrize(
    ("ranges", "strokes"),
    [
        ("1", [[10, 11, 12]]),
        ("0-1", [[0, 1, 2], [10, 11, 12]]),
        ("0,2", [[0, 1, 2], [20, 21, 22]]),
        ("0-1,3", [[0, 1, 2], [10, 11, 12], [30, 31, 32]]),
        ("0:1-1:0", [[1, 2], [10]]),
        ("1:1-1:2", [[11, 12]]),
        ("2:1-3", [[21, 22], [30, 31, 32]]),
        ("0-1:1", [[0, 1, 2], [10, 11]]),
        ("3:2", [[32]]),
    ],
)
def test_ranges_name_components_and_points_of_them(read, ranges, strokes):
    pen = "".join(f".PEN_DOWN\n{n}0 0\n{n}1 0\n{n}2 0\n.PEN_UP\n" for n in range(4))
    (character,), problems = read(f'{pen}.SEGMENT CHARACTER {ranges} ? "x"\n')
    assert problems == []
    assert [stroke[:, 0].tolist() for stroke in character.strokes] == strokes


def test_coord_says_which_columns_are_x_and_y(read):
    (character,), _ = read('.COORD T Y X P\n.PEN_DOWN\n100 2 1 9\n101 4 3 9\n.SEGMENT CHARACTER 0 ? "c"\n')
    assert as_lists(character.strokes) == [[[1, 2], [3, 4]]]


def test_points_need_not_stand_one_to_a_line(read):
    (character,), _ = read('.PEN_DOWN 1 2 3\n4\n5 6\n.SEGMENT CHARACTER 0 ? "c"\n')
    assert as_lists(character.strokes) == [[[1, 2], [3, 4], [5, 6]]]


def test_included_files_are_read_where_they_are_named(read, write):
    write(".VERSION 1.0\n.COORD X Y T\n", "include/abc/abc.doc")
    write(".PEN_DOWN\n1 2 0\n.PEN_UP\n", "include/abc/data/first.dat")
    write(".PEN_DOWN\n3 4 0\n.PEN_UP\n", "include/abc/data/second.dat")
    characters, problems = read("""
.INCLUDE abc/abc.doc
.INCLUDE abc/data/first.dat
.INCLUDE abc/data/second.dat
.SEGMENT CHARACTER 1 ? "z"
""")
    assert problems == []
    assert as_lists(characters[0].strokes) == [[[3, 4]]]


def test_an_included_file_may_include_another_by_its_own_place(read, write):
    write(".COORD Y X\n", "include/imp/imp.doc")
    write(".INCLUDE ../../imp.doc\n.PEN_DOWN\n1 2\n", "include/imp/data/imp0/7.dat")
    (character,), _ = read('.INCLUDE imp/data/imp0/7.dat\n.SEGMENT CHARACTER 0 ? "z"\n')
    assert as_lists(character.strokes) == [[[2, 1]]]


def test_comments_alphabets_and_foreign_characters_do_not_disturb(read):
    (character,), problems = read("""
.COMMENT ### José's file, "1" of "2" ###
.ALPHABET "\\" "." "a"
.PEN_DOWN
1 2
.PEN_UP
.START_BOX
.DATE 12/19/94
.SEGMENT CHARACTER 0 ? "a"
""")
    assert problems == []
    assert character.label == "a"


def test_a_file_with_carriage_returns_is_read_alike(tmp_path):
    path = tmp_path / "dos.dat"
    path.write_bytes(b'.PEN_DOWN\r\n1 2\r\n3 4\r\n.PEN_UP\r\n.SEGMENT CHARACTER 0 ? "a"\r\n')
    (character,), problems = read_characters(path, tmp_path)
    assert problems == []
    assert as_lists(character.strokes) == [[[1, 2], [3, 4]]]


@pytest.mark.parametrize(
    ("segment", "reason"),
    [
        ('CHARACTER 0-7 ? "a"', "no such components: 0-7 of 3"),
        ('CHARACTER 1-0 ? "a"', "no such components"),
        ('CHARACTER 1 ? "a"', "not rows of X Y"),
        ('CHARACTER 2 ? "a"', "not rows of X Y"),
        ('CHARACTER 0:9-0:10 ? "a"', "no ink"),
        ('CHARACTER 0- ? "a"', "no range"),
        ("CHARACTER 0 ? a", "not a level"),
        ('CHARACTER ? "a"', "not a level"),
    ],
)
def test_a_segment_that_cannot_be_read_is_reported_and_the_others_are_read(read, segment, reason):
    characters, problems = read(
        f'.PEN_DOWN\n1 2\n.PEN_DOWN\n1 2 3\n.PEN_DOWN\n1 two\n.SEGMENT {segment}\n.SEGMENT CHARACTER 0 ? "b"\n'
    )
    assert [label for label, _ in characters] == ["b"]
    assert len(problems) == 1
    assert problems[0].startswith("writer.dat")
    assert reason in problems[0]


def test_a_missing_included_file_is_an_error_because_numbers_would_shift(read):
    with pytest.raises(UnipenError, match="not there: abc/gone"):
        read('.INCLUDE abc/gone.dat\n.PEN_DOWN\n1 2\n.SEGMENT CHARACTER 0 ? "a"\n')


def test_a_file_that_includes_itself_is_an_error(read, write):
    write(".INCLUDE b.dat\n", "include/a.dat")
    write(".INCLUDE a.dat\n", "include/b.dat")
    with pytest.raises(UnipenError, match="includes itself"):
        read(".INCLUDE a.dat\n")


def test_nothing_outside_the_include_folder_is_included(read, write):
    write(".PEN_DOWN\n1 2\n", "secret.dat")
    with pytest.raises(UnipenError, match="not there"):
        read('.INCLUDE ../secret.dat\n.SEGMENT CHARACTER 0 ? "a"\n')


def test_y_points_down_and_the_longer_side_is_4000_with_the_aspect_kept():
    low, high = fit_to_square([np.array([[100.0, 50.0], [110.0, 50.0]]), np.array([[105.0, 70.0]])])
    assert low.dtype == np.int16
    assert low.tolist() == [[0, 4000], [2000, 4000]]
    assert high.tolist() == [[1000, 0]]


def test_a_dot_stays_a_dot():
    (dot,) = fit_to_square([np.array([[7.0, 9.0], [7.0, 9.0]])])
    assert dot.tolist() == [[0, 0], [0, 0]]
