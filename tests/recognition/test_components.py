import numpy as np
import pytest

from app.recognition.components import connected_components


def mask(*rows: str) -> np.ndarray:
    return np.array([[cell == "#" for cell in row] for row in rows])


def test_diagonal_neighbours_are_one_component():
    assert connected_components(mask("#..", ".#.", "..#")).count == 1


def test_a_gap_of_one_pixel_parts():
    assert connected_components(mask("#.#", "#.#", "#.#")).count == 2


def test_arms_that_meet_below_are_one_component():
    assert connected_components(mask("#.#.#", "#.#.#", "#####")).count == 1


def test_a_spiral_is_one_component():
    parts = connected_components(mask("#######", "......#", "#####.#", "#...#.#", "#.###.#", "#.....#", "#######"))
    assert parts.count == 1
    assert parts.areas().tolist() == [31]


def test_runs_do_not_join_around_the_edge():
    assert connected_components(mask("..#", "#..")).count == 2


def test_areas_and_boxes_are_those_of_each_component():
    parts = connected_components(mask("##...", "##...", "....#"))
    assert sorted(parts.areas()) == [1, 4]
    assert sorted(map(tuple, parts.boxes().tolist())) == [(0, 0, 2, 2), (4, 2, 5, 3)]


def test_totals_are_sums_over_each_component():
    parts = connected_components(mask("##.", "..#", "...", "#.."))
    assert sorted(parts.totals(np.arange(12).reshape(4, 3))) == [6, 9]


def test_a_mask_of_some_components_holds_those_alone():
    picture = mask("##..#", "....#", "#...#")
    parts = connected_components(picture)
    largest = parts.areas() == parts.areas().max()
    assert (parts.mask(largest) == mask("....#", "....#", "....#")).all()
    assert (parts.mask(np.ones(parts.count, bool)) == picture).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (4, 4)])
def test_an_empty_picture_has_none(shape):
    assert connected_components(np.zeros(shape, bool)).count == 0


def flood(picture: np.ndarray) -> int:
    """The count of components, by walking."""
    left = set(zip(*map(list, np.nonzero(picture)), strict=True))
    count = 0
    while left:
        count += 1
        walk = [left.pop()]
        while walk:
            row, column = walk.pop()
            near = {(row + i, column + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= near
            walk += near
    return count


@pytest.mark.parametrize("seed", range(20))
def test_any_picture_has_as_many_as_walking_finds(seed):
    rng = np.random.default_rng(seed)
    picture = rng.random(rng.integers(1, 30, 2)) < rng.uniform(0.1, 0.7)
    assert connected_components(picture).count == flood(picture)
