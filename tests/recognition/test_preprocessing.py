import numpy as np
import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from app.recognition.pen import pen_width
from app.recognition.preprocessing import INK_SIZE, NothingDrawn, preprocess
from tests.drawings import STROKES, draw

LABELS = sorted(STROKES)


def same(first: Image.Image, second: Image.Image, least: float = 0.95) -> bool:
    """Whether the two become the same ink: their correlation."""
    a, b = (preprocess(picture).input.ravel() for picture in (first, second))
    return np.corrcoef(a, b)[0, 1] >= least


def on_page(character: Image.Image, size: tuple[int, int], place: tuple[int, int]) -> Image.Image:
    page = Image.new("L", size, 255)
    page.paste(character, place)
    return page


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("place", [(0, 0), (300, 10), (150, 200)])
def test_place_does_not_matter(label, place):
    character = draw(label, size=100, height=0.8, pen=8)
    assert same(on_page(character, (400, 300), place), character, 0.97)


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("size", [60, 400, 1500])
def test_size_does_not_matter(label, size):
    assert same(draw(label, size=size, pen=round(size * 0.07)), draw(label), 0.9)


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("pen", [3, 8, 24])
def test_the_pens_width_does_not_matter(label, pen):
    assert same(draw(label, pen=pen), draw(label), 0.85)


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("pen", [30, 50])
def test_a_bold_character_that_fills_its_picture_is_read_as_its_drawing(label, pen):
    assert same(draw(label, size=300, height=0.8, pen=pen), draw(label), 0.85)


@pytest.mark.parametrize("pen", [3, 8, 14, 24])
def test_every_pen_is_brought_to_one_width(pen):
    ink = preprocess(draw("0", pen=pen)).input
    assert pen_width((ink * 255).astype(np.uint8)) == pytest.approx(2, abs=0.5)


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize(("ink", "paper"), [(255, 0), (60, 200), (200, 60), (120, 180)])
def test_polarity_and_contrast_do_not_matter(label, ink, paper):
    assert same(draw(label, ink=ink, paper=paper), draw(label), 0.98)


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ("yellow", "white"),
        ("red", "black"),
        ("blue", "white"),
        ("red", "green"),
        ("#ff8800", "#0088ff"),
        ("navy", "black"),
    ],
)
def test_colour_does_not_matter(ink, paper):
    coverage = draw("5", ink=255, paper=0)
    coloured = Image.composite(Image.new("RGB", coverage.size, ink), Image.new("RGB", coverage.size, paper), coverage)
    assert same(coloured, draw("5"), 0.98)


def test_what_the_models_read_is_28_by_28_floats_from_0_to_1_with_ink_bright():
    ink = preprocess(draw("8")).input
    assert ink.shape == (INK_SIZE, INK_SIZE)
    assert ink.dtype == np.float32
    assert ink.min() == 0
    assert 0.9 < ink.max() <= 1
    assert ink[:2].max() == 0


@pytest.mark.parametrize("label", LABELS)
def test_the_longer_side_is_20_pixels_and_the_middle_of_mass_in_the_middle(label):
    ink = preprocess(draw(label)).input
    rows, columns = np.flatnonzero((ink > 0.5).any(1)), np.flatnonzero((ink > 0.5).any(0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == pytest.approx(20, abs=1)
    grid = np.arange(INK_SIZE) + 0.5
    assert ink.sum(1) @ grid / ink.sum() == pytest.approx(14, abs=0.3)
    assert ink.sum(0) @ grid / ink.sum() == pytest.approx(14, abs=0.3)


def test_the_aspect_is_kept():
    ink = preprocess(draw("1")).input > 0.5
    assert np.ptp(np.flatnonzero(ink.any(0))) < 0.6 * np.ptp(np.flatnonzero(ink.any(1)))


def test_the_dot_of_an_i_is_kept():
    picture = Image.new("L", (200, 200), 255)
    pen = ImageDraw.Draw(picture)
    pen.line([(100, 80), (100, 170)], fill=0, width=12)
    pen.ellipse([94, 40, 106, 52], fill=0)
    ink = preprocess(picture)
    assert ink.box[1] == 40
    assert ink.input[4:7].max() > 0.5


def test_the_box_is_in_pixels_of_the_picture_that_was_given():
    character = draw("H", size=1000, height=0.5, pen=50)
    page = on_page(character, (3000, 2000), (1500, 700))
    left, top, right, bottom = preprocess(page).box
    expected = character.point(lambda level: 255 - level).getbbox()
    assert (left, top, right, bottom) == pytest.approx(
        [expected[0] + 1500, expected[1] + 700, expected[2] + 1500, expected[3] + 700], abs=12
    )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("label", LABELS)
def test_specks_are_dropped(label, seed):
    clean = draw(label)
    specked, rng = clean.copy(), np.random.default_rng(seed)
    for x, y in rng.integers(0, 198, (12, 2)):
        specked.paste(0, (int(x), int(y), int(x) + 2, int(y) + 2))
    assert same(specked, clean)


def test_a_far_mark_is_not_part_of_the_character():
    page = on_page(draw("5", size=100, pen=8), (600, 400), (30, 30))
    marked = page.copy()
    ImageDraw.Draw(marked).ellipse([560, 360, 575, 375], fill=0)
    assert same(marked, page, 0.999)


@pytest.mark.parametrize("side", ["left", "top", "right", "bottom"])
def test_the_dark_edge_of_a_page_is_dropped(side):
    picture = draw("3", size=300, height=0.5)
    edge = {"left": (0, 0, 20, 300), "top": (0, 0, 300, 20), "right": (285, 0, 300, 300), "bottom": (0, 270, 300, 300)}
    picture.paste(30, edge[side])
    assert same(picture, draw("3", size=300, height=0.5), 0.98)


def photographed(picture: Image.Image, seed: int, *, darkest: float) -> Image.Image:
    """As a camera sees a page: light that falls off from one corner, a soft shadow across it, blur and noise."""
    rng = np.random.default_rng(seed)
    height, width = picture.height, picture.width
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    angle = rng.uniform(0, 2 * np.pi)
    along = np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5)
    light = 1 - (1 - darkest) * (along - along.min()) / np.ptp(along)
    shadow = 1 - 0.35 / (1 + np.exp(-60 * (x * np.sin(angle) - y * np.cos(angle) - rng.uniform(-0.2, 0.2))))
    paper = 40 + 0.75 * np.asarray(picture.filter(ImageFilter.GaussianBlur(1)), float)
    return Image.fromarray((paper * light * shadow + rng.normal(0, 3, paper.shape)).clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("label", LABELS)
def test_a_photographed_page_with_shadows_is_read_as_its_drawing(label, seed):
    picture = draw(label, size=400, height=0.5, pen=12)
    assert same(photographed(picture, seed, darkest=0.4), picture, 0.9)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("label", LABELS)
def test_a_page_on_a_dark_table_is_read_as_its_drawing(label, seed):
    picture = draw(label, size=400, height=0.4, pen=12)
    table = Image.new("L", (700, 600), 25)
    table.paste(picture.point(lambda level: 60 + level * 0.7), (180, 90))
    assert same(photographed(table, seed, darkest=0.8), picture, 0.9)


@pytest.mark.parametrize("seed", range(3))
def test_a_blackboard_under_uneven_light_is_read_as_its_drawing(seed):
    picture = draw("4", size=400, height=0.5, pen=12)
    board = ImageChops.invert(picture).point(lambda level: 30 + level * 0.6)
    assert same(photographed(board, seed, darkest=0.5), picture, 0.9)


@pytest.mark.parametrize("picture", [
    Image.new("L", (280, 280), 0),
    Image.new("L", (280, 280), 255),
    Image.new("RGB", (50, 80), "teal"),
    Image.new("L", (1, 1), 7),
    Image.new("L", (30000, 1), 200),
])  # fmt: skip
def test_a_blank_picture_is_refused(picture):
    with pytest.raises(NothingDrawn):
        preprocess(picture)


def test_a_blank_page_with_a_cameras_noise_is_refused():
    noise = np.random.default_rng(1).normal(200, 2, (300, 300)).clip(0, 255).astype(np.uint8)
    with pytest.raises(NothingDrawn):
        preprocess(Image.fromarray(noise))


def test_a_single_dot_is_a_character():
    picture = Image.new("L", (280, 280), 255)
    ImageDraw.Draw(picture).ellipse([130, 130, 150, 150], fill=0)
    assert preprocess(picture).box == pytest.approx((130, 130, 151, 151), abs=1)


def test_steps_are_pictures_only_where_asked_for():
    assert preprocess(draw("2")).steps == {}
    steps = preprocess(draw("2"), keep_steps=True).steps
    assert list(steps) == ["grey", "ink", "crop", "input"]
    assert {step.mode for step in steps.values()} == {"L"}
    assert steps["input"].size == (INK_SIZE, INK_SIZE)
    assert steps["ink"].size == steps["grey"].size == (200, 200)


@pytest.mark.parametrize("seed", range(30))
def test_any_picture_gives_ink_or_is_refused(seed):
    rng = np.random.default_rng(seed)
    shape = rng.integers(1, [[5, 400], [400, 5], [60, 60]][seed % 3], 2)
    picture = Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8))
    try:
        ink = preprocess(picture).input
    except NothingDrawn:
        return
    assert np.isfinite(ink).all()
    assert 0 <= ink.min() <= ink.max() <= 1
