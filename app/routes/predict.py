from flask import Response, current_app, jsonify, request
from flask_smorest import Blueprint
from marshmallow import Schema
from PIL import Image
from werkzeug.exceptions import UnsupportedMediaType

from app import cross_site, events, problems, rates, serving
from app.recognition import images
from app.recognition.preprocessing import to_picture
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
@rates.limiter.limit(rates.predict)
@_takes(QUESTION)
@bp.response(200, Prediction)
@problems.documented(bp, REFUSALS | rates.TOO_OFTEN | serving.NOT_LOADED | cross_site.REFUSED)
def predict() -> Response:
    """Read the character in a picture.

    Ink may be dark on light or light on dark, of any colour and size, anywhere in the picture, which may have 5 MB and
    25 megapixels; in files that take more to unpack fewer, as 8 in a PNG of three colours and 2.7 in a WebP. Its kind
    is judged by content, whatever its name or type says.
    """
    serving.recognizer()
    question = _received(QUESTION)
    picture = _picture(question)
    reading = serving.read(picture, question["mode"], keep_steps=question["steps"])
    answer = _answer(question["mode"], reading)
    events.predicted.send(
        current_app._get_current_object(),
        mode=answer["mode"],
        version=answer["model"]["version"],
        label=answer["prediction"],
        confidence=answer["confidence"],
    )
    if question["steps"]:
        steps = {name: _data_url(step) for name, step in reading.ink.steps.items()}
        answer |= {"steps": steps, "box": images.in_full(reading.ink.box, picture)}
    return jsonify(answer)  # as it is: passing 62 numbers through the schema would take a tenth of the request


@bp.post("/heat-map")
@rates.limiter.limit(rates.heat_map)
@_takes(PICTURE)
@bp.response(200, HeatMap)
@problems.documented(bp, REFUSALS | rates.TOO_OFTEN | serving.NOT_LOADED | cross_site.REFUSED)
def heat_map() -> Response:
    """Read the character in a picture, and find out which of its parts mattered.

    The ink is covered patch by patch and read again (occlusion sensitivity, Zeiler and Fergus 2014).
    """
    serving.recognizer()
    question = _received(PICTURE)
    reading, importance = serving.explain(_picture(question), question["mode"])
    rows = [[round(value, 4) for value in row] for row in importance.tolist()]
    return jsonify(_answer(question["mode"], reading) | {"importance": rows})


def _answer(mode: str, reading: serving.Reading) -> dict:
    best = max(reading.probabilities, key=reading.probabilities.get)
    return {
        "prediction": best,
        "confidence": reading.probabilities[best],
        "not_a_character": reading.not_a_character,
        "mode": mode,
        "probabilities": reading.probabilities,
        "input": _data_url(to_picture(reading.ink.input)),
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
