import time
from dataclasses import asdict

from flask import Response, current_app, jsonify
from flask_smorest import Blueprint
from marshmallow import Schema, ValidationError, fields, validates_schema
from werkzeug.exceptions import NotFound

from app import cross_site, playing, problems, rates, serving
from app.game import nicknames, rules
from app.game.store import Score
from app.recognition import images
from app.recognition.errors import NothingDrawn
from app.recognition.recognizer import MODES
from app.routes import body

bp = Blueprint(
    "game_api",
    __name__,
    url_prefix="/api/game",
    description="Six prompts, each to be drawn so that it is read, the sooner the better.",
)
TOKEN = {"description": "Signed by the server, for one use, and valid for an hour."}
MODE = {"enum": MODES, "description": "What to draw: digits, letters, or both."}
REFUSALS = {
    400: "A field is missing or wrong, or the token was not given out by this server.",
    409: "The token was used already, or is for another step of the game.",
    410: "The token is too old.",
    415: "Not JSON.",
}
PICTURE_REFUSALS = {
    413: "The picture has too many bytes or pixels.",
    415: "Not JSON, or a picture of another kind.",
}


def _known_mode(mode: str) -> None:
    if mode not in MODES:
        raise ValidationError(f"Must be one of {', '.join(MODES)}. Received: {images.excerpt(mode)}")


class GameInJson(Schema):
    mode = fields.String(required=True, validate=_known_mode, metadata=MODE)


class GoingOnInJson(Schema):
    game = fields.String(required=True, metadata=TOKEN)


class DrawingInJson(Schema):
    round = fields.String(required=True, metadata=TOKEN)
    image = fields.String(
        load_default=None, allow_none=True, metadata={"description": "The drawing so far, as a base64 data URL."}
    )
    final = fields.Boolean(
        load_default=False,
        metadata={"description": "Whether the round is over also if this is not read as the prompt."},
    )

    @validates_schema
    def _there_is_something_to_judge(self, drawing, **_):
        if drawing["image"] is None and not drawing["final"]:
            raise ValidationError({"image": ["Missing data for required field, unless final is true."]})


class EntryInJson(GoingOnInJson):
    nickname = fields.String(
        required=True,
        metadata={"description": f"1 to {nicknames.LONGEST} letters, digits, spaces and . - _ ', which hurts nobody."},
    )


class StartedGame(Schema):
    game = fields.String(required=True, metadata=TOKEN | {"description": "Asks for the first round."})
    rounds = fields.Integer(required=True)
    seconds = fields.Integer(required=True, metadata={"description": "How long a round lasts."})


class IssuedRound(Schema):
    round = fields.String(required=True, metadata=TOKEN | {"description": "Goes with each drawing of this round."})
    number = fields.Integer(required=True, metadata={"description": "From 1."})
    prompt = fields.String(required=True, metadata={"description": "The digit or letter to draw."})
    ranked = fields.Boolean(
        required=True,
        metadata={"description": "Whether the game may go on the leaderboard, which was reached so far."},
    )


class JudgedDrawing(Schema):
    over = fields.Boolean(required=True, metadata={"description": "Whether the round is."})
    recognised = fields.Boolean(
        required=True,
        metadata={"description": "Whether the prompt, or what looks like it, is likelier than all else together."},
    )
    seconds = fields.Float(
        required=True,
        metadata={"description": f"By the server's clock, less {rules.NETWORK:g} for the network."},
    )
    points = fields.Integer(required=True, metadata={"description": "Of this round."})
    game = fields.String(
        required=True, allow_none=True, metadata={"description": "Once the round is over: the token to go on with."}
    )
    total = fields.Integer(required=True, metadata={"description": "The points of all rounds so far."})
    ranked = fields.Boolean(required=True)


class RankedScore(Schema):
    nickname = fields.String(required=True)
    points = fields.Integer(required=True)


class Leaderboard(Schema):
    scores = fields.List(
        fields.Nested(RankedScore), required=True, metadata={"description": "The highest first, at most 100."}
    )


class EnteredScore(Leaderboard):
    place = fields.Integer(
        required=True, allow_none=True, metadata={"description": "From 1; null where too many are better."}
    )


GAME, GOING_ON, DRAWING, ENTRY = GameInJson(), GoingOnInJson(), DrawingInJson(), EntryInJson()


def _takes(schema: Schema):
    return bp.doc(requestBody={"required": True, "content": {"application/json": {"schema": schema}}})


@bp.post("")
@rates.limiter.limit(rates.game)
@_takes(GAME)
@bp.response(201, StartedGame)
@problems.documented(bp, {status: REFUSALS[status] for status in (400, 415)} | rates.TOO_OFTEN | cross_site.REFUSED)
def start() -> tuple[Response, int]:
    """Begin a game.

    No clock runs yet.
    """
    token = playing.game().start(GAME.load(body.json_object())["mode"])
    return jsonify(game=token, rounds=rules.ROUNDS, seconds=current_app.config["GAME_SECONDS"]), 201


@bp.post("/rounds")
@rates.limiter.limit(rates.game)
@_takes(GOING_ON)
@bp.response(201, IssuedRound)
@problems.documented(bp, REFUSALS | rates.TOO_OFTEN | cross_site.REFUSED)
def issue() -> tuple[Response, int]:
    """Get the game's next prompt, and start its clock.

    Whoever got no answer asks again with the same token: the round is the same, and so is its clock.
    """
    now = time.time()
    issued = playing.game().issue(GOING_ON.load(body.json_object())["game"], now)
    return jsonify(round=issued.token, number=issued.number, prompt=issued.prompt, ranked=issued.ranked), 201


@bp.post("/judgements")
@rates.limiter.limit(rates.game)
@_takes(DRAWING)
@bp.response(200, JudgedDrawing)
@problems.documented(bp, REFUSALS | PICTURE_REFUSALS | rates.TOO_OFTEN | serving.NOT_LOADED | cross_site.REFUSED)
def judge() -> Response:
    """Have a drawing read, and the round judged by that.

    The round is over once its prompt is read, its time is up, or the drawing was the last. The token is spent then: the
    same drawing again gets the same answer, another one is refused. A drawing that comes late gets no points.
    """
    now = time.time()
    drawing = DRAWING.load(body.json_object())
    image = drawing["image"]
    picture = None if image is None else images.from_data_url(image, **body.picture_limits())

    def read(mode: str) -> dict[str, float]:
        try:
            return serving.read(picture, mode).probabilities
        except NothingDrawn:
            return {}

    return jsonify(asdict(playing.game().judge(drawing["round"], image, now, read, final=drawing["final"])))


@bp.get("/scores/<string:mode>")
@bp.response(200, Leaderboard)
@problems.documented(bp, {404: "There is no such mode."} | playing.NOT_NOW)
def scores(mode: str) -> Response:
    """The leaderboard of a mode: digit, character or any."""
    if mode not in MODES:
        raise NotFound(f"There are leaderboards of {', '.join(MODES)}. Received: {images.excerpt(mode)}")
    return jsonify(scores=_rows(playing.game().scores(mode)))


@bp.post("/scores")
@rates.limiter.limit(rates.game)
@_takes(ENTRY)
@bp.response(201, EnteredScore)
@problems.documented(bp, REFUSALS | rates.TOO_OFTEN | playing.NOT_NOW | cross_site.REFUSED)
def enter() -> tuple[Response, int]:
    """Put a game that is over on the leaderboard, once."""
    entry = ENTRY.load(body.json_object())
    place, best = playing.game().enter(entry["game"], nicknames.checked(entry["nickname"]))
    return jsonify(place=place, scores=_rows(best)), 201


def _rows(best: list[Score]) -> list[dict]:
    return [{"nickname": score.nickname, "points": score.points} for score in best]
