from datetime import UTC, datetime
from uuid import UUID

from flask import Response, current_app, jsonify
from flask_smorest import Blueprint

from app import cross_site, events, keeping, problems, rates, serving
from app.feedback import pictures, quality
from app.feedback.store import Feedback
from app.recognition import images
from app.routes import body
from app.routes.schemas import FeedbackInJson, Kept

bp = Blueprint("feedback", __name__, url_prefix="/api/feedback", description="What people say was right.")
RECORD = FeedbackInJson()
REFUSALS = {
    400: "A field is missing or wrong, or the picture is damaged.",
    413: "The picture has too many bytes or pixels.",
    415: "Not JSON, or a picture of another kind.",
    422: "Nothing is drawn.",
}


@bp.post("")
@rates.limiter.limit(rates.feedback)
@bp.doc(requestBody={"required": True, "content": {"application/json": {"schema": RECORD}}})
@bp.response(201, Kept, description="Kept.")
@bp.alt_response(200, schema=Kept, description="A record with this id was there already, and is as it was.")
@problems.documented(bp, REFUSALS | rates.TOO_OFTEN | keeping.NOT_NOW | cross_site.REFUSED)
def add() -> tuple[Response, int]:
    """Keep what a person says of a drawing.

    The answer comes once the record is durable. Whoever gets none, or 503, sends the same again with the same id: it is
    kept once. A correction that the model contradicts with high confidence is kept too, but waits for a second opinion.
    """
    serving.recognizer()
    record = RECORD.load(body.json_object())
    picture = images.from_data_url(record["image"], **body.picture_limits())
    ink, probabilities, _ = serving.read(picture, record["mode"])
    sure = current_app.config["QUARANTINE_PERCENT"] / 100
    feedback = Feedback(
        id=str(record["id"]),
        time=datetime.now(UTC),
        mode=record["mode"],
        image=pictures.to_kept(picture, ink.box),
        prediction=record["prediction"],
        confidence=record["confidence"],
        label=record["label"],
        model_version=record["model_version"],
        browser=str(record["browser"] or ""),
        status=quality.status_of(record["label"], probabilities, sure),
    )
    with keeping.asking("add") as store:
        new = store.add(feedback)
    if new:
        events.feedback_kept.send(current_app._get_current_object(), feedback=feedback)
    return jsonify(id=feedback.id), 201 if new else 200


@bp.delete("/<uuid:id>")
@rates.limiter.limit(rates.feedback)
@bp.response(204, description="It is gone, or never was there: whoever got no answer may ask again.")
@problems.documented(bp, {404: "This is no id."} | rates.TOO_OFTEN | keeping.NOT_NOW | cross_site.REFUSED)
def delete(id: UUID) -> None:
    """Forget a record and its drawing.

    Its id is known to the browser that made it alone.
    """
    with keeping.asking("delete") as store:
        store.delete(str(id))
