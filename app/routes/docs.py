from flask import Blueprint, current_app, render_template

bp = Blueprint("docs", __name__, url_prefix="/api")


@bp.get("/docs")
def show() -> str:
    return render_template(
        "docs.html", spec=current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
    )
