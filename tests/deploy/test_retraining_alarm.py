import json
from datetime import UTC, datetime, timedelta

import pytest

from deploy.retraining_alarm import TITLE
from tests.deploy.recorders import Recorders


def ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def sound(tmp_path, succeeded: int | None, issue: int | None, made: int) -> list[str]:
    """The commands, without those that only look. succeeded, made: so many days ago."""
    recorders = Recorders(tmp_path, "gh")
    recorders.answer("gh run list", json.dumps([{"createdAt": ago(succeeded)}] if succeeded else []))
    others = [{"number": 3, "title": "Something else"}]
    recorders.answer("gh issue list", json.dumps(others + ([{"number": 8, "title": TITLE}] if issue else [])))
    recorders.answer("gh api .repos/{owner}/{repo}/actions/workflows/retrain.yml", f"{ago(made)}\n")
    done = recorders.run("python3", "-m", "deploy.retraining_alarm")
    assert done.returncode == 0, done.stderr
    return [call.command for call in recorders.calls if call.argv[2] in ("create", "close", "--method=PATCH")]


@pytest.mark.parametrize(
    ("succeeded", "issue", "made", "then"),
    [
        (7, None, 400, []),
        (40, None, 400, ["gh issue create"]),
        (40, 8, 400, ["gh api --method=PATCH 'repos/{owner}/{repo}/issues/8'"]),
        (1, 8, 400, ["gh issue close 8"]),
        (None, None, 3, []),  # set up this week
        (None, None, 40, ["gh issue create"]),
    ],
)
def test_one_issue_is_open_while_no_retraining_has_succeeded_for_a_month(tmp_path, succeeded, issue, made, then):
    commands = sound(tmp_path, succeeded, issue, made)
    assert [command[: len(start)] for command, start in zip(commands, then, strict=True)] == then
