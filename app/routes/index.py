from flask import Blueprint, render_template

bp = Blueprint("index", __name__)


@bp.get("/")
def show() -> str:
    return render_template("index.html")
