import re
import shlex
from pathlib import Path

import pytest

from app.feedback.__main__ import _parser
from app.feedback.sheets_rows import COLUMNS, MODES
from app.feedback.store import NOT_A_CHARACTER, SKIP, STATUSES, check_url

TEXT = (Path(__file__).parents[2] / "doc" / "data_pipeline.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^(?:\.venv/bin/)?python -m app\.feedback (.+)$", TEXT, re.MULTILINE)
URLS = set(re.findall(r"(?:sqlite|postgresql\+psycopg|sheets)://[^\s`'\"]+", TEXT))


@pytest.mark.parametrize("name", [*COLUMNS, *MODES, *STATUSES, NOT_A_CHARACTER, SKIP])
def test_every_column_worksheet_status_and_answer_is_named(name):
    assert f"`{name}`" in TEXT


def test_commands_are_those_that_there_are():
    assert len(COMMANDS) >= 7
    for command in COMMANDS:
        _parser().parse_args(shlex.split(command, comments=True))


def test_urls_are_those_that_the_setting_takes():
    assert len(URLS) >= 5
    for url in URLS:
        check_url(url)
