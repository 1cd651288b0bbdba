"""An import goes one way: routes → recognition, feedback; training → recognition.preprocessing, feedback."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in (ROOT / "app").rglob("*.py")}
SERVING = {"main": ROOT / "main.py"} | {
    name: path for name, path in MODULES.items() if not name.startswith(("app.training", "app.retrain_model"))
}


def imports(path: Path) -> set[str]:
    """Every module that a file imports, also within functions; `from app import serving` counts as app.serving."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here, so that these tests see them"
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


@pytest.mark.parametrize("module", SERVING)
def test_what_serves_imports_neither_training_nor_what_only_training_needs(module):
    forbidden = ("app.training", "app.retrain_model", "tensorflow", "keras", "cv2", "scipy", "tests")
    assert not [name for name in imports(SERVING[module]) if within(name, *forbidden)]


@pytest.mark.parametrize("module", [name for name in MODULES if within(name, "app.recognition")])
def test_recognition_knows_nothing_of_the_web_or_the_rest_of_the_app(module):
    found = imports(MODULES[module])
    assert not [name for name in found if within(name, "flask", "flask_smorest", "marshmallow", "werkzeug")]
    assert not [name for name in found if within(name, "app") and not within(name, "app.recognition")]


@pytest.mark.parametrize("module", [name for name in MODULES if within(name, "app.feedback")])
def test_feedback_knows_nothing_of_the_web_and_of_the_app_only_recognition_and_settings(module):
    found, allowed = imports(MODULES[module]), ("app.feedback", "app.recognition", "app.settings")
    assert not [name for name in found if within(name, "flask", "flask_smorest", "marshmallow", "werkzeug")]
    assert not [name for name in found - {"app"} if within(name, "app") and not within(name, *allowed)]


@pytest.mark.parametrize("module", [name for name in MODULES if within(name, "app.game")])
def test_the_game_knows_nothing_of_the_web(module):
    found, allowed = imports(MODULES[module]), ("app.game", "app.feedback", "app.recognition")
    assert not [name for name in found if within(name, "flask", "flask_smorest", "marshmallow", "werkzeug")]
    assert not [name for name in found if within(name, "app") and not within(name, *allowed)]


@pytest.mark.parametrize("module", [name for name in MODULES if within(name, "app.training", "app.retrain_model")])
def test_training_imports_of_the_app_only_recognition_feedback_and_settings(module):
    found, allowed = imports(MODULES[module]), ("app.training", "app.recognition", "app.feedback", "app.settings")
    assert not [name for name in found - {"app"} if within(name, "app") and not within(name, *allowed)]


def test_rolling_back_waits_for_neither_tensorflow_nor_keras():
    script = "import sys, app.training.promote; assert not {'tensorflow', 'keras', 'cv2'} & set(sys.modules)"
    subprocess.run([sys.executable, "-W", "error", "-c", script], cwd=ROOT, check=True, timeout=60)


def test_serving_process_loads_nothing_of_training_nor_a_store_before_feedback_comes():
    script = """
import sys
from main import app
with app.test_client() as client:
    client.get("/health/ready")
heavy = {"tensorflow", "keras", "cv2", "scipy", "app.training", "sqlalchemy", "gspread"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-W", "error", "-c", script], cwd=ROOT, check=True, timeout=60)
