import base64
import io

from flask import Response, jsonify, request
from flask_smorest import Blueprint
from PIL import Image
from werkzeug.exceptions import UnsupportedMediaType

from app import problems, serving
from app.recognition import images
from app.recognition.preprocessing import to_picture
from app.routes import body
from app.routes.schemas import PictureInForm, PictureInJson, Prediction

bp = Blueprint("predict", __name__, url_prefix="/api", description="A picture in, what it shows out.")
JSON, FORM = PictureInJson(), PictureInForm()
REFUSALS = {
    400: "A field is missing or wrong, or the picture is damaged.",
    413: "The picture has too many bytes or pixels.",
    415: "Neither JSON nor a form, or a picture of another kind.",
    422: "Nothing is drawn.",
}


@bp.post("/predict")
@bp.doc(
    requestBody={
        "required": True,
        "content": {"application/json": {"schema": JSON}, "multipart/form-data": {"schema": FORM}},
    }
)
@bp.response(200, Prediction)
@problems.documented(bp, REFUSALS | serving.NOT_LOADED)
def predict() -> Response:
    """Read the character in a picture.

    Ink may be dark on light or light on dark, of any colour and size, anywhere in the picture, which may have 5 MB and
    25 megapixels. Its kind is judged by content, whatever its name or type says.
    """
    cards = serving.recognizer().cards
    question = _question()
    mode = question["mode"]
    ink, probabilities = serving.read(_picture(question), mode, keep_steps=question["steps"])
    best = max(probabilities, key=probabilities.get)
    answer = {
        "prediction": best,
        "confidence": probabilities[best],
        "mode": mode,
        "probabilities": probabilities,
        "input": _data_url(to_picture(ink.input)),
        "model": {"name": mode, "version": cards[mode]["version"]},
    }
    if question["steps"]:
        answer |= {"steps": {name: _data_url(step) for name, step in ink.steps.items()}, "box": ink.box}
    return jsonify(answer)  # as it is: passing 62 numbers through the schema would take a tenth of the request


def _question() -> dict:
    """The request's fields, checked. Raises BadRequest, UnsupportedMediaType, or marshmallow's ValidationError."""
    if request.is_json:
        return JSON.load(body.json_object())
    if request.mimetype == "multipart/form-data":
        return FORM.load(request.form.to_dict() | request.files.to_dict())
    received = images.excerpt(request.mimetype) if request.mimetype else "no type"
    raise UnsupportedMediaType(f"Send application/json or multipart/form-data. Received: {received}")


def _picture(question: dict) -> Image.Image:
    limits = body.picture_limits()
    if "image" in question:
        return images.from_data_url(question["image"], **limits)
    return images.from_bytes(question["file"].read(), **limits)


def _data_url(picture: Image.Image) -> str:
    png = io.BytesIO()
    picture.save(png, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(png.getvalue()).decode()
