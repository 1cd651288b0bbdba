"""Open an issue when no retraining has succeeded for a month; close it when one has again.

python3 -m deploy.retraining_alarm

One that kept the champion has succeeded. GH_TOKEN is GitHub's token, GH_REPO the repository.
"""

import json
import sys
from datetime import UTC, datetime, timedelta

from deploy.cloud import DeploymentError, run, summarise

WORKFLOW = "retrain.yml"
MONTH = timedelta(days=31)
TITLE = "No retraining has succeeded for a month"
BODY = (
    f"The last retraining that came to a decision: {{last}}. The runs of {WORKFLOW}, on the page Actions, say what went"
    " wrong. This issue closes by itself when one succeeds."
)


def last_success() -> datetime | None:
    """When the newest successful run began; None if there is none. Raises DeploymentError."""
    said = run("gh", "run", "list", f"--workflow={WORKFLOW}", "--status=success", "--limit=1", "--json=createdAt")
    runs = json.loads(said)
    return datetime.fromisoformat(runs[0]["createdAt"]) if runs else None


def open_issue() -> int | None:
    """The number of the issue that this opened; None if none is open. Raises DeploymentError."""
    said = run("gh", "issue", "list", "--app=github-actions", "--state=open", "--json=number,title")
    return next((issue["number"] for issue in json.loads(said) if issue["title"] == TITLE), None)


def sound(now: datetime) -> None:
    """Open, renew or close the issue. Raises DeploymentError."""
    last, issue = last_success(), open_issue()
    # A repository whose retraining is new has a month too.
    since = last or datetime.fromisoformat(
        run("gh", "api", f"repos/{{owner}}/{{repo}}/actions/workflows/{WORKFLOW}", "--jq=.created_at").strip()
    )
    if now - since <= MONTH:
        if issue:
            run("gh", "issue", "close", str(issue), f"--comment=A retraining succeeded on {since:%Y-%m-%d}.")
        summarise(f"The last retraining: {f'{last:%Y-%m-%d}' if last else 'none yet, and it is new'}.")
        return
    text = BODY.format(last=f"{last:%Y-%m-%d}" if last else "never")
    if issue:
        address = f"repos/{{owner}}/{{repo}}/issues/{issue}"
        run("gh", "api", "--method=PATCH", address, f"--raw-field=body={text} Last looked: {now:%Y-%m-%d}.")
    else:
        run("gh", "issue", "create", f"--title={TITLE}", f"--body={text}")
    summarise(text)


def main() -> int:
    """0 where GitHub answered, else 1."""
    try:
        sound(datetime.now(UTC))
    except DeploymentError as error:
        print(f"deploy.retraining_alarm: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
