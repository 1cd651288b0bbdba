import re
from pathlib import Path

from PIL import Image

from doc.screenshots import IMAGES, SHOTS

README = Path(__file__).parents[2] / "README.md"
LARGEST, ALL, ANIMATION = 250_000, 1_500_000, 500_000  # bytes


def test_the_readme_shows_every_picture_that_the_script_takes_and_no_other():
    shown = set(re.findall(r"doc/images/([\w.]+)", README.read_text(encoding="utf-8")))
    taken = {f"{name}.png" for name, *_ in SHOTS} | {"drawing.webp"}
    assert shown == taken == {path.name for path in IMAGES.iterdir() if path.suffix != ".svg"}


def test_the_pictures_are_small():
    sizes = {path.name: path.stat().st_size for path in IMAGES.iterdir()}
    assert sizes.pop("drawing.webp") < ANIMATION
    assert max(sizes.values()) < LARGEST
    assert sum(path.stat().st_size for path in IMAGES.iterdir()) < ALL


def test_the_animation_moves():
    with Image.open(IMAGES / "drawing.webp") as animation:
        assert animation.n_frames > 20
