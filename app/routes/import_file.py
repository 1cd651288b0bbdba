from flask import Blueprint, render_template

bp = Blueprint("import_file", __name__)


@bp.get("/import")
def show() -> str:
    return render_template("import.html")
