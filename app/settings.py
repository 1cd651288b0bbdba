"""Every setting, one row each. The environment overrides the default."""

from collections.abc import Mapping
from typing import NamedTuple


class Setting(NamedTuple):
    name: str
    default: str | int
    help: str


SETTINGS = (
    Setting(
        "HOST", "127.0.0.1", "Address to serve on. `0.0.0.0` lets other devices in the network in, such as a phone."
    ),
    Setting("PORT", 8080, "Port to serve on."),
    Setting(
        "MODELS_DIR", "app/recognition/trained", "Folder of the models; a relative one starts at the project's own."
    ),
    Setting("MAX_PICTURE_BYTES", 5_000_000, "Largest picture taken, bytes of its file."),
    Setting("MAX_PICTURE_PIXELS", 25_000_000, "Largest picture taken, width × height in pixels."),
    Setting(
        "FEEDBACK_URL",
        "sqlite:///instance/feedback.db",
        "Where feedback is kept; also `postgresql+psycopg://user:password@host/database` or `sheets://SPREADSHEET_ID`,"
        " with `?instances=3` where so many processes write there ([how](doc/data_pipeline.md)).",
    ),
    Setting("FEEDBACK_RATE", "60 per minute", "How much feedback one address may send to one process."),
    Setting(
        "QUARANTINE_PERCENT",
        95,
        "A correction that the model contradicts with this confidence or more waits for a second opinion; 101: none.",
    ),
    Setting(
        "GAME_URL",
        "sqlite:///instance/game.db",
        "Where the game's leaderboard is kept; also `postgresql+psycopg://user:password@host/database`.",
    ),
    Setting("GAME_SECONDS", 20, "How long a round of the game lasts."),
    Setting("GAME_RATE", "600 per minute", "How often one address may ask one process for each step of a game."),
    Setting(
        "SECRET_KEY",
        "",
        "Signs the game's rounds and the owner's cookie, at least 16 characters. Empty: a new random one for each "
        "process, which is fine for one process; several must share one.",
    ),
    Setting(
        "OWNER_TOKEN",
        "",
        "Opens `/status`, the owner's page, at least 16 characters, and `/api/status` as `Authorization: Bearer`. "
        "Empty: there is no such page.",
    ),
    Setting(
        "REPORTS_DIR",
        "instance/retraining",
        "Folder of the reports on retraining; a relative one starts at the project's own.",
    ),
)


class SettingError(ValueError):
    """A setting that cannot be used as it is."""


def read(environment: Mapping[str, str]) -> dict[str, str | int]:
    """Every setting by its name, from `environment` where it says so (empty counts as unset).

    Raises SettingError where a number is expected and none above 0 is given.
    """
    return {setting.name: _value(setting, environment.get(setting.name, "")) for setting in SETTINGS}


def markdown_table() -> str:
    """The settings as the README shows them."""
    rows = [f"| `{setting.name}` | {_shown(setting.default)} | {setting.help} |" for setting in SETTINGS]
    return "\n".join(["| setting | default | what it does |", "| --- | --- | --- |", *rows])


def _shown(default: str | int) -> str:
    return "empty" if default == "" else f"`{default}`"


def _value(setting: Setting, text: str) -> str | int:
    if not text:
        return setting.default
    if isinstance(setting.default, str):
        return text
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise SettingError(f"{setting.name} must be a whole number above 0. Received: {text!r}")
    return int(text)
