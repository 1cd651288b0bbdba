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
        "MAX_QUEUE_SECONDS",
        2,
        "How long a request may wait for a free thread. Then it gets 503 and is to come again; health checks wait on.",
    ),
    Setting(
        "FEEDBACK_URL",
        "sqlite:///instance/feedback.db",
        "Where feedback is kept; also `postgresql+psycopg://user:password@host/database` or `sheets://SPREADSHEET_ID`,"
        " with `?instances=3` where so many processes write there ([how](doc/data_pipeline.md)).",
    ),
    Setting("FEEDBACK_RATE", "60 per minute", "How often one address may send feedback, and how often delete some."),
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
    Setting("GAME_RATE", "600 per minute", "How often one address may ask for each step of a game."),
    Setting(
        "PREDICT_RATE",
        "",
        "How often one address may have a picture read, such as `1200 per minute`; drawing asks some 7 times a second,"
        " and a school may have one address. Empty: there is no limit.",
    ),
    Setting("HEAT_MAP_RATE", "120 per minute", "How often one address may have a heat map made."),
    Setting(
        "RATE_STORE_URL",
        "memory://",
        "Where rates are counted: each process by itself, or all together in `redis://:password@host:6379/0` (`rediss`:"
        " with TLS). While that cannot be reached, each counts by itself.",
    ),
    Setting(
        "TRUSTED_PROXIES",
        0,
        "How many proxies stand before this server and add an address to `X-Forwarded-For`; 1 on Cloud Run. Too low,"
        " and all visitors count as one; too high, and a visitor can pretend to be many.",
    ),
    Setting(
        "CORS_ORIGINS",
        "",
        "Origins whose pages may use the API, such as `https://app.example.org`, separated by spaces or commas. Empty:"
        " this server's own alone.",
    ),
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
        "METRICS_TOKEN",
        "",
        "Whoever sends it as `Authorization: Bearer` may read `/metrics`, at least 16 characters. Empty: everybody may;"
        " there are counts alone.",
    ),
    Setting(
        "LOG_FORMAT",
        "text",
        "How the log looks: `text` for people, `json` for machines, in the names that Google Cloud Logging knows.",
    ),
    Setting(
        "GOOGLE_CLOUD_PROJECT",
        "",
        "With it, lines in JSON name the trace that a request belongs to, by which Google Cloud Logging groups them.",
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

    Raises SettingError where a number is expected and none above 0 is given, or 0 where that is the default.
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
    least = min(setting.default, 1)
    if not (text.isascii() and text.isdecimal() and int(text) >= least):
        wanted = "a whole number above 0" if least else "0 or a whole number above 0"
        raise SettingError(f"{setting.name} must be {wanted}. Received: {text!r}")
    return int(text)
