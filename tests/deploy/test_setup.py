"""deploy/setup.sh and deploy/teardown.sh against commands that stand in for gcloud, gh and curl."""

import re
import shlex
from pathlib import Path

import pytest

from deploy import release
from tests.deploy.recorders import Recorders

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "doc" / "deployment.md"
INPUTS = {
    "GCP_PROJECT": "inkloop-471203",
    "GCP_REGION": "europe-west1",
    "GITHUB_REPOSITORY": "ada/inkloop",
    "FEEDBACK_URL": "sheets://the-spreadsheet?instances=3",
}
DATABASE = "postgresql+psycopg://ink:correct-horse@db.example/ink"
SETUP, TEARDOWN = "deploy/setup.sh", "deploy/teardown.sh"
POOLS = "gcloud iam workload-identity-pools"
# What a list says before and after the thing in it is made.
LISTS = {
    "gcloud services list": ("gcloud services enable", "".join(f"{name}.googleapis.com\n" for name in (
        "run", "artifactregistry", "secretmanager", "iam", "iamcredentials", "sts", "cloudresourcemanager",
        "monitoring", "sheets", "cloudbilling", "billingbudgets",
    ))),
    "gcloud iam service-accounts list": ("gcloud iam service-accounts create inkloop-retrain", "".join(
        f"inkloop-{name}@inkloop-471203.iam.gserviceaccount.com\n" for name in ("run", "deploy", "retrain")
    )),
    "gcloud artifacts repositories list": ("gcloud artifacts repositories create", "inkloop\n"),
    "gcloud secrets list": (
        "gcloud secrets create inkloop-feedback-url", "inkloop-secret-key\ninkloop-owner-token\ninkloop-feedback-url\n"
    ),
    "gcloud secrets versions list inkloop-secret-key": ("gcloud secrets versions add inkloop-secret-key", "enabled\n"),
    "gcloud secrets versions list inkloop-owner-token": (
        "gcloud secrets versions add inkloop-owner-token", "enabled\n"
    ),
    "gcloud secrets versions list inkloop-feedback-url": (
        "gcloud secrets versions add inkloop-feedback-url", "enabled\n"
    ),
    "gcloud run services list": ("gcloud run deploy", "inkloop\n"),
    f"{POOLS} list": (f"{POOLS} create", "inkloop\tACTIVE\n"),
    f"{POOLS} providers list": (f"{POOLS} providers create-oidc", "github\tACTIVE\n"),
    "gcloud billing budgets list": ("gcloud billing budgets create", "inkloop-inkloop-471203\n"),
    "gh api repos/ada/inkloop/environments ": ("environments/retraining", "production\nretraining\n"),
    "gh api repos/ada/inkloop/environments/production/d": ("environments/production/d.* name=main", "main\n"),
    "gh api repos/ada/inkloop/environments/retraining/d": ("environments/retraining/d.* name=main", "main\n"),
}  # fmt: skip
REPEATED = "add-iam-policy-binding|set-cleanup-policies|update-oidc|gh variable set|permissions/workflow"
READS = re.compile(
    r"gcloud (auth|\S+( \S+)*? (list|describe|access)\b)|gh (auth|api \S+ --jq|api repos/\S+ '--jq)|curl"
)


def as_found(folder):
    """Google Cloud and GitHub as an owner finds them who has only made the project and the fork."""
    recorders = Recorders(folder, "gcloud", "gh", "curl", "sleep")
    recorders.answer("gcloud auth list", "ada@example.com\n")
    recorders.answer("gcloud projects describe", "4711\n")
    recorders.answer("gcloud billing projects describe", "AAAAAA-BBBBBB-CCCCCC\n")
    recorders.answer("gh api repos/ada/inkloop --jq=.id", "123456\n")
    recorders.answer("gcloud secrets versions access", INPUTS["FEEDBACK_URL"])
    for asked, (made_by, there) in LISTS.items():
        recorders.answer(f"^{asked}", there, after=made_by)
    return recorders


@pytest.fixture
def google(tmp_path):
    return as_found(tmp_path)


def as_made(folder):
    """The same where everything is made already."""
    google = as_found(folder)
    for asked, (_, there) in LISTS.items():
        google.answer(f"^{asked}", there)
    return google


@pytest.fixture
def all_there(tmp_path):
    return as_made(tmp_path)


@pytest.fixture(scope="module")
def first_run(tmp_path_factory):
    """What a first run did: its output, and the recorders."""
    google = as_found(tmp_path_factory.mktemp("first_run"))
    done = set_up(google, "--budget", "5")
    assert done.returncode == 0, done.stderr
    return done, google


@pytest.fixture(scope="module")
def second_run(tmp_path_factory):
    """What it does where all is there, but for another repository."""
    google = as_made(tmp_path_factory.mktemp("second_run"))
    done = set_up(google, "--budget", "5", GITHUB_REPOSITORY_ID="99")
    assert done.returncode == 0, done.stderr
    return done, google


@pytest.fixture(scope="module")
def mending_run(tmp_path_factory):
    """What it does where secrets have no values, the pool is in the bin, accounts are new and gh is not logged in."""
    google = as_made(tmp_path_factory.mktemp("mending_run"))
    google.answer("gcloud secrets versions list", "")
    google.answer(f"^{POOLS} list", "inkloop\tDELETED\n")
    google.answer(f"^{POOLS} providers list", "github\tDELETED\n")
    google.answer("add-iam-policy-binding inkloop-retrain", stderr="It does not exist.", status=1, times=2)
    google.answer("gh auth", status=1)
    google.answer("curl .*api.github.com/repos/ada/inkloop", '{"id": 789, "owner": {"id": 1}}')
    done = set_up(google, FEEDBACK_URL=DATABASE)
    assert done.returncode == 0, done.stderr
    return done, google


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The commands that a dry run shows."""
    google = as_found(tmp_path_factory.mktemp("dry_run"))
    done = set_up(google, "--dry-run", "--budget", "5")
    assert done.returncode == 0, done.stderr
    assert not google.calls
    return commands_shown(done.stdout)


def set_up(google, *arguments, script=SETUP, stdin="", **inputs):
    return google.run(script, *arguments, stdin=stdin, **(INPUTS | inputs))


def changes(commands):
    return [command for command in commands if not READS.match(command)]


def commands_shown(text):
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("script", [SETUP, TEARDOWN])
def test_a_dry_run_shows_commands_and_runs_none(google, script):
    done = set_up(google, "--dry-run", script=script)
    assert done.returncode == 0, done.stderr
    assert not google.calls
    lines = commands_shown(done.stdout)
    assert len(lines) > 10
    assert {shlex.split(command)[0] for command in lines} == {"gcloud", "gh"}


def test_a_first_run_runs_what_the_dry_run_shows_in_that_order(first_run, shown):
    ran = "\n".join(command for command in first_run[1].commands if not re.match("gcloud auth|gh auth", command))
    known = {"4711": "PROJECT_NUMBER", "123456": "REPOSITORY_ID", "AAAAAA-BBBBBB-CCCCCC": "BILLING_ACCOUNT"}
    for number, name in known.items():
        ran = re.sub(rf"\b{number}\b", name, ran)
    assert [shlex.split(command) for command in ran.splitlines()] == [shlex.split(command) for command in shown]


def test_what_is_used_is_made_before(first_run):
    text = "\n".join(first_run[1].commands)
    order = [
        "services enable", "service-accounts create inkloop-retrain", "run deploy", "pools create", "create-oidc",
        "service-accounts add-iam-policy-binding", "member=allUsers", "gh variable set",
    ]  # fmt: skip
    places = [text.index(part) for part in order]
    assert places == sorted(places)


def test_a_second_run_makes_nothing(second_run):
    again = changes(second_run[1].commands)
    assert again
    assert not [command for command in again if not re.search(REPEATED, command)]


def test_a_provider_for_another_repository_is_mended(second_run):
    [command] = [command for command in second_run[1].commands if "update-oidc" in command]
    assert 'assertion.repository_id == "99"' in command


@pytest.mark.thorough
def test_a_failure_stops_with_its_place_and_the_next_run_goes_on(google):
    fails = "secrets versions add inkloop-feedback-url"
    google.answer(f"gcloud.* {fails}", stderr="Google says no", status=1, times=1)
    done = set_up(google)
    assert done.returncode == 1
    assert fails in google.commands[-1]
    assert "Google says no" in done.stderr
    assert "Stopped at: Secrets." in done.stderr
    assert "run this again" in done.stderr
    before = changes(google.commands)
    assert set_up(google).returncode == 0
    after = changes(google.commands)[len(before) :]
    assert before[-1] in after
    made_twice = set(before[:-1]) & set(after)
    assert not [command for command in made_twice if not re.search(REPEATED, command)]


def test_a_project_without_billing_is_told_of(google):
    google.answer("gcloud services enable", stderr="FAILED_PRECONDITION", status=1)
    done = set_up(google)
    assert done.returncode == 1
    assert "https://console.cloud.google.com/billing/linkedaccount?project=inkloop-471203" in done.stderr
    assert "enable" in google.commands[-1]


def test_secrets_are_seen_by_nobody(mending_run):
    done, google = mending_run
    given = {call.argv[4]: call.stdin for call in google.calls if call.argv[1:4] == ["secrets", "versions", "add"]}
    assert given["inkloop-feedback-url"] == DATABASE
    made = [given["inkloop-secret-key"], given["inkloop-owner-token"]]
    assert all(re.fullmatch("[0-9a-f]{64}", value) for value in made)
    assert made[0] != made[1]
    seen = done.stdout + done.stderr + "\n".join(google.commands)
    assert not [value for value in (*made, DATABASE, "correct-horse") if value in seen]


def test_another_store_replaces_the_first(all_there):
    all_there.answer("gcloud run services list", status=1)  # far enough
    done = set_up(all_there, FEEDBACK_URL="sheets://another?instances=3")
    [call] = [call for call in all_there.calls if call.argv[1:4] == ["secrets", "versions", "add"]]
    assert (call.argv[4], call.stdin) == ("inkloop-feedback-url", "sheets://another?instances=3")
    assert "next deployment" in done.stdout


def test_github_is_let_in_from_one_repository_by_its_number_and_from_main(first_run):
    [call] = [call for call in first_run[1].calls if "create-oidc" in call.argv]
    assert (
        '--attribute-condition=assertion.repository_id == "123456" && assertion.ref == "refs/heads/main"' in call.argv
    )


def test_what_was_deleted_less_than_a_month_ago_comes_back(mending_run):
    text = "\n".join(mending_run[1].commands)
    assert f"{POOLS} undelete inkloop" in text
    assert f"{POOLS} providers undelete github" in text
    assert "create-oidc" not in text


def test_without_github_s_command_its_api_gives_the_number_and_variables_are_shown(mending_run):
    done, google = mending_run
    assert 'repository_id == "789"' in "\n".join(google.commands)
    provider = "projects/4711/locations/global/workloadIdentityPools/inkloop/providers/github"
    assert f"GCP_IDENTITY_PROVIDER={provider}\n" in done.stdout
    assert "by hand" in done.stdout


def test_an_account_that_is_not_yet_known_everywhere_is_waited_for(mending_run):
    assert mending_run[1].commands.count("sleep 10") == 2


def test_a_repository_that_github_does_not_know_is_refused(google):
    google.answer("gh auth", status=1)
    google.answer("curl", stderr="404", status=22)
    done = set_up(google)
    assert done.returncode == 1
    assert "GITHUB_REPOSITORY_ID" in done.stderr
    assert not changes(google.commands)


def test_a_refused_right_is_not_asked_for_again(all_there):
    all_there.answer("add-iam-policy-binding", stderr="PERMISSION_DENIED", status=1)
    done = set_up(all_there)
    assert done.returncode == 1
    assert "PERMISSION_DENIED" in done.stderr
    assert "sleep 10" not in all_there.commands


def test_an_organisation_that_forbids_a_public_service_is_told_of(all_there):
    all_there.answer("member=allUsers", stderr="not permitted customer", status=1)
    assert "iam.allowedPolicyMemberDomains" in set_up(all_there).stderr


@pytest.mark.parametrize(
    ("inputs", "advice"),
    [
        ({"GCP_PROJECT": ""}, "gcloud projects list"),
        ({"GCP_PROJECT": "My Project"}, "Received: 'My Project'"),
        ({"GCP_REGION": "Belgium"}, "europe-west1"),
        ({"GITHUB_REPOSITORY": "https://github.com/ada/inkloop"}, "OWNER/NAME"),
        ({"FEEDBACK_URL": ""}, "sheets://SPREADSHEET_ID?instances=3"),
        ({"FEEDBACK_URL": "sqlite:///instance/feedback.db"}, "PostgreSQL"),
        ({"FEEDBACK_URL": "sheets://abc"}, "?instances=3"),
        ({"FEEDBACK_URL": "sheets://abc?instances=5"}, "?instances=3"),
        ({"FEEDBACK_URL": "mysql://user:correct-horse@host/ink"}, "postgresql+psycopg://"),
    ],
)
def test_bad_input_is_refused_with_what_to_do_before_anything_is_asked(google, inputs, advice):
    done = set_up(google, **inputs)
    assert done.returncode == 1
    assert advice in done.stderr
    assert "correct-horse" not in done.stderr
    assert not google.calls


@pytest.mark.parametrize("arguments", [["--force"], ["--budget"], ["--budget", "-1"]])
def test_an_unknown_option_is_refused(google, arguments):
    assert set_up(google, *arguments).returncode == 1
    assert not google.calls


def test_who_is_not_logged_in_is_told_how(google):
    google.answer("gcloud auth list", "")
    assert "gcloud auth login" in set_up(google).stderr


def test_rights_are_those_that_the_document_lists(shown):
    granted = {
        (member.split("@")[0].rpartition(":")[2].rpartition("/")[2], role, on.split("@")[0])
        for command in shown
        for on, member, role in re.findall(r" add-iam-policy-binding (\S+) .*--member='?(\S+?)'? --role=(\S+)", command)
    }
    rows = re.findall(r"^\| `(\S+)` \| `(roles/\S+)` \| .*?`(\S+)` *\|", DOCUMENT.read_text(encoding="utf-8"), re.M)
    documented = {(who, role, INPUTS["GCP_PROJECT"] if on == "GCP_PROJECT" else on) for who, role, on in rows}
    assert len(granted) == 11
    assert documented == granted


def test_names_and_limits_are_those_that_a_release_uses(shown):
    text = "\n".join(shown)
    for secret in release.SECRETS.values():
        assert f"gcloud secrets create {secret} " in text
    assert f"gcloud run deploy {release.SERVICE} " in text
    [most] = [flag for flag in release.FLAGS if flag.startswith("--max-instances=")]
    assert most == f"--max-instances={INPUTS['FEEDBACK_URL'][-1]}"


def test_teardown_deletes_what_setup_made(all_there):
    all_there.answer(
        "gcloud projects get-iam-policy", "serviceAccount:inkloop-deploy@inkloop-471203.iam.gserviceaccount.com"
    )
    all_there.answer("gh variable list", "GCP_PROJECT\nGCP_REGION\nGCP_IDENTITY_PROVIDER\n")
    all_there.answer(f"^{POOLS} list", "inkloop\n")
    done = set_up(all_there, script=TEARDOWN, stdin="inkloop-471203\n")
    assert done.returncode == 0, done.stderr
    text = "\n".join(all_there.commands)
    for thing in (
        "run services delete inkloop", "artifacts repositories delete inkloop", "secrets delete inkloop-secret-key",
        "secrets delete inkloop-owner-token", "secrets delete inkloop-feedback-url",
        "workload-identity-pools delete inkloop", "service-accounts delete inkloop-run@",
        "service-accounts delete inkloop-deploy@", "service-accounts delete inkloop-retrain@",
        "remove-iam-policy-binding", "variable delete GCP_PROJECT", "variable delete GCP_REGION",
        "variable delete GCP_IDENTITY_PROVIDER", "environments/production", "environments/retraining",
    ):  # fmt: skip
        assert thing in text


def test_teardown_deletes_nothing_that_is_not_there(google):
    done = set_up(google, script=TEARDOWN, stdin="inkloop-471203\n")
    assert done.returncode == 0, done.stderr
    assert not re.search("delete|DELETE|remove", "\n".join(google.commands))


@pytest.mark.parametrize("said", ["", "yes\n"])
def test_teardown_asks_for_the_project_s_id_first(google, said):
    done = set_up(google, script=TEARDOWN, stdin=said)
    assert done.returncode == 1
    assert "nothing was deleted" in done.stderr
    assert not [command for command in google.commands if not command.startswith("gcloud auth")]
