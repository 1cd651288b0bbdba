import json

import numpy as np
import pytest
from PIL import Image

from doc.samples import FOLDER, SAMPLES, draw

LISTED = json.loads((FOLDER / "samples.json").read_text(encoding="utf-8"))
LARGEST = 4_000  # bytes of a file


def given(sample) -> dict:
    return pytest.param(sample, id=sample.file)


def test_ten_samples_are_listed_of_every_kind_of_file():
    assert [(each["file"], each["label"], each["manner"]) for each in LISTED] == [each[:3] for each in SAMPLES]
    assert len(SAMPLES) == len({sample.label for sample in SAMPLES}) == 10
    formats = set()
    for sample in SAMPLES:
        with Image.open(FOLDER / sample.file) as picture:
            formats.add(picture.format)
    assert formats == {"PNG", "JPEG", "BMP", "GIF", "WEBP"}


def test_nothing_else_lies_beside_the_samples():
    assert {path.name for path in FOLDER.iterdir()} == {"samples.json", *(sample.file for sample in SAMPLES)}


@pytest.mark.parametrize("sample", [given(sample) for sample in SAMPLES])
def test_a_sample_is_small_and_as_the_script_draws_it(sample):
    assert (FOLDER / sample.file).stat().st_size <= LARGEST
    with Image.open(FOLDER / sample.file) as shipped:
        drawn = draw(sample).convert("L")
        assert shipped.size == drawn.size
        difference = np.asarray(shipped.convert("L"), float) - np.asarray(drawn, float)
    assert np.abs(difference).mean() < 6  # what compression leaves out


@pytest.mark.parametrize("sample", [given(sample) for sample in SAMPLES])
def test_a_sample_is_read_rightly_over_http_and_its_character_found(client, sample):
    for mode in ("any", "digit" if sample.label.isdigit() else "character"):
        form = {"file": (FOLDER / sample.file).open("rb"), "mode": mode, "steps": "true"}
        answer = client.post("/api/predict", data=form).json
        assert answer["prediction"] == sample.label, mode
    with Image.open(FOLDER / sample.file) as picture:
        left, top, right, bottom = answer["box"]
        assert 0 < left < right < picture.width
        assert 0 < top < bottom < picture.height
        assert (right - left) * (bottom - top) < 0.5 * picture.width * picture.height
