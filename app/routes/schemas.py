"""The shapes of what the API takes and gives."""

from flask_smorest.fields import Upload
from marshmallow import INCLUDE, Schema, ValidationError, fields, validate, validates_schema
from werkzeug.datastructures import FileStorage

from app import serving
from app.feedback.store import NOT_A_CHARACTER, SKIP
from app.recognition.images import excerpt
from app.recognition.recognizer import MODES


def _known_mode(mode: str) -> None:
    if mode not in MODES:
        raise ValidationError(f"Must be one of {', '.join(MODES)}. Received: {excerpt(mode)}")


def _is_file(file: object) -> None:
    if not isinstance(file, FileStorage):
        raise ValidationError("Must be a file, sent with its name.")


def _is_true(value: object) -> None:
    if value is not True:
        received = excerpt(f"{value}") if isinstance(value, str | int | float) else type(value).__name__
        raise ValidationError(f"Must be true: nothing is kept without consent. Received: {received}")


class _InMode(Schema):
    mode = fields.String(
        required=True,
        validate=_known_mode,
        metadata={"enum": MODES, "description": "What to expect: a digit, a letter, or either."},
    )


class PictureInJson(_InMode):
    image = fields.String(
        required=True, metadata={"description": "A PNG, JPEG, BMP, GIF (first frame) or WebP as a base64 data URL."}
    )


class PictureInForm(_InMode):
    file = Upload(
        required=True, validate=_is_file, metadata={"description": "A PNG, JPEG, BMP, GIF (first frame) or WebP."}
    )


class _WithSteps(Schema):
    steps = fields.Boolean(
        load_default=False,
        metadata={"description": "Whether to return the preprocessing's steps and the character's box."},
    )


class QuestionInJson(PictureInJson, _WithSteps):
    pass


class QuestionInForm(PictureInForm, _WithSteps):
    pass


class FeedbackInJson(_InMode):
    id = fields.UUID(required=True, metadata={"description": "A new one for each answer that a person gives."})
    image = fields.String(
        required=True, metadata={"description": "The picture that was read, as a base64 data URL; kept small and grey."}
    )
    prediction = fields.String(
        required=True, metadata={"description": "What the model read: one of the mode's labels."}
    )
    confidence = fields.Float(
        required=True, validate=validate.Range(0, 1), metadata={"description": "Of the prediction, from 0 to 1."}
    )
    label = fields.String(
        required=True,
        metadata={"description": f"What it is: one of the mode's labels, “{NOT_A_CHARACTER}” or “{SKIP}”."},
    )
    model_version = fields.String(
        required=True,
        validate=validate.Regexp(
            r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}\Z",
            error="Must be letters, digits, and . _ + - between them, at most 64.",
        ),
        metadata={"description": "The version of the model that made the prediction."},
    )
    consent = fields.Raw(
        required=True,
        validate=_is_true,
        metadata={
            "type": "boolean",
            "enum": [True],
            "description": "Must be true: that the person agreed to have this kept.",
        },
    )
    browser = fields.UUID(
        load_default=None,
        metadata={"description": "A random id that the browser gave itself, so that no one hand teaches too much."},
    )

    @validates_schema
    def _labels_are_of_the_mode(self, record, **_):
        labels = serving.recognizer().cards[record["mode"]]["labels"]
        messages = {}
        for field, others in (("prediction", ()), ("label", (NOT_A_CHARACTER, SKIP))):
            if record[field] not in (*labels, *others):
                also = f", or {' or '.join(map(repr, others))}" if others else ""
                messages[field] = [
                    f"Must be a label of mode {record['mode']}, which GET /api/model lists{also}."
                    f" Received: {excerpt(record[field])}"
                ]
        if messages:
            raise ValidationError(messages)


class Kept(Schema):
    id = fields.UUID(required=True, metadata={"description": "The record's, which deletes it."})


class ServedModel(Schema):
    name = fields.String(required=True)
    version = fields.String(required=True)


class _Answer(Schema):
    prediction = fields.String(required=True, metadata={"description": "The most probable label."})
    confidence = fields.Float(
        required=True, metadata={"description": "Its probability, calibrated on held-out drawings."}
    )
    not_a_character = fields.Float(
        required=True,
        allow_none=True,
        metadata={
            "description": "How unlike a character the picture looks: the share, from 0 to 1, of characters by held-out"
            " writers that look more like one. From 0.98 on the pages doubt it. Null where the model cannot tell."
        },
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


class Prediction(_Answer):
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


class HeatMap(_Answer):
    importance = fields.List(
        fields.List(fields.Float()),
        required=True,
        metadata={
            "description": "For each row of `input` and each pixel in it, from -1 to 1: how much confidence the answer"
            " loses where the ink around it is covered. Below 0, that ink speaks against the answer."
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
