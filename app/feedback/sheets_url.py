"""What FEEDBACK_URL says of a spreadsheet. Loads no library, since every start checks it."""

import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import parse_qsl

from app.settings import SettingError

URL = r"sheets://(?P<id>[A-Za-z0-9_-]+)(\?(?P<query>.*))?"
# A batch of three modes takes three turns, and the last of them must come before a record's deadline.
MOST_INSTANCES = 5


class SheetsUrl(NamedTuple):
    """instances: processes that write to the spreadsheet. endpoint: a server that stands in for Google's, or None."""

    spreadsheet_id: str
    instances: int = 1
    endpoint: str | None = None


class Option(NamedTuple):
    pattern: str
    convert: Callable[[str], str | int]
    expected: str


OPTIONS = {
    "instances": Option(
        f"[1-{MOST_INSTANCES}]", int, f"a whole number from 1 to {MOST_INSTANCES}; more should share a PostgreSQL"
    ),
    # On this machine alone: what people drew goes there without credentials and unencrypted.
    "endpoint": Option(
        r"http://(127\.0\.0\.1|localhost|\[::1\]):\d{1,5}", str, "a server on this machine, like http://127.0.0.1:8001"
    ),
}


def parse(url: str) -> SheetsUrl | None:
    """`sheets://SPREADSHEET_ID?instances=3&endpoint=http://127.0.0.1:8001`, what follows the id where it is wanted.

    None where `url` is no spreadsheet's. Raises SettingError where an option cannot be used.
    """
    if not (found := re.fullmatch(URL, url)):
        return None
    said = {}
    for name, text in parse_qsl(found["query"] or "", keep_blank_values=True):
        if name not in OPTIONS or name in said:
            known = " and ".join(OPTIONS)
            raise SettingError(f"FEEDBACK_URL: a spreadsheet takes {known}, each once. Received: {name[:60]!r}")
        option = OPTIONS[name]
        if not re.fullmatch(option.pattern, text, re.ASCII):
            raise SettingError(f"FEEDBACK_URL: {name} must be {option.expected}. Received: {text[:60]!r}")
        said[name] = option.convert(text)
    return SheetsUrl(found["id"], **said)
