from flask_smorest import Blueprint

from app import problems, serving
from app.routes.schemas import Health

bp = Blueprint("health", __name__, url_prefix="/health", description="For what watches the process.")


@bp.get("/live")
@bp.response(200, Health)
def live() -> dict:
    """Whether the process answers."""
    return {"status": "live"}


@bp.get("/ready")
@bp.response(200, Health)
@problems.documented(bp, serving.NOT_LOADED)
def ready() -> dict:
    """Whether the models are loaded."""
    serving.recognizer()
    return {"status": "ready"}
