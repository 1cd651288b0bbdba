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
        "Where feedback is kept; also `postgresql+psycopg://user:password@host/database` or `sheets://SPREADSHEET_ID`.",
    ),
    Setting("FEEDBACK_RATE", "60 per minute", "How much feedback one address may send to one process."),
    Setting(
        "QUARANTINE_PERCENT",
        95,
        "A correction that the model contradicts with this confidence or more waits for a second opinion; 101: none.",
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
    rows = [f"| `{setting.name}` | `{setting.default}` | {setting.help} |" for setting in SETTINGS]
    return "\n".join(["| setting | default | what it does |", "| --- | --- | --- |", *rows])


def _value(setting: Setting, text: str) -> str | int:
    if not text:
        return setting.default
    if isinstance(setting.default, str):
        return text
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise SettingError(f"{setting.name} must be a whole number above 0. Received: {text!r}")
    return int(text)
