import pytest

from app.confusion import Confusion


@pytest.fixture
def confusion() -> Confusion:
    """Of 100 a, 60 are read rightly, 39 as A and 1 as 1; of 10 A, 8 rightly; nothing is drawn as 1 or b."""
    return Confusion(list("1Aab"), [[0, 0, 0, 0], [0, 8, 2, 0], [1, 39, 60, 0], [0, 0, 0, 0]])


def test_a_row_tells_what_became_of_a_label_from_the_most_frequent_mistake(confusion):
    row = confusion.rows[2]
    assert (row.label, row.n, row.right, row.recall, row.others) == ("a", 100, 60, 0.6, [("A", 39), ("1", 1)])


def test_rows_leave_out_what_was_neither_drawn_nor_read(confusion):
    assert [row.label for row in confusion.rows] == ["1", "A", "a"]
    assert confusion.rows[0].n == confusion.rows[0].recall == 0


def test_mistakes_are_all_that_lies_off_the_diagonal(confusion):
    assert confusion.mistakes == 42


def test_pairs_join_both_ways_and_come_from_the_most_confused(confusion):
    first, second = confusion.pairs(12)
    assert first.ways == (("a", "A", 39, 100), ("A", "a", 2, 10))
    assert first.count == 41
    assert second.ways == (("a", "1", 1, 100),)
    assert confusion.pairs(1) == [first]


def test_a_cells_shade_is_that_of_its_share_of_the_row(confusion):
    shades = {cell: (right, shade) for (right, shade), cells in confusion.heat.items() for cell in cells}
    assert shades == {
        (1, 1): (True, 5),  # 8 of 10
        (2, 1): (False, 3),  # 2 of 10
        (0, 2): (False, 1),  # 1 of 100
        (1, 2): (False, 4),  # 39 of 100
        (2, 2): (True, 4),
    }


def test_labels_are_grouped_by_kind():
    assert Confusion(list("01ABCab"), []).groups == [(0, 2), (2, 3), (5, 2)]


def test_compact_counts_leave_zeros_out(confusion):
    assert confusion.compact == ",,,;,8,2,;1,39,60,;,,,"
