"""Propose a retrained model in a pull request: its files, the new `current`, and the report as the text.

python3 -m deploy.publish_model digit retraining

The folder is what deploy.retrain left. It was made beside strangers' drawings, so nothing in it is taken on trust or
loaded: names, sizes, card and checksum must be as expected. A mode has one pull request, which a later week renews. CI
is started by name, because what a workflow's token proposes starts no other workflow by itself.

GH_TOKEN is GitHub's token, GH_REPO the repository. Exit status: 0 proposed, or there was nothing to propose.
"""

import argparse
import hashlib
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from deploy.cloud import ROOT, DeploymentError, run, summarise
from deploy.retrain import REPORT

LIMITS = {"model.tflite": 5_000_000, "model.keras": 20_000_000, "card.json": 500_000}  # bytes; four times what they are
LONGEST_REPORT = 1_000_000  # bytes
LONGEST_BODY = 60_000  # characters; GitHub takes 65,536
VERSION = re.compile(r"[0-9]{8}-[0-9]{6}")
AUTHOR = {
    "user.name": "github-actions[bot]",
    "user.email": "41898282+github-actions[bot]@users.noreply.github.com",
}
LOGIN = ("-c", "credential.helper=", "-c", "credential.helper=!gh auth git-credential")  # for one command, kept nowhere


class Retrained(NamedTuple):
    """version: of the model that is better, None where the champion stays. report: Markdown."""

    version: str | None
    report: str


def checked(folder: Path, mode: str, models: Path) -> Retrained:
    """What is in the folder. Raises DeploymentError where that is not what it should be."""
    there = [path for path in sorted(folder.rglob("*")) if path.is_symlink() or not path.is_dir()]
    if strange := [path for path in there if path.is_symlink() or not path.is_file()]:
        raise DeploymentError(f"{strange[0]} is no plain file.")
    names = {path.relative_to(folder).as_posix() for path in there}
    versions = sorted({name.partition("/")[0] for name in names} - {REPORT})
    version = versions[0] if versions else None
    limits = {REPORT: LONGEST_REPORT} | {f"{version}/{name}": limit for name, limit in LIMITS.items() if version}
    if names != set(limits) or (version and not VERSION.fullmatch(version)):
        found = ", ".join(sorted(names))[:500]
        raise DeploymentError(f"{folder} must hold {', '.join(sorted(limits))} and nothing else. Received: {found}")
    for name, limit in limits.items():
        if (size := (folder / name).stat().st_size) > limit:
            raise DeploymentError(f"{folder / name} must have at most {limit:,} bytes. Received: {size:,}")
    try:
        report = (folder / REPORT).read_text(encoding="utf-8")
        card = json.loads((folder / version / "card.json").read_text(encoding="utf-8")) if version else None
    except (ValueError, RecursionError) as error:
        raise DeploymentError(f"{folder}: the report or the card cannot be read: {error}") from error
    if version:
        checksum = hashlib.sha256((folder / version / "model.tflite").read_bytes()).hexdigest()
        expected = {"name": mode, "version": version, "sha256": checksum}
        if not isinstance(card, dict) or any(card.get(name) != value for name, value in expected.items()):
            raise DeploymentError(f"{folder / version / 'card.json'} is not that model's: it must say {expected}.")
        if (models / mode / version).exists():
            raise DeploymentError(f"{models / mode / version} is there already.")
    return Retrained(version, report)


def body(report: str) -> str:
    """The report as the text of a pull request, which mentions nobody and closes nothing."""
    quiet = re.sub(r"@(?=\w)|#(?=\d)|\bGH-(?=\d)", lambda found: found[0] + "\N{ZERO WIDTH SPACE}", report)
    if len(quiet) > LONGEST_BODY:
        quiet = quiet[:LONGEST_BODY] + "\n\n(cut here; the workflow's page has it whole)"
    return quiet


def propose(folder: Path, mode: str, version: str, report: str, root: Path) -> str:
    """Push the model on the mode's branch and open or renew its pull request. Returns the branch."""
    branch, title = f"retrain/{mode}", f"Model {version} for {mode}"
    target = root / "app" / "recognition" / "trained" / mode
    git = ("git", "-C", str(root))
    run(*git, "switch", "--force-create", branch)
    (target / version).mkdir()
    for name in LIMITS:
        shutil.copyfile(folder / version / name, target / version / name)
    current = target / "current"
    current.write_text(f"{version}\n" + current.read_text(encoding="utf-8"), encoding="utf-8")
    run(*git, "add", "--", str(target / version), str(current))
    identity = [part for name, value in AUTHOR.items() for part in ("-c", f"{name}={value}")]
    run(*git, *identity, "commit", "--quiet", f"--message={title}")
    run(*git, *LOGIN, "push", "--force", "origin", f"HEAD:refs/heads/{branch}")
    with tempfile.TemporaryDirectory() as scratch:
        text = Path(scratch) / "body.md"
        text.write_text(body(report), encoding="utf-8")
        said = run("gh", "pr", "list", f"--head={branch}", "--state=open", "--json=number", "--jq=.[].number")
        if numbers := said.split():
            # `gh pr edit` asks for projects first, which this token may not see.
            address = f"repos/{{owner}}/{{repo}}/pulls/{numbers[0]}"
            run("gh", "api", "--method=PATCH", address, f"--field=title={title}", f"--field=body=@{text}")
        else:
            run(
                *("gh", "pr", "create", "--base=main", f"--head={branch}", f"--title={title}", f"--body-file={text}"),
                hint="May workflows open pull requests? Settings, Actions, General, at the end.",
            )
    run("gh", "workflow", "run", "ci.yml", f"--ref={branch}")
    return branch


def publish(folder: Path, mode: str, root: Path = ROOT) -> None:
    """Propose what is in the folder, if it is better. Raises DeploymentError."""
    if not folder.exists():
        summarise(f"`{mode}`: the retraining left nothing to publish.")
        return
    version, report = checked(folder, mode, root / "app" / "recognition" / "trained")
    if version is None:
        summarise(f"`{mode}`: the champion stays, so there is nothing to propose.")
        return
    branch = propose(folder, mode, version, report, root)
    summarise(f"`{mode}`: version {version} is proposed on the branch `{branch}`.\n\n{report}")


def main(arguments: list[str] | None = None) -> int:
    """0 where it is proposed or there is nothing to propose, else 1."""
    parser = argparse.ArgumentParser(
        prog="python3 -m deploy.publish_model",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("mode", choices=("digit", "character", "any"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout to propose from (default: this one)")
    options = parser.parse_args(arguments)
    try:
        publish(options.folder, options.mode, options.root)
    except DeploymentError as error:
        print(f"deploy.publish_model: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
