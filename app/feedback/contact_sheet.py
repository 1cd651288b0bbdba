"""Many drawings on one picture, each with a line of text."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont, ImageOps

from app.feedback.pictures import from_kept
from app.feedback.store import Feedback
from app.recognition.errors import PictureError

COLUMNS, TILE, CAPTION, GAP = 8, 140, 20, 8  # tiles a row; pixels
MOST = 400  # drawings on one sheet: 8 megapixels


def contact_sheet(records: Sequence[Feedback]) -> Image.Image:
    """The first MOST records' drawings, captioned with the id's beginning, what was read and what it is said to be.

    Raises ValueError where there are none.
    """
    return sheet([(_drawing(record), caption(record)) for record in records[:MOST]])


def sheet(drawings: Sequence[tuple[Image.Image | None, str]]) -> Image.Image:
    """The first MOST drawings of mode "L" with their captions; grey where there is none.

    Raises ValueError where there are none at all.
    """
    if not drawings:
        raise ValueError("A contact sheet needs at least one drawing. Received: none")
    drawings = drawings[:MOST]
    rows = -(-len(drawings) // COLUMNS)
    width, height = TILE + GAP, TILE + CAPTION + GAP
    sheet = Image.new("L", (min(len(drawings), COLUMNS) * width + GAP, rows * height + GAP), 255)
    canvas, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for number, (drawing, text) in enumerate(drawings):
        left, top = GAP + number % COLUMNS * width, GAP + number // COLUMNS * height
        sheet.paste(_tile(drawing), (left, top))
        canvas.rectangle((left - 1, top - 1, left + TILE, top + TILE), outline=128)
        canvas.text((left, top + TILE + 3), text.replace("→", ">"), fill=0, font=font)  # the font has no arrow
    return sheet


def caption(record: Feedback) -> str:
    return f"{record.id[:8]}  {correction(record)}"


def correction(record: Feedback) -> str:
    return f"{record.prediction} → {record.label}"


def _drawing(record: Feedback) -> Image.Image | None:
    try:
        return from_kept(record.image)
    except PictureError:
        return None


def _tile(drawing: Image.Image | None) -> Image.Image:
    """The drawing as large as fits."""
    if drawing is None:
        return Image.new("L", (TILE, TILE), 192)
    tile = Image.new("L", (TILE, TILE), 255)
    drawing = ImageOps.contain(drawing, (TILE, TILE)) if max(drawing.size) > TILE else drawing
    tile.paste(drawing, ((TILE - drawing.width) // 2, (TILE - drawing.height) // 2))
    return tile
