import json
import mimetypes
from functools import cache
from pathlib import Path

from flask import Blueprint, render_template

SAMPLES = Path(__file__).parents[1] / "static" / "samples" / "samples.json"  # by doc/samples.py

bp = Blueprint("import_file", __name__)
mimetypes.add_type("image/webp", ".webp")  # which Python knows from 3.13 on


@bp.get("/import")
def show() -> str:
    return render_template("import.html", samples=samples())


@cache
def samples() -> list[dict]:
    """The pictures to try: file, label, manner in words, side in pixels."""
    return json.loads(SAMPLES.read_text(encoding="utf-8"))
