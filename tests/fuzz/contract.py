"""What reading a stranger's file may come to: ink as the models read it, or a refusal in words."""

from app.recognition import images
from app.recognition.errors import PictureError
from app.recognition.preprocessing import INK_SIZE, preprocess

LIMITS = {"max_bytes": 5_000_000, "max_pixels": 25_000_000}


def read(data: bytes) -> None:
    """What a request does with a file. Raises AssertionError, or whatever a bug raises, where it is neither."""
    try:
        picture = images.from_bytes(data, **LIMITS)
        ink = preprocess(picture, keep_steps=True)
    except PictureError as error:
        refusal = error.detail
    else:
        refusal = None
    if refusal is not None:
        assert 0 < len(refusal) < 300
        return
    assert picture.mode in ("L", "RGB")
    assert ink.input.shape == (INK_SIZE, INK_SIZE)
    assert 0 <= ink.input.min() < ink.input.max() <= 1
    left, top, right, bottom = images.in_full(ink.box, picture)
    assert 0 <= left < right
    assert 0 <= top < bottom
