import re

import numpy as np
import pytest
from PIL import Image, ImageDraw

from app.recognition.alike import alike
from app.recognition.preprocessing import preprocess
from app.specimens import LINES, PATHS, STROKES, path_of


def picture(label: str, pen: int = 60) -> Image.Image:
    """A specimen in ink on paper."""
    paper = Image.new("L", (1000, 1000), 255)
    canvas = ImageDraw.Draw(paper)
    for stroke in STROKES[label]:
        canvas.line([tuple(point) for point in stroke], fill=0, width=pen, joint="curve")
        for x, y in (stroke[0], stroke[-1]):
            canvas.ellipse([x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2], fill=0)
    return paper.resize((250, 250), Image.Resampling.LANCZOS)


@pytest.mark.parametrize("mode", ["digit", "character", "any"])
def test_every_label_has_a_specimen_that_is_read_as_it(recognizer, mode):
    labels = recognizer.cards[mode]["labels"]
    inks = np.stack([preprocess(picture(label)).input for label in labels])
    found = [labels[best] for best in recognizer.predict(inks, mode).argmax(1)]
    assert not [(label, read) for label, read in zip(labels, found, strict=True) if read not in alike(label)]


@pytest.mark.parametrize("label", STROKES)
def test_a_specimen_stands_on_the_line_in_its_box(label):
    points = np.concatenate(STROKES[label])
    assert points.min() >= 0
    assert points[:, 0].max() <= 1000
    assert points[:, 1].max() <= LINES["descender"] + 20
    top, bottom = points[:, 1].min(), points[:, 1].max()
    assert bottom == pytest.approx(LINES["descender" if label in "gjpqyQ" else "base"], abs=20 if label != "Q" else 200)
    if label in "acegmnopqrsuvwxyz":
        assert top == pytest.approx(LINES["small"], abs=20)
    elif label not in "ijt":
        assert top == pytest.approx(LINES["capital"], abs=25)


def test_a_path_is_the_canvass_curve_through_the_midpoints():
    assert path_of([[[0, 0], [10, 0], [10, 10]]]) == "M0 0Q0 0 5 0Q10 0 10 5L10 10"


def test_a_point_alone_is_a_dot():
    assert path_of([[[3, 4]]]) == "M3 4h0"


def test_every_path_is_one():
    piece = r"M\d+ \d+(h0|(Q\d+ \d+ [\d.]+ [\d.]+)+L\d+ \d+)"
    assert all(re.fullmatch(f"({piece})+", path) for path in PATHS.values())
