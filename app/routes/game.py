from flask import Blueprint, current_app, render_template

from app.game import rules
from app.recognition.alike import alike

bp = Blueprint("game", __name__)
ALIKE = {label: sorted(alike(label)) for pool in rules.POOLS["any"] for label in pool}


@bp.get("/game")
def show() -> str:
    return render_template(
        "game.html", alike=ALIKE, rounds=rules.ROUNDS, seconds=current_app.config["GAME_SECONDS"], best=rules.FASTEST
    )
