import json
from contextlib import ExitStack

import pytest

from deploy import release
from deploy.cloud import Cloud, DeploymentError
from deploy.gate import Figures
from tests.deploy.cloud_run import IMAGES, NEW, OLD, PLACEHOLDER, SETTINGS, service, stand_in
from tests.deploy.recorders import Recorders

GOOD = Figures(1000, 1, 20.0)
DIGEST = f"{IMAGES}@sha256:{'a' * 64}"


@pytest.fixture
def releasing(tmp_path, monkeypatch, live_server):
    """Releases an image where `before` serves, None for no service. Returns the recorders and what was asked."""
    recorders = Recorders(tmp_path, "gcloud", "docker")
    recorders.answer("docker load", stdout="Loaded image: inkloop:latest\n")
    recorders.answer("docker inspect", stdout=json.dumps(["elsewhere/inkloop@sha256:0", DIGEST]))
    recorders.answer("print-access-token", stdout="the-token\n")
    monkeypatch.setenv("PATH", recorders.environment["PATH"])
    with ExitStack() as stack:

        def go(old_image: str | None, figures: dict[str, Figures], app: str | None = None) -> list[dict]:
            monitoring, asked = stack.enter_context(stand_in(figures))
            monkeypatch.setenv("CLOUDSDK_API_ENDPOINT_OVERRIDES_MONITORING", monitoring)
            url = live_server if app is None else monitoring
            if old_image is None:
                recorders.answer("services describe", stderr="ERROR: Cannot find service [inkloop]", status=1)
            else:
                recorders.answer("services describe", service({OLD: 100}, image=old_image, url=url))
            made = service({OLD: 100}, {"candidate": (NEW, url)}, url=url)
            recorders.answer("services describe", made, after="gcloud run deploy")
            cloud = Cloud(*SETTINGS.values())
            release.release(cloud, tmp_path / "image.tar.gz", "abc1234", minutes=1, pause=lambda _: None)
            return asked

        yield recorders, go


def shares(recorders: Recorders) -> list[str]:
    return [part for call in recorders.calls for part in call.argv if part.startswith("--to-revisions=")]


def test_what_is_not_worse_gets_a_tenth_then_all(releasing):
    recorders, go = releasing
    asked = go(DIGEST, {OLD: GOOD, NEW: GOOD})
    deployed = next(call.argv for call in recorders.calls if call.argv[1:3] == ["run", "deploy"])
    assert {f"--image={DIGEST}", "--no-traffic", "--tag=candidate", "--region=europe-west1", "--quiet"} <= set(deployed)
    secrets = "SECRET_KEY=inkloop-secret-key:latest,OWNER_TOKEN=inkloop-owner-token:latest"
    assert f"--set-secrets={secrets},FEEDBACK_URL=inkloop-feedback-url:latest" in deployed
    assert "--service-account=inkloop-run@inkloop-tests.iam.gserviceaccount.com" in deployed
    assert f"docker push {IMAGES}:abc1234" in recorders.commands
    every_tenth = f"--to-revisions={NEW}=10,{OLD}=90"
    assert shares(recorders) == [every_tenth, f"--to-revisions={NEW}=100", f"--to-revisions={NEW}=100"]
    assert recorders.calls[-1].argv[-3] == f"--update-tags=previous={OLD}"
    assert {query["path"] for query in asked} == {"/v3/projects/inkloop-tests/timeSeries"}
    assert {query["token"] for query in asked} == {"Bearer the-token"}
    assert all('resource.label.service_name = "inkloop"' in query["filter"] for query in asked)
    assert all(query["interval.startTime"] < query["interval.endTime"] for query in asked)


def test_what_is_worse_is_taken_back(releasing):
    recorders, go = releasing
    with pytest.raises(DeploymentError, match=f"{NEW} is worse than {OLD}"):
        go(DIGEST, {OLD: GOOD, NEW: Figures(200, 0, 300.0)})
    assert shares(recorders) == [f"--to-revisions={NEW}=10,{OLD}=90", f"--to-revisions={OLD}=100"]


def test_what_cannot_be_watched_is_taken_back(releasing):
    recorders, go = releasing
    recorders.answer("print-access-token", stderr="no", status=1)
    with pytest.raises(DeploymentError, match="print-access-token"):
        go(DIGEST, {OLD: GOOD, NEW: GOOD})
    assert shares(recorders)[-1] == f"--to-revisions={OLD}=100"


def test_what_fails_its_smoke_test_gets_no_request(releasing):
    recorders, go = releasing
    with pytest.raises(DeploymentError, match="smoke test"):
        go(DIGEST, {OLD: GOOD, NEW: GOOD}, app="another")
    assert shares(recorders) == []


@pytest.mark.parametrize(("old_image", "flags"), [(PLACEHOLDER, {"--no-traffic"}), (None, set())])
def test_the_first_deployment_gets_all_after_its_smoke_test(releasing, old_image, flags):
    recorders, go = releasing
    assert go(old_image, {}) == []
    assert shares(recorders) == [f"--to-revisions={NEW}=100"]
    deployed = next(call.argv for call in recorders.calls if call.argv[1:3] == ["run", "deploy"])
    assert {"--no-traffic"} & set(deployed) == flags


@pytest.mark.parametrize(("now", "then"), [({NEW: 10, OLD: 90}, [f"--to-revisions={OLD}=100"]), ({NEW: 100}, [])])
def test_a_release_that_was_cut_off_is_taken_back(tmp_path, now, then):
    recorders = Recorders(tmp_path, "gcloud")
    recorders.answer("services describe", service(now, url="https://inkloop.example"))
    done = recorders.run("python3", "-m", "deploy.release", "--step-back", **SETTINGS)
    assert done.returncode == 0, done.stderr
    assert shares(recorders) == then


def test_a_project_that_is_not_named_is_asked_for(tmp_path):
    done = Recorders(tmp_path, "gcloud").run(
        "python3", "-m", "deploy.release", "--step-back", GCP_REGION="x", GCP_PROJECT=""
    )
    assert done.returncode == 1
    assert "GCP_PROJECT must be set" in done.stderr
