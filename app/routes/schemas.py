"""The shapes of what the API takes and gives."""

from flask_smorest.fields import Upload
from marshmallow import INCLUDE, Schema, ValidationError, fields
from werkzeug.datastructures import FileStorage

from app.recognition.images import excerpt
from app.recognition.recognizer import MODES


def _known_mode(mode: str) -> None:
    if mode not in MODES:
        raise ValidationError(f"Must be one of {', '.join(MODES)}. Received: {excerpt(mode)}")


def _is_file(file: object) -> None:
    if not isinstance(file, FileStorage):
        raise ValidationError("Must be a file, sent with its name.")


class _Question(Schema):
    mode = fields.String(
        required=True,
        validate=_known_mode,
        metadata={"enum": MODES, "description": "What to expect: a digit, a letter, or either."},
    )
    steps = fields.Boolean(
        load_default=False,
        metadata={"description": "Whether to return the preprocessing's steps and the character's box."},
    )


class PictureInJson(_Question):
    image = fields.String(
        required=True, metadata={"description": "A PNG, JPEG, BMP, GIF (first frame) or WebP as a base64 data URL."}
    )


class PictureInForm(_Question):
    file = Upload(
        required=True, validate=_is_file, metadata={"description": "A PNG, JPEG, BMP, GIF (first frame) or WebP."}
    )


class ServedModel(Schema):
    name = fields.String(required=True)
    version = fields.String(required=True)


class Prediction(Schema):
    prediction = fields.String(required=True, metadata={"description": "The most probable label."})
    confidence = fields.Float(
        required=True, metadata={"description": "Its probability, calibrated on held-out drawings."}
    )
    mode = fields.String(required=True, metadata={"enum": MODES})
    probabilities = fields.Dict(
        keys=fields.String(),
        values=fields.Float(),
        required=True,
        metadata={"description": "The probability of each of the mode's labels; they sum to 1."},
    )
    input = fields.String(required=True, metadata={"description": "What the model read: a data URL of a 28 × 28 PNG."})
    model = fields.Nested(ServedModel, required=True)
    steps = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        metadata={"description": "Where asked for: what each step made of the picture, as a data URL of a PNG."},
    )
    box = fields.List(
        fields.Integer(),
        metadata={
            "description": "Where asked for: left, top, right, bottom of the character, pixels of the upright picture."
        },
    )


class Card(Schema):
    """The keys that every card has; others hold what was measured."""

    class Meta:
        unknown = INCLUDE

    name = fields.String(required=True)
    version = fields.String(required=True)
    labels = fields.List(
        fields.String(), required=True, metadata={"description": "In the order of the model's outputs."}
    )
    temperature = fields.Float(
        required=True, metadata={"description": "Divides the logits, so that confidence is calibrated."}
    )


class Health(Schema):
    status = fields.String(required=True)
