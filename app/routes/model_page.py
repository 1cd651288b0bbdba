from flask import Blueprint, render_template, request

from app import calibration, serving
from app.confusion import SHADES, Confusion
from app.recognition.recognizer import MODES
from app.specimens import LINES, PATHS

bp = Blueprint("model_page", __name__)


@bp.get("/model")
def show() -> str:
    """What the card of a mode's model says; what an older card does not say is left out."""
    card = serving.recognizer().cards[_chosen("mode", MODES, default="any")]
    tests = card.get("tests", {})
    test = _chosen("test", tests, default=next(iter(tests), None))
    measured = tests.get(test, {})
    curve, matrix = measured.get("reliability"), measured.get("confusion")
    return render_template(
        "model.html",
        card=card,
        tests=tests,
        test=test,
        points=curve and calibration.with_intervals(curve),
        mean_confidence=curve and calibration.mean_confidence(curve),
        confusion=matrix and Confusion(card["labels"], matrix),
        shades=SHADES,
        specimens=PATHS,
        ruled=LINES,
    )


def _chosen(what: str, among, default):
    value = request.args.get(what)
    return value if value in among else default
