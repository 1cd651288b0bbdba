"""The key that this process signs with: tokens of the game, the cookie of the owner."""

import secrets

from flask import Flask

from app.settings import SettingError

SHORTEST = 16  # characters


def init_app(app: Flask) -> None:
    """Have a random SECRET_KEY where the setting is empty. Raises SettingError where it can be guessed."""
    app.config["SECRET_KEY"] = app.config["SECRET_KEY"] or secrets.token_urlsafe(32)
    check(app, "SECRET_KEY")


def check(app: Flask, setting: str) -> None:
    """Raises SettingError where a setting's value is too short for a secret."""
    if (length := len(app.config[setting])) < SHORTEST:
        raise SettingError(f"{setting} must have at least {SHORTEST} characters. Received: {length}")
