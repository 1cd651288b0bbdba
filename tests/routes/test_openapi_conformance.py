"""The running app against its own published description, with schemathesis and all of its checks.

SCHEMATHESIS_SECONDS asks for so many seconds of random requests, as `make fuzz` does; the suite sends one of each kind.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough
ROOT = Path(__file__).parents[2]
SECONDS = os.environ.get("SCHEMATHESIS_SECONDS")
AT_RANDOM = ["--max-examples", "1000000", "--max-time", SECONDS] if SECONDS else ["--max-examples", "1"]


def test_api_is_as_it_describes_itself(app, live_server):
    command = [str(Path(sys.executable).parent / "schemathesis"), "run", f"{live_server}/api/openapi.json"]
    command += ["--checks", "all", "--phases", "coverage,fuzzing", *AT_RANDOM, "--workers", "2"]
    command += ["--generation-deterministic", "--warnings", "off", "--no-color"]
    command += ["--header", f"Authorization: Bearer {app.config['OWNER_TOKEN']}"]
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "tests.routes.valid_requests", "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=3600)
    assert ran.returncode == 0, ran.stdout + ran.stderr
