import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from app.training.mnist_overlap import fitted_to_box, fitted_to_spread, overlaps_mnist_test


def scan(seed):
    """A made-up scan of 128 x 128 pixels, ink bright: a bent line, as NIST's Special Database 19 would have it."""
    corners = np.random.default_rng(seed).integers(24, 104, (5, 2))
    picture = Image.new("L", (128, 128))
    ImageDraw.Draw(picture).line([tuple(corner) for corner in corners.tolist()], 255, width=11, joint="curve")
    return picture


def in_mnist(picture):
    """MNIST's way: fitted into 20 x 20, anti-aliased, centred by mass in 28 x 28."""
    crop = picture.crop(picture.getbbox())
    crop.thumbnail((20, 20), Image.Resampling.BOX)
    ink = np.asarray(crop, float)
    rows, columns = (np.average(np.arange(n), weights=ink.sum(1 - axis)) for axis, n in enumerate(ink.shape))
    framed = Image.new("L", (28, 28))
    framed.paste(crop, (round(14 - columns), round(14 - rows)))
    return np.asarray(framed)


def in_emnist(picture):
    """EMNIST's way (Cohen et al., 2017): blurred, cut out, made square with a border of 2, bicubic to 28 x 28."""
    blurred = picture.filter(ImageFilter.GaussianBlur(1))
    crop = blurred.crop(blurred.getbbox())
    side = max(crop.size) + 2 * round(max(crop.size) * 2 / 28)
    square = Image.new("L", (side, side))
    square.paste(crop, ((side - crop.width) // 2, (side - crop.height) // 2))
    return np.asarray(square.resize((28, 28), Image.Resampling.BICUBIC))


def pictures(way, seeds):
    return np.stack([way(scan(seed)) for seed in seeds])


def test_every_digit_that_is_a_scan_of_mnists_test_is_marked_and_no_other_is():
    digits = pictures(in_emnist, range(60))
    marks = overlaps_mnist_test(digits, pictures(in_mnist, range(0, 60, 2)), progress=False)
    assert marks.tolist() == [True, False] * 30


@pytest.mark.parametrize("count", [1, 1024, 1025])
def test_every_digit_gets_its_own_mark_however_many_there_are(count):
    one, other = pictures(in_emnist, (0, 1))
    digits = np.stack([one] * (count - 1) + [other])
    marks = overlaps_mnist_test(digits, pictures(in_mnist, (1,)), progress=False)
    assert marks.tolist() == [False] * (count - 1) + [True]


def test_a_blank_picture_overlaps_nothing():
    blank = np.zeros((1, 28, 28), np.uint8)
    assert not overlaps_mnist_test(blank, pictures(in_mnist, (0,)), progress=False).any()
    assert not overlaps_mnist_test(pictures(in_emnist, (0,)), blank, progress=False).any()


def test_a_single_bright_pixel_is_no_error():
    dot = np.zeros((1, 28, 28), np.uint8)
    dot[0, 3, 25] = 255
    assert overlaps_mnist_test(dot, dot, progress=False).tolist() == [True]


@pytest.mark.parametrize("seed", range(5))
def test_the_box_form_is_mnists_own(seed):
    form = fitted_to_box(in_emnist(scan(seed)))
    rows, columns = (np.flatnonzero(form.any(axis)) for axis in (1, 0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 in (19, 20)
    middle = [np.average(np.arange(28), weights=form.sum(axis)) for axis in (1, 0)]
    assert middle == pytest.approx([13.5, 13.5], abs=0.51)


@pytest.mark.parametrize("seed", range(5))
def test_the_spread_form_does_not_depend_on_place_and_size(seed):
    small = Image.new("L", (28, 28))
    small.paste(Image.fromarray(in_emnist(scan(seed))).resize((19, 19), Image.Resampling.LANCZOS), (7, 2))
    one, other = (fitted_to_spread(picture).ravel() for picture in (in_emnist(scan(seed)), np.asarray(small)))
    assert np.corrcoef(one, other)[0, 1] > 0.98
