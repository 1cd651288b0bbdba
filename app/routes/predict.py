from flask import Response, jsonify, request
from flask_smorest import Blueprint
from marshmallow import Schema
from PIL import Image
from werkzeug.exceptions import UnsupportedMediaType

from app import problems, rates, serving
from app.recognition import images
from app.recognition.preprocessing import Ink, to_picture
from app.routes import body
from app.routes.schemas import HeatMap, PictureInForm, PictureInJson, Prediction, QuestionInForm, QuestionInJson

bp = Blueprint("predict", __name__, url_prefix="/api", description="A picture in, what it shows out.")
QUESTION = {"application/json": QuestionInJson(), "multipart/form-data": QuestionInForm()}
PICTURE = {"application/json": PictureInJson(), "multipart/form-data": PictureInForm()}
REFUSALS = {
    400: "A field is missing or wrong, or the picture is damaged.",
    413: "The picture has too many bytes or pixels.",
    415: "Neither JSON nor a form, or a picture of another kind.",
    422: "Nothing is drawn.",
}


def _takes(schemas: dict[str, Schema]):
    return bp.doc(
        requestBody={"required": True, "content": {kind: {"schema": schema} for kind, schema in schemas.items()}}
    )


@bp.post("/predict")
@_takes(QUESTION)
@bp.response(200, Prediction)
@problems.documented(bp, REFUSALS | serving.NOT_LOADED)
def predict() -> Response:
    """Read the character in a picture.

    Ink may be dark on light or light on dark, of any colour and size, anywhere in the picture, which may have 5 MB and
    25 megapixels. Its kind is judged by content, whatever its name or type says.
    """
    serving.recognizer()
    question = _received(QUESTION)
    ink, probabilities = serving.read(_picture(question), question["mode"], keep_steps=question["steps"])
    answer = _answer(question["mode"], ink, probabilities)
    if question["steps"]:
        answer |= {"steps": {name: _data_url(step) for name, step in ink.steps.items()}, "box": ink.box}
    return jsonify(answer)  # as it is: passing 62 numbers through the schema would take a tenth of the request


@bp.post("/heat-map")
@rates.limiter.limit(rates.heat_map)
@_takes(PICTURE)
@bp.response(200, HeatMap)
@problems.documented(bp, REFUSALS | rates.TOO_OFTEN | serving.NOT_LOADED)
def heat_map() -> Response:
    """Read the character in a picture, and find out which of its parts mattered.

    The ink is covered patch by patch and read again (occlusion sensitivity, Zeiler and Fergus 2014).
    """
    serving.recognizer()
    question = _received(PICTURE)
    ink, probabilities, importance = serving.explain(_picture(question), question["mode"])
    rows = [[round(value, 4) for value in row] for row in importance.tolist()]
    return jsonify(_answer(question["mode"], ink, probabilities) | {"importance": rows})


def _answer(mode: str, ink: Ink, probabilities: dict[str, float]) -> dict:
    best = max(probabilities, key=probabilities.get)
    return {
        "prediction": best,
        "confidence": probabilities[best],
        "mode": mode,
        "probabilities": probabilities,
        "input": _data_url(to_picture(ink.input)),
        "model": {"name": mode, "version": serving.recognizer().cards[mode]["version"]},
    }


def _received(schemas: dict[str, Schema]) -> dict:
    """The request's fields, checked. Raises BadRequest, UnsupportedMediaType, or marshmallow's ValidationError."""
    if request.is_json:
        return schemas["application/json"].load(body.json_object())
    if request.mimetype == "multipart/form-data":
        return schemas["multipart/form-data"].load(request.form.to_dict() | request.files.to_dict())
    received = images.excerpt(request.mimetype) if request.mimetype else "no type"
    raise UnsupportedMediaType(f"Send application/json or multipart/form-data. Received: {received}")


def _picture(question: dict) -> Image.Image:
    limits = body.picture_limits()
    if "image" in question:
        return images.from_data_url(question["image"], **limits)
    return images.from_bytes(question["file"].read(), **limits)


def _data_url(picture: Image.Image) -> str:
    return images.to_data_url(picture, compress_level=1)  # quick: they are small and not kept
