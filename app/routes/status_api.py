from flask import Response
from flask_smorest import Blueprint
from marshmallow import Schema, fields
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from app import drift, owner, problems, rates, status
from app.feedback.summary import DAYS, KINDS, OTHERS, WEEKS
from app.recognition.recognizer import MODES

bp = Blueprint("status_api", __name__, url_prefix="/api", description="For the owner of this server.")
TOKEN = "ownerToken"
SECURITY_SCHEME = {"type": "http", "scheme": "bearer", "description": "The setting OWNER_TOKEN."}
REFUSALS = {401: "The header Authorization: Bearer TOKEN is missing, or is not the owner's."} | rates.TOO_OFTEN


def _text(description: str, **options) -> fields.String:
    return fields.String(required=True, metadata={"description": description}, **options)


def _number(description: str) -> fields.Integer:
    return fields.Integer(required=True, metadata={"description": description})


def _time(description: str, **options) -> fields.DateTime:
    return fields.DateTime(required=True, metadata={"description": description}, **options)


def _many(schema: type[Schema], description: str) -> fields.List:
    return fields.List(fields.Nested(schema), required=True, metadata={"description": description})


def _counts() -> fields.Dict:
    return fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        metadata={"description": f"How many records are {', '.join(KINDS)}. Each is one of these."},
    )


class _OfMode(Schema):
    mode = fields.String(required=True, metadata={"enum": MODES})


class FeedbackOfDay(Schema):
    date = fields.Date(required=True, metadata={"description": "UTC."})
    counts = _counts()


class AgreementWithModel(_OfMode):
    version = _text(f"As those who sent feedback said; {OTHERS}: those that had little.")
    counts = _counts()
    share = fields.Float(
        required=True, allow_none=True, metadata={"description": "Right among right and wrong; null: neither."}
    )


class AgreementOfWeek(_OfMode):
    first = fields.Date(required=True, metadata={"description": "Of its seven days, UTC."})
    version = _text("As for all time.")
    right = _number("How often people called it right.")
    wrong = _number("And wrong.")


class FeedbackSummary(Schema):
    time = _time("When the store was read.")
    days = _many(FeedbackOfDay, f"The last {DAYS}, oldest first.")
    agreement = _many(AgreementWithModel, "What people said of each version, over all time.")
    weeks = _many(
        AgreementOfWeek, f"The same in the last {WEEKS} weeks, newest first; those without any are not there."
    )
    pending = _number("Records that wait for a second opinion.")
    oldest_pending = _time("When the first of these came.", allow_none=True)
    records = _number("By people.")
    synthetic = _number("Made by app.training.dummy_data; counted nowhere else.")


class FeedbackLook(Schema):
    summary = fields.Nested(FeedbackSummary, required=True, allow_none=True)
    problem = _text("Why the store cannot be read now; null where it can.", allow_none=True)
    reading = fields.Boolean(required=True, metadata={"description": "The store is slow: ask again in a while."})


def _share(description: str) -> fields.Float:
    return fields.Float(required=True, allow_none=True, metadata={"description": description})


class Shift(Schema):
    index = fields.Float(
        required=True, metadata={"description": "Population stability index; 0: distributed as on the card."}
    )
    says = _text(f"{drift.TOO_FEW}, {drift.SAME}, {drift.MOVED} or {drift.OTHER}; the last two never for chance alone.")


class SampleOfAnswers(Schema):
    source = _text("Where these answers are from.")
    n = _number("How many.")
    right = _share("Of those that were judged; null: none was.")
    low = _share("With `high`, where the true share lies with 95 % confidence.")
    high = _share("See `low`.")
    mean_confidence = _share("Null: no answers.")
    confidence = fields.Nested(Shift, required=True, allow_none=True, metadata={"description": "Of the confidence."})
    labels = fields.Nested(Shift, required=True, allow_none=True, metadata={"description": "Of the labels answered."})


class DriftOfMode(_OfMode):
    version = _text("The version that answers; all of these are its answers.")
    samples = _many(SampleOfAnswers, "What its card measured, where it did, then what came since.")


class ModelVersion(Schema):
    version = _text("Its name.")
    tests = fields.Dict(
        keys=fields.String(),
        values=fields.Dict(keys=fields.String(), values=fields.Float()),
        required=True,
        metadata={"description": f"Of each test {', '.join(status.FIGURES)}; none where the version is gone."},
    )


class ModelVersions(_OfMode):
    serves = _text("The version that answers in this process; null: none.", allow_none=True)
    versions = _many(ModelVersion, "The one that shall serve, then those that it replaced, newest first.")
    problem = _text("Why they are not known; null where they are.", allow_none=True)


class RetrainingReport(Schema):
    time = _time("When it ended.")
    folder = _text("Where its report is, in REPORTS_DIR.")
    promoted = fields.Boolean(required=True, metadata={"description": "Whether the challenger was better."})
    dry_run = fields.Boolean(required=True, metadata={"description": "Whether nothing changed for that."})
    champion = _text("The version that served.")
    challenger = _text("The version that was trained; null where there was too little feedback.", allow_none=True)
    reasons = fields.List(fields.String(), required=True, metadata={"description": "Of the decision."})
    records = _number("In the store.")
    learned = _number("Drawings that it learned from.")
    held_out = _number("Drawings that judged it.")
    problem = _text("Why the report cannot be read; null where it can, else the rest says nothing.", allow_none=True)


class LastRetraining(_OfMode):
    last = fields.Nested(RetrainingReport, required=True, allow_none=True)


class ServerStatus(Schema):
    store = _text("What keeps feedback: sqlite, postgresql or sheets.")
    feedback = fields.Nested(FeedbackLook, required=True)
    drift = _many(DriftOfMode, "Of each mode whether answers are still like those on the card.")
    models = _many(ModelVersions, "Of each mode.")
    retrainings = _many(LastRetraining, "Of each mode the last.")


@bp.get("/status")
@rates.wrong_tokens
@bp.doc(security=[{TOKEN: []}])
@bp.response(200, ServerStatus)
@problems.documented(bp, REFUSALS)
def show() -> status.Status:
    """What people said by day and model, what waits, the models and their retraining.

    Feedback may be a minute old.
    """
    if not owner.is_bearer():
        detail = "Send the header Authorization: Bearer TOKEN, with the owner's token."
        raise Unauthorized(detail, www_authenticate=WWWAuthenticate("bearer"))
    return status.gather()


@bp.after_request
def not_to_be_stored(response: Response) -> Response:
    response.cache_control.no_store = True
    return response
