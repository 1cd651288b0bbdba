"""What can be wrong with a picture; each says how HTTP answers it.

PictureError
├── MalformedPicture     400
├── PictureTooLarge      413
├── UnsupportedPicture   415
└── NothingDrawn         422
"""


class PictureError(ValueError):
    """A picture that cannot be read. `status` is HTTP's; `detail` tells what is wrong and what to do."""

    status: int

    @property
    def detail(self) -> str:
        return str(self)


class MalformedPicture(PictureError):
    status = 400


class PictureTooLarge(PictureError):
    status = 413


class UnsupportedPicture(PictureError):
    status = 415


class NothingDrawn(PictureError):
    """No ink stands out from the paper."""

    status = 422

    def __init__(self):
        super().__init__(
            "Nothing is drawn. Draw a digit or a letter, or send a picture in which ink and paper differ more."
        )
