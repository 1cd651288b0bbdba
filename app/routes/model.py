from flask import jsonify
from flask_smorest import Blueprint
from marshmallow import Schema, fields

from app import problems, serving
from app.recognition.recognizer import MODES
from app.routes.schemas import Card

bp = Blueprint("model", __name__, url_prefix="/api", description="The models that serve.")

Cards = Schema.from_dict({mode: fields.Nested(Card, required=True) for mode in MODES}, name="Cards")


@bp.get("/model")
@bp.response(200, Cards)
@problems.documented(bp, serving.NOT_LOADED)
def cards():
    """The card of each mode's model: its labels, its version, what was measured, and the data that it learned from."""
    return jsonify(serving.recognizer().cards)
