"""Google Cloud by its own command, gcloud: the service, its revisions, and who gets how many of the requests."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

SERVICE = "inkloop"
ROOT = Path(__file__).parent.parent


class DeploymentError(RuntimeError):
    """What keeps a revision from serving, said so that somebody can mend it."""


def run(*command: str, hint: str = "") -> str:
    """What a command prints. Raises DeploymentError with its own words, and the hint, where it fails."""
    # What is printed here comes before what the command prints to the same log.
    print("$", *command, flush=True)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DeploymentError(f"{' '.join(command[:4])} … fails: {done.stderr.strip()}" + (f"\n{hint}" if hint else ""))
    return done.stdout


def smoke_test(url: str) -> None:
    """Ask the app at `url` what deploy/smoke.py asks. Raises DeploymentError."""
    done = subprocess.run([sys.executable, ROOT / "deploy" / "smoke.py", url], check=False)
    if done.returncode:
        raise DeploymentError(f"The smoke test of {url} fails; what it said is above.")


def summarise(text: str) -> None:
    """Show Markdown in the log and, in a workflow, on its page."""
    print(text, flush=True)
    if page := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(page).open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")


class Tagged(NamedTuple):
    """A revision that has an address of its own."""

    revision: str
    url: str


@dataclass(frozen=True)
class Service:
    """What Cloud Run says of the service."""

    said: dict

    @property
    def url(self) -> str:
        return self.said["status"]["url"]

    @property
    def shares(self) -> dict[str, int]:
        """Per cent of the requests for each revision that gets any."""
        shares: dict[str, int] = {}
        for target in self.said["status"].get("traffic", []):
            if target.get("percent"):
                shares[target["revisionName"]] = shares.get(target["revisionName"], 0) + target["percent"]
        return shares

    @property
    def main(self) -> str | None:
        """The revision that gets most of the requests."""
        return max(self.shares, key=self.shares.get, default=None)

    def tagged(self, tag: str) -> Tagged | None:
        """The revision with a tag."""
        for target in self.said["status"].get("traffic", []):
            if target.get("tag") == tag:
                return Tagged(target["revisionName"], target["url"])
        return None

    def serves_only(self, others: str) -> bool:
        """Whether what serves is the latest revision and runs an image from elsewhere than `others`."""
        image = self.said["spec"]["template"]["spec"]["containers"][0]["image"]
        return self.main == self.said["status"].get("latestCreatedRevisionName") and not image.startswith(others)


class Cloud:
    """One project in one region."""

    def __init__(self, project: str, region: str):
        self.project, self.region = project, region
        self.registry = f"{region}-docker.pkg.dev"
        self.images = f"{self.registry}/{project}/{SERVICE}/{SERVICE}"

    @classmethod
    def from_environment(cls) -> "Cloud":
        """The one that GCP_PROJECT and GCP_REGION name. Raises DeploymentError."""
        names = ("GCP_PROJECT", "GCP_REGION")
        if missing := [name for name in names if not os.environ.get(name)]:
            raise DeploymentError(f"{' and '.join(missing)} must be set; doc/deployment.md says to what.")
        return cls(*(os.environ[name] for name in names))

    def account(self, name: str) -> str:
        """The address of a service account of the project."""
        return f"{name}@{self.project}.iam.gserviceaccount.com"

    def gcloud(self, *arguments: str, hint: str = "") -> str:
        """What gcloud prints, asked without questions back. Raises DeploymentError."""
        return run("gcloud", *arguments, f"--project={self.project}", "--quiet", hint=hint)

    def service(self) -> Service | None:
        """The service as it is now; None where there is none yet. Raises DeploymentError."""
        try:
            said = self.gcloud("run", "services", "describe", SERVICE, f"--region={self.region}", "--format=json")
        except DeploymentError as error:
            if "Cannot find service" in str(error):
                return None
            raise
        return Service(json.loads(said))

    def share(self, shares: dict[str, int], tags: dict[str, str] | None = None) -> None:
        """Give each revision its per cent of the requests, all others none, and each tag its revision."""
        flags = ["--to-revisions=" + ",".join(f"{revision}={share}" for revision, share in shares.items())]
        if tags:
            flags.append("--update-tags=" + ",".join(f"{tag}={revision}" for tag, revision in tags.items()))
        self.gcloud("run", "services", "update-traffic", SERVICE, f"--region={self.region}", *flags)
