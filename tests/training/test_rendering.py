import numpy as np
import pytest
from PIL import Image

from app.training.rendering import CANVAS, deform, draw, read
from tests.drawings import STROKES
from tests.training.conftest import scan


def strokes(label: str) -> list[np.ndarray]:
    return [np.array(stroke, np.float32) * 4000 for stroke in STROKES[label]]


def alike(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


def test_a_plain_drawing_has_the_size_and_pen_that_were_asked_for():
    picture = draw(strokes("1"), None, pen=20, size=0.5)
    _, top, _, bottom = picture.getbbox()
    assert bottom - top == pytest.approx(CANVAS * 0.5 + 20, abs=3)
    assert picture.mode == "L"


def test_a_plain_drawing_is_the_same_every_time():
    assert draw(strokes("3"), None) == draw(strokes("3"), None)


def test_the_same_generator_draws_the_same_and_another_draws_another():
    first, again, other = (draw(strokes("3"), np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first.tobytes() != other.tobytes()


@pytest.mark.parametrize("label", sorted(STROKES))
def test_variants_stay_what_they_are(label):
    plain = read(draw(strokes(label), None))
    varied = [read(draw(strokes(label), np.random.default_rng(seed))) for seed in range(20)]
    assert np.mean([alike(plain, ink) for ink in varied]) > 0.5
    assert len({ink.tobytes() for ink in varied}) == 20


@pytest.mark.parametrize("label", sorted(STROKES))
def test_deformed_scans_stay_what_they_are(label):
    plain = read(Image.fromarray(scan(label, 9)))
    varied = [read(deform(scan(label, 9), np.random.default_rng(seed))) for seed in range(20)]
    assert np.mean([alike(plain, ink) for ink in varied]) > 0.5


def test_a_dot_is_drawn():
    assert read(draw([np.array([[0, 0]], np.float32)], np.random.default_rng(0))).max() > 200


def test_a_blank_picture_is_nothing_to_learn_from():
    assert read(Image.new("L", (28, 28))) is None


def test_small_scans_are_deformed_at_twice_their_size_and_larger_pictures_at_their_own():
    rng = np.random.default_rng(1)
    assert deform(np.zeros((28, 28), np.uint8), rng).size == (56, 56)
    assert deform(np.zeros((112, 112), np.uint8), rng).size == (112, 112)
