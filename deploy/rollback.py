"""Let an earlier revision serve again, at once.

python3 -m deploy.rollback                  the one that served before
python3 -m deploy.rollback inkloop-00042-abc

Afterwards the smoke test says how that one does. Doing it again goes forward again. GCP_PROJECT and GCP_REGION say
where. The next deployment of main serves what main has: revert there what was wrong.
"""

import argparse
import re
import sys

from deploy.cloud import SERVICE, Cloud, DeploymentError, smoke_test, summarise
from deploy.release import PREVIOUS

REVISION = re.compile(rf"{SERVICE}-[a-z0-9-]{{1,60}}")


def roll_back(cloud: Cloud, revision: str = "") -> str:
    """Give everything to a revision, by default the one that served before. Returns it. Raises DeploymentError."""
    if revision and not REVISION.fullmatch(revision):
        raise DeploymentError(f"A revision is named like {SERVICE}-00042-abc. Received: {revision[:80]!r}")
    service = cloud.service()
    if service is None:
        raise DeploymentError(f"There is no service {SERVICE} in {cloud.region}, so there is nothing to go back from.")
    previous = service.tagged(PREVIOUS)
    if not revision and previous is None:
        raise DeploymentError("No revision served before this one. `gcloud run revisions list` shows those there are.")
    target = revision or previous.revision
    if service.shares == {target: 100}:
        raise DeploymentError(f"{target} serves already.")
    cloud.share({target: 100}, tags={PREVIOUS: service.main} if service.main != target else None)
    summarise(f"**{target}** serves, and not {service.main}.")
    smoke_test(service.url)
    return target


def main(arguments: list[str] | None = None) -> int:
    """0 where the revision serves and passes, else 1."""
    parser = argparse.ArgumentParser(
        prog="python3 -m deploy.rollback", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("revision", nargs="?", default="")
    try:
        roll_back(Cloud.from_environment(), parser.parse_args(arguments).revision.strip())
    except DeploymentError as error:
        print(f"deploy.rollback: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
