"""Pictures that tests draw for themselves."""

import base64
import io
import math

from PIL import Image, ImageDraw


def arc(centre: tuple[float, float], radii: tuple[float, float], start: int, stop: int) -> list[tuple[float, float]]:
    """Points on an ellipse from one angle to another, degrees, 0 to the right, clockwise as y points down."""
    step = 6 if stop > start else -6
    angles = [math.radians(angle) for angle in [*range(start, stop, step), stop]]
    return [(centre[0] + radii[0] * math.cos(angle), centre[1] + radii[1] * math.sin(angle)) for angle in angles]


# Strokes as people write them, y down, in a box one unit high.
STROKES = {
    "0": [arc((0.35, 0.5), (0.33, 0.5), -90, 270)],
    "1": [[(0.15, 0.25), (0.4, 0.0), (0.4, 1.0)]],
    "2": [[*arc((0.35, 0.3), (0.33, 0.3), -170, 35), (0.02, 1.0), (0.7, 1.0)]],
    "3": [[*arc((0.3, 0.26), (0.32, 0.26), -150, 90), *arc((0.28, 0.75), (0.38, 0.25), -90, 155)]],
    "4": [[(0.45, 0.0), (0.0, 0.65), (0.7, 0.65)], [(0.5, 0.35), (0.5, 1.0)]],
    "5": [[(0.6, 0.0), (0.12, 0.0), (0.08, 0.45), *arc((0.28, 0.68), (0.36, 0.3), -120, 150)]],
    "7": [[(0.0, 0.0), (0.65, 0.0), (0.25, 1.0)]],
    "8": [[*arc((0.33, 0.25), (0.27, 0.25), 90, 450), *arc((0.33, 0.75), (0.33, 0.25), -90, 270)]],
    "A": [[(0.0, 1.0), (0.4, 0.0), (0.8, 1.0)], [(0.15, 0.65), (0.65, 0.65)]],
    "H": [[(0.0, 0.0), (0.0, 1.0)], [(0.7, 0.0), (0.7, 1.0)], [(0.0, 0.5), (0.7, 0.5)]],
    "e": [[(0.05, 0.5), (0.85, 0.5), *arc((0.45, 0.5), (0.42, 0.48), -10, -320)]],
}


def draw(
    label: str, *, size: int = 200, height: float = 0.7, pen: int = 14, ink: int = 0, paper: int = 255
) -> Image.Image:
    """The character in the middle of a square picture of mode "L", anti-aliased.

    size and pen: side of the picture and width of the pen, pixels. height: the character's, as a share of the side.
    """
    fine = 4
    picture = Image.new("L", (size * fine, size * fine), paper)
    canvas = ImageDraw.Draw(picture)
    unit, radius = size * fine * height, pen * fine / 2
    widest = max(x for stroke in STROKES[label] for x, _ in stroke)
    left, top = (size * fine - widest * unit) / 2, size * fine * (1 - height) / 2
    for stroke in STROKES[label]:
        points = [(left + x * unit, top + y * unit) for x, y in stroke]
        canvas.line(points, fill=ink, width=round(2 * radius), joint="curve")
        for x, y in (points[0], points[-1]):
            canvas.ellipse([x - radius, y - radius, x + radius, y + radius], fill=ink)
    return picture.resize((size, size), Image.Resampling.LANCZOS)


def encode(picture: Image.Image, kind: str = "PNG", **options) -> bytes:
    """The picture as the bytes of a file."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def data_url(data: bytes | Image.Image) -> str:
    """The bytes of a file, or a picture as PNG, as a data URL."""
    data = encode(data) if isinstance(data, Image.Image) else data
    return "data:image/png;base64," + base64.b64encode(data).decode()
