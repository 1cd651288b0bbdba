from flask import Blueprint, render_template

bp = Blueprint("canvas", __name__)


@bp.get("/canvas")
def show() -> str:
    return render_template("canvas.html")
