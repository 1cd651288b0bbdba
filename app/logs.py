"""How a line of the log looks: text for a terminal, or JSON as Google Cloud Logging reads it.

Of the standard library alone, so that gunicorn.conf.py can take it without the rest of the app. A record may bring
`fields`, a mapping of what is to be found by name; `app.request_log` adds the request that it belongs to.
"""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any

FORMATS = ("text", "json")
LONGEST = 16_000  # characters of a message, and of a traceback; Cloud Logging takes 256 KB
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
TO_JSON = json.JSONEncoder(default=str)
NEEDS_CARE = logging.WARNING


class JsonFormatter(logging.Formatter):
    """One JSON object a line; the names are those that Cloud Logging knows."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "severity": record.levelname,
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "message": record.getMessage()[:LONGEST],
            "logger": record.name,
            "process": record.process,
        }
        line |= getattr(record, "request", {}) | getattr(record, "fields", {})
        if traceback := _traceback(self, record):
            line["stack_trace"] = traceback  # where Error Reporting looks
        return TO_JSON.encode(line)


class TextFormatter(logging.Formatter):
    """A line for people. What a stranger sent can neither begin a line nor command the terminal."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{self.formatTime(record, '%H:%M:%S')} {record.levelname:<8} {record.getMessage()[:LONGEST]}"
        found = getattr(record, "request", {}).get("request_id")
        if found and record.levelno >= NEEDS_CARE:
            line += f" (request {found})"
        traceback = _traceback(self, record).splitlines()
        return "\n  | ".join(CONTROLS.sub(_escape, part) for part in (line, *traceback))


FORMATTERS = {"text": TextFormatter, "json": JsonFormatter}


def configuration(format: str) -> dict[str, Any]:
    """What `logging.config.dictConfig` makes of one of FORMATS, for all that this process says, to its stdout.

    Raises ValueError where there is no such format.
    """
    if format not in FORMATS:
        raise ValueError(f"LOG_FORMAT must be {' or '.join(FORMATS)}. Received: {format!r}")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": FORMATTERS[format]}},
        "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": sys.stdout, "formatter": "lines"}},
        "root": {"level": "INFO", "handlers": ["stdout"]},
        "loggers": {"gunicorn.error": {"propagate": True}},  # without a handler of its own any more
    }


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    """The end of it, where the error is."""
    return formatter.formatException(record.exc_info)[-LONGEST:] if record.exc_info else ""


def _escape(found: re.Match) -> str:
    return found[0].encode("unicode_escape").decode()
