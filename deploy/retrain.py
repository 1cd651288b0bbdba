"""Retrain a mode's model in a workflow, and leave what may be published in a folder.

python -m deploy.retrain digit --out retraining

FEEDBACK_URL comes from Secret Manager and goes to the retraining alone. The folder gets report.md without its pictures,
since some show strangers' drawings, and, where the new model is better, a folder named by its version. GCP_PROJECT and
GCP_REGION say where. Exit status: 0 promoted or kept, else that of the retraining.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from deploy.cloud import ROOT, Cloud, DeploymentError, summarise

SECRET = "inkloop-feedback-url"
MODELS = ROOT / "app" / "recognition" / "trained"
PROMOTED, KEPT = 0, 3  # what app.retrain_model says
REPORT = "report.md"
PICTURE = re.compile(r"^!\[.*\]\(.*\)\n*", re.MULTILINE)


def feedback_url(cloud: Cloud) -> str:
    """Where feedback is kept, hidden from the workflow's log. Raises DeploymentError."""
    url = cloud.gcloud("secrets", "versions", "access", "latest", f"--secret={SECRET}").strip()
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for part in {url, urlsplit(url).password, unquote(urlsplit(url).password or "")} - {None, ""}:
            print("::add-mask::" + part.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"), flush=True)
    return url


def retrain(mode: str, url: str, out: Path, models: Path = MODELS) -> int:
    """Run the retraining and collect what came of it in `out`. Returns its exit status."""
    out.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as report:
        command = [sys.executable, "-m", "app.retrain_model", mode, f"--models={models}", f"--report={report}"]
        status = subprocess.run(command, cwd=ROOT, env=os.environ | {"FEEDBACK_URL": url}, check=False).returncode
        if status not in (PROMOTED, KEPT):
            return status
        page = PICTURE.sub("", (Path(report) / REPORT).read_text(encoding="utf-8"))
    (out / REPORT).write_text(page, encoding="utf-8")
    if status == PROMOTED:
        version = (models / mode / "current").read_text(encoding="utf-8").split()[0]
        shutil.copytree(models / mode / version, out / version)
    summarise(page)
    return status


def main(arguments: list[str] | None = None) -> int:
    """0 where the retraining came to a decision."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.retrain", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("mode", choices=("digit", "character", "any"))
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a folder that is not there yet")
    options = parser.parse_args(arguments)
    try:
        status = retrain(options.mode, feedback_url(Cloud.from_environment()), options.out)
    except DeploymentError as error:
        print(f"deploy.retrain: {error}", file=sys.stderr)
        return 1
    return 0 if status in (PROMOTED, KEPT) else status


if __name__ == "__main__":
    sys.exit(main())
