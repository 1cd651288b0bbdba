"""Let an image serve, a tenth of the requests first, and go back by itself where it serves worse.

python3 -m deploy.release image.tar.gz      an image by `docker save`
python3 -m deploy.release --step-back       where a release was cut off half way

The image goes to Artifact Registry, and from there by its digest into a revision that nobody reaches but by its tag's
address. That is smoke-tested, then gets a tenth of the requests, then all. At every look the smoke test must pass, and
Cloud Monitoring's figures must not be worse than the old revision's (deploy/gate.py). With few visitors the smoke test
decides alone. Where no revision of ours serves, the new one gets everything after its smoke test.

GCP_PROJECT and GCP_REGION say where. Exit status: 0 it serves, 1 it does not and what served before does.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy import monitoring
from deploy.cloud import SERVICE, Cloud, DeploymentError, Service, run, smoke_test, summarise
from deploy.gate import why_worse

CANDIDATE, PREVIOUS = "candidate", "previous"  # tags; a revision with one has an address of its own
SHARES = (10, 100)  # per cent
LOOK = 60  # seconds between two looks
BASELINE = timedelta(hours=1)  # of the old revision before the release
SECRETS = {
    "SECRET_KEY": "inkloop-secret-key",
    "OWNER_TOKEN": "inkloop-owner-token",
    "FEEDBACK_URL": "inkloop-feedback-url",
}
FLAGS = (
    "--cpu=1",
    "--memory=512Mi",  # three models take a quarter of it; an imported picture of 25 megapixels some of the rest
    "--cpu-boost",  # for the start alone
    "--concurrency=8",  # gunicorn's threads: a ninth request is better off in a new instance
    "--max-instances=3",  # bounds the bill, and a spreadsheet takes only so many writers (?instances=3)
    "--timeout=60",
    "--startup-probe=httpGet.path=/health/ready,periodSeconds=1,timeoutSeconds=1,failureThreshold=60",
    "--liveness-probe=httpGet.path=/health/live,periodSeconds=30,timeoutSeconds=5,failureThreshold=3",
)


def push(cloud: Cloud, archive: Path, commit: str) -> str:
    """Bring an image to Artifact Registry; its name there with its digest. Raises DeploymentError."""
    cloud.gcloud("auth", "configure-docker", cloud.registry)
    loaded = run("docker", "load", f"--input={archive}").strip().splitlines()[-1]
    local, name = loaded.partition(": ")[2], f"{cloud.images}:{commit}"
    run("docker", "tag", local, name)
    run("docker", "push", name, hint="Has deploy/setup.sh been run? It makes the repository and the right to write.")
    digests = json.loads(run("docker", "inspect", "--format={{json .RepoDigests}}", name))
    for digest in digests:
        if digest.startswith(f"{cloud.images}@sha256:"):
            return digest
    raise DeploymentError(f"Docker does not say under which digest {name} was pushed. Received: {digests}")


def deploy(cloud: Cloud, image: str, commit: str, *, service_is_there: bool) -> None:
    """Make a revision that gets no requests but by its tag; a service's first one gets all, as Cloud Run wants it."""
    settings = {"TRUSTED_PROXIES": "1", "LOG_FORMAT": "json", "GOOGLE_CLOUD_PROJECT": cloud.project}
    cloud.gcloud(
        "run",
        "deploy",
        SERVICE,
        f"--region={cloud.region}",
        f"--image={image}",
        f"--tag={CANDIDATE}",
        *(["--no-traffic"] if service_is_there else []),
        f"--service-account={cloud.account('inkloop-run')}",
        "--set-env-vars=" + ",".join(f"{name}={value}" for name, value in settings.items()),
        "--set-secrets=" + ",".join(f"{name}={secret}:latest" for name, secret in SECRETS.items()),
        f"--labels=commit={commit}",
        *FLAGS,
        hint="The revision's log: gcloud run services logs read inkloop",
    )


def watch(cloud: Cloud, old: str, new: str, began: datetime, minutes: int, pause: Callable[[float], None]) -> None:
    """Look at the new revision again and again, and compare it with the old one. Raises DeploymentError."""
    url = _tagged(cloud.service()).url
    shifted = datetime.now(UTC)
    for _ in range(max(1, minutes * 60 // LOOK)):
        pause(LOOK)
        smoke_test(url)
        now = max(datetime.now(UTC), shifted + timedelta(minutes=1))
        before = monitoring.figures(cloud, old, began - BASELINE, now)
        after = monitoring.figures(cloud, new, shifted, now)
        print(f"before: {before}\nafter: {after}", flush=True)
        if reason := why_worse(before, after):
            raise DeploymentError(f"{new} is worse than {old}: {reason}.")


def release(
    cloud: Cloud, archive: Path, commit: str, *, minutes: int, pause: Callable[[float], None] = time.sleep
) -> None:
    """All of it. minutes: to watch each share. Raises DeploymentError; then what served before serves again."""
    image = push(cloud, archive, commit)
    before = cloud.service()
    deploy(cloud, image, commit, service_is_there=before is not None)
    new, url = _tagged(cloud.service())
    smoke_test(url)
    if before is None or before.main is None or before.serves_only(cloud.images):
        cloud.share({new: 100})
    else:
        _replace(cloud, before.main, new, minutes, pause)
    summarise(f"**{new}** serves, from `{image}`.")


def step_back(cloud: Cloud) -> None:
    """Where several revisions share the requests, give all to the one that gets most. Raises DeploymentError."""
    service = cloud.service()
    if service is not None and len(service.shares) > 1:
        cloud.share({service.main: 100})
        summarise(f"The release was cut off; **{service.main}** serves all again.")


def _replace(cloud: Cloud, old: str, new: str, minutes: int, pause: Callable[[float], None]) -> None:
    began = datetime.now(UTC)
    try:
        for share in SHARES:
            print(f"{new} gets {share} % of the requests.", flush=True)
            cloud.share({new: share, old: 100 - share} if share < 100 else {new: share})
            watch(cloud, old, new, began, minutes, pause)
        cloud.share({new: 100}, tags={PREVIOUS: old})
    except BaseException:
        cloud.share({old: 100})
        summarise(f"**{old}** serves all again, and not {new}.")
        raise


def _tagged(service: Service | None) -> tuple[str, str]:
    found = service and service.tagged(CANDIDATE)
    if not found:
        raise DeploymentError(f"Cloud Run names no revision with the tag {CANDIDATE}, which was just deployed.")
    return found


def main(arguments: list[str] | None = None) -> int:
    """0 where the image serves, else 1."""
    parser = argparse.ArgumentParser(
        prog="python3 -m deploy.release", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("image", type=Path, nargs="?")
    what.add_argument("--step-back", action="store_true")
    parser.add_argument("--minutes", type=int, default=10, help="to watch each share (default %(default)s)")
    parser.add_argument("--commit", default=os.environ.get("GITHUB_SHA"), help="default: GITHUB_SHA")
    options = parser.parse_args(arguments)
    if options.image and not options.commit:
        parser.error("--commit must name the commit that the image was built from, or GITHUB_SHA")
    try:
        cloud = Cloud.from_environment()
        if options.step_back:
            step_back(cloud)
        else:
            release(cloud, options.image, options.commit, minutes=options.minutes)
    except DeploymentError as error:
        print(f"deploy.release: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
