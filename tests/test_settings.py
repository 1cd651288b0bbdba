import re
import runpy
from pathlib import Path

import pytest

from app import settings
from app.settings import SETTINGS, SettingError

ROOT = Path(__file__).parent.parent


def test_readme_shows_every_setting():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"<!-- settings -->\n+(.*?)\n+<!-- /settings -->", readme, re.DOTALL)
    assert shown
    assert shown[1] == settings.markdown_table()


def test_defaults_hold_where_the_environment_is_silent():
    assert settings.read({}) == {setting.name: setting.default for setting in SETTINGS}


def test_empty_counts_as_unset():
    assert settings.read({"PORT": ""})["PORT"] == 8080


def test_environment_overrides_the_default():
    assert settings.read({"PORT": "9000", "MODELS_DIR": "/models"}) == settings.read({}) | {
        "PORT": 9000,
        "MODELS_DIR": "/models",
    }


@pytest.mark.parametrize("text", ["abc", "-1", "0", "80.5", "٣"])
def test_number_that_is_none_is_refused(text):
    with pytest.raises(SettingError, match=f"PORT must be a whole number above 0. Received: '{text}'"):
        settings.read({"PORT": text})


def test_gunicorn_binds_where_the_settings_say(monkeypatch):
    monkeypatch.setenv("PORT", "9001")
    monkeypatch.delenv("HOST", raising=False)
    assert runpy.run_path(str(ROOT / "gunicorn.conf.py"))["bind"] == "127.0.0.1:9001"
