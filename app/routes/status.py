from flask import Blueprint, Response, redirect, render_template, request, url_for

from app import drift, owner, rates, status
from app.calibration import interval
from app.feedback.summary import DAYS, KINDS, WEEKS

bp = Blueprint("status", __name__, url_prefix=owner.PATH)


@bp.get("")
def show() -> str:
    """To the owner alone; a form for the token to everybody else."""
    if not owner.is_logged_in():
        return render_template("status_log_in.html")
    return render_template(
        "status.html",
        status=status.gather(),
        kinds=KINDS,
        shown_days=DAYS,
        shown_weeks=WEEKS,
        interval=interval,
        drift=drift,
    )


@bp.post("")
@rates.wrong_tokens
def log_in() -> tuple[str, int] | Response:
    if not owner.log_in(request.form.get("token", "")):
        return render_template("status_log_in.html", refused=True), 403
    return redirect(url_for("status.show"), 303)


@bp.post("/log-out")
def log_out() -> Response:
    owner.log_out()
    return redirect(url_for("status.show"), 303)


@bp.after_request
def not_to_be_stored(response: Response) -> Response:
    response.cache_control.no_store = True
    return response
