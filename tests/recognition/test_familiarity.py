import numpy as np
import pytest
from PIL import Image, ImageDraw

from app.recognition.familiarity import familiarity, not_a_character, percentiles
from app.recognition.preprocessing import preprocess
from app.recognition.recognizer import MODES, ModelError, Recognizer
from app.recognition.versions import serving
from tests.drawings import draw
from tests.models import change_card, copy_shipped

DRAWN = {"digit": "2357", "character": "AHe", "any": "23AHe"}


def scribble(seed: int) -> Image.Image:
    """Lines from anywhere to anywhere."""
    picture = Image.new("L", (200, 200), 255)
    points = np.random.default_rng(seed).uniform(20, 180, (16, 2))
    ImageDraw.Draw(picture).line([tuple(point) for point in points], fill=0, width=8)
    return picture


@pytest.fixture
def logits() -> np.ndarray:
    return np.random.default_rng(1).normal(0, 5, (500, 10)).astype(np.float32)


def test_familiarity_is_the_log_of_the_summed_powers(logits):
    np.testing.assert_allclose(familiarity(logits), np.log(np.exp(logits.astype(float)).sum(1)))


def test_what_raises_all_logits_makes_a_picture_more_familiar_though_its_probabilities_stay(logits):
    np.testing.assert_allclose(familiarity(logits + 3), familiarity(logits) + 3, rtol=1e-5)


def test_characters_are_as_odd_as_the_share_of_characters_that_is_less_so(logits):
    odd = not_a_character(logits, percentiles(logits))
    ranks = (-familiarity(logits)).argsort().argsort() / (len(logits) - 1)
    np.testing.assert_allclose(odd, ranks, atol=0.01)


def test_what_is_odder_than_every_character_is_none_at_all(logits):
    assert not_a_character(logits[:1] - 100, percentiles(logits)) == 1
    assert not_a_character(logits[:1] + 100, percentiles(logits)) == 0


@pytest.mark.parametrize("mode", MODES)
def test_scribbles_look_less_like_characters_than_characters_do(recognizer, mode):
    drawn = [draw(label) for label in DRAWN[mode]]
    scribbled = [scribble(seed) for seed in range(5)]
    characters, scribbles = (
        recognizer.read(np.stack([preprocess(picture).input for picture in pictures]), mode).not_a_character
        for pictures in (drawn, scribbled)
    )
    assert np.median(scribbles) > 0.85 > np.median(characters)
    assert characters.max() < 0.98


def test_a_model_whose_card_does_not_say_what_is_familiar_serves_without(tmp_path, three):
    models = copy_shipped(tmp_path / "trained")
    change_card(serving(models, "digit"), familiarity=None)
    reading = Recognizer.load(models).read(np.zeros((1, 28, 28), np.float32), "digit")
    assert reading.not_a_character is None
    assert reading.probabilities.shape == (1, 10)


@pytest.mark.parametrize("wrong", [[1.0, 2.0], list(range(101, 0, -1))])
def test_a_card_whose_percentiles_are_no_percentiles_is_refused(tmp_path, wrong):
    models = copy_shipped(tmp_path / "trained")
    change_card(serving(models, "digit"), familiarity=wrong)
    with pytest.raises(ModelError, match="familiarity must be 101 rising numbers"):
        Recognizer.load(models)
