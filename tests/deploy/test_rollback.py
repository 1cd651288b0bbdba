import pytest

from tests.deploy.cloud_run import NEW, OLD, OLDER, SETTINGS, service
from tests.deploy.recorders import Recorders


@pytest.fixture
def recorders(tmp_path, live_server):
    """A service whose new revision serves; the app answers at its address."""
    recorders = Recorders(tmp_path, "gcloud")
    tags = {"previous": (OLD, "https://previous.example"), "candidate": (NEW, "https://candidate.example")}
    recorders.answer("services describe", service({NEW: 100}, tags, url=live_server))
    return recorders


@pytest.mark.parametrize(("asked", "serves"), [("", OLD), (OLDER, OLDER)])
def test_an_earlier_revision_serves_again(recorders, asked, serves):
    done = recorders.run("python3", "-m", "deploy.rollback", "--", asked, **SETTINGS)
    assert done.returncode == 0, done.stderr
    assert recorders.calls[-1].argv[1:] == [
        *("run", "services", "update-traffic", "inkloop", "--region=europe-west1"),
        *(f"--to-revisions={serves}=100", f"--update-tags=previous={NEW}", "--project=inkloop-tests", "--quiet"),
    ]


@pytest.mark.parametrize(
    ("asked", "said"), [("--to-latest", "is named like"), ("a=1,b", "is named like"), (NEW, "serves already")]
)
def test_what_is_no_earlier_revision_changes_nothing(recorders, asked, said):
    done = recorders.run("python3", "-m", "deploy.rollback", "--", asked, **SETTINGS)
    assert done.returncode == 1
    assert said in done.stderr
    assert not any("update-traffic" in command for command in recorders.commands)


def test_without_an_earlier_one_it_says_so(recorders):
    recorders.answer("services describe", service({NEW: 100}, url="https://inkloop.example"))
    done = recorders.run("python3", "-m", "deploy.rollback", **SETTINGS)
    assert done.returncode == 1
    assert "No revision served before" in done.stderr
