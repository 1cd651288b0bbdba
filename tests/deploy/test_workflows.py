import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SCRIPT = re.compile(r"\b(?:python3? -m (deploy\.\w+)|(deploy/\w+\.\w+))")
PINNED = re.compile(r"uses: [\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def jobs(workflow: Path) -> dict[str, dict]:
    return yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.name)
def workflow(request) -> Path:
    return request.param


def test_what_a_step_runs_is_one_line_or_a_script_with_a_test(workflow):
    for job in jobs(workflow).values():
        for step in job.get("steps", []):
            command = step.get("run", "")
            assert "\n" not in command
            assert "${{" not in command
            for module, file in SCRIPT.findall(command):
                script = ROOT / (file or f"{module.replace('.', '/')}.py")
                assert script.exists()
                assert (ROOT / "tests" / "deploy" / f"test_{script.stem}.py").exists()


def test_every_action_is_pinned_and_the_same_everywhere(workflow):
    everywhere = re.findall(r"uses: (\S+)@(.+)", "\n".join(path.read_text() for path in WORKFLOWS))
    assert len(dict(everywhere)) == len(set(everywhere))
    for line in workflow.read_text(encoding="utf-8").splitlines():
        if "uses: " in line:
            assert PINNED.search(line) or "uses: $/" in line


def test_every_job_has_an_end_and_only_the_rights_that_it_names(workflow):
    assert yaml.safe_load(workflow.read_text(encoding="utf-8"))["permissions"] == {}
    for job in jobs(workflow).values():
        assert "permissions" in job
        assert "timeout-minutes" in job or "uses" in job


def test_what_google_trusts_runs_in_an_environment_and_writes_nothing_to_the_repository(workflow):
    for job in jobs(workflow).values():
        if job["permissions"].get("id-token"):
            assert job["environment"] in ("production", "retraining")
            assert job["permissions"] == {"contents": "read", "id-token": "write"}


def test_no_secret_is_kept_at_github():
    assert not [path.name for path in WORKFLOWS if "secrets." in path.read_text(encoding="utf-8")]
