import re
import threading
from html import unescape
from types import SimpleNamespace

import pytest
from jsonschema import Draft202012Validator

from app import create_app, keeping, rates, serving
from app.feedback import summary_reader
from app.feedback.store import PENDING, StoreUnavailable
from app.feedback.summary import KINDS
from app.feedback.summary_reader import SummaryReader
from app.settings import SettingError
from tests.feedback.conftest import made
from tests.models import change_card, copy_shipped
from tests.owners_app import KEPT, NOW, PROMOTED, TOKEN, add_feedback, earlier, leave_report, owners_app
from tests.routes.test_pages import Links, size

HTML = {"Accept": "text/html"}
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(autouse=True)
def no_wrong_tokens_yet(app):
    rates.limiter.reset()
    yield
    rates.limiter.reset()


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """An app with feedback and reports, read alone by these tests."""
    with owners_app(tmp_path_factory.mktemp("full")) as app:
        add_feedback(app)
        leave_report(app, PROMOTED, earlier(days=1))
        leave_report(app, KEPT, NOW)
        yield app


@pytest.fixture
def owned(tmp_path):
    """An empty app of a test's own."""
    with owners_app(tmp_path) as app:
        yield app


def log_in(app, token: str = TOKEN, **options):
    """A client that has asked to be let in, and the answer."""
    client = app.test_client()
    return client, client.post("/status", data={"token": token}, headers=HTML, **options)


def text(app) -> str:
    """What the page says to its owner, without its markup."""
    client, _ = log_in(app)
    answer = client.get("/status", headers=HTML)
    assert answer.status_code == 200
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.text)))


def of_scripts(app) -> dict:
    answer = app.test_client().get("/api/status", headers=BEARER)
    assert answer.status_code == 200
    return answer.json


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/status", "/status/log-out", "/api/status"])
def test_without_a_token_set_there_is_no_such_page(tmp_path, method, path):
    with owners_app(tmp_path, OWNER_TOKEN="") as app:
        answers = [
            app.test_client().open(address, method=method, data={"token": ""}, headers=BEARER | HTML)
            for address in (path, path.replace("status", "nothing"))
        ]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].data == answers[1].data
        assert "/api/status" not in app.test_client().get("/api/openapi.json").json["paths"]


@pytest.mark.parametrize("token", ["x" * 15, "a token with spaces in it", "ein-schlüssel-aus-köln"])
def test_token_that_can_be_guessed_or_not_be_sent_is_refused_at_the_start(token):
    with pytest.raises(SettingError, match="OWNER_TOKEN must") as error:
        create_app({"OWNER_TOKEN": token})
    assert token not in str(error.value)


def test_key_that_can_be_guessed_is_refused_at_the_start():
    with pytest.raises(SettingError, match="SECRET_KEY must have at least 16 characters"):
        create_app({"SECRET_KEY": "short"})


def test_page_asks_for_the_token_and_says_nothing_before(full):
    page = full.test_client().get("/status", headers=HTML)
    assert page.status_code == 200
    assert 'type="password"' in page.text
    assert "Pending" not in page.text
    assert "sqlite" not in page.text


def test_whoever_gives_the_token_once_is_let_in_until_they_log_out(full):
    client, answer = log_in(full)
    assert (answer.status_code, answer.location) == (303, "/status")
    for _ in range(2):
        assert "Feedback by day" in client.get("/status").text
    assert client.post("/status/log-out").status_code == 303
    assert "Feedback by day" not in client.get("/status").text


@pytest.mark.parametrize("token", ["", "x", TOKEN[:-1], f"{TOKEN} ", "schlüssel\udcff".encode("utf-8", "replace")])
def test_wrong_token_is_refused_in_the_form(full, token):
    client, answer = log_in(full, token)
    assert answer.status_code == 403
    assert "That is not the token" in answer.text
    assert "Set-Cookie" not in answer.headers
    assert "Feedback by day" not in client.get("/status").text


def test_cookie_is_for_this_page_alone_and_no_script_or_other_site_gets_it(full):
    _, answer = log_in(full)
    cookie = answer.headers["Set-Cookie"]
    for part in ("owner=", "HttpOnly", "Path=/status", "SameSite=Strict"):
        assert part in cookie
    assert "Secure" not in cookie
    assert TOKEN not in cookie


@pytest.mark.parametrize(
    "options",
    [{"base_url": "https://localhost"}, {"environ_overrides": {"HTTP_X_FORWARDED_PROTO": "https"}}],
    ids=["itself", "by a proxy"],
)
def test_cookie_is_sent_over_tls_alone_where_there_is_tls(full, options):
    _, answer = log_in(full, **options)
    assert "Secure" in answer.headers["Set-Cookie"]


def test_cookie_that_was_made_up_or_is_of_another_key_or_token_lets_nobody_in(full, tmp_path):
    _, answer = log_in(full)
    value = answer.headers["Set-Cookie"].split(";")[0].removeprefix("owner=")
    key = full.config["SECRET_KEY"]
    others = [{"SECRET_KEY": key, "OWNER_TOKEN": "another-token-of-tests"}, {"SECRET_KEY": "another key of tests"}]
    for other, config in enumerate(others):
        (tmp_path / f"{other}").mkdir()
        with owners_app(tmp_path / f"{other}", **config) as app:
            client = app.test_client()
            client.set_cookie("owner", value, path="/status")
            assert 'type="password"' in client.get("/status").text
    other_signature = value[:-9] + ("x" if value[-9] != "x" else "y") + value[-8:]
    for made_up in (other_signature, "e30.x.y", "\u00ff"):
        client = full.test_client()
        client.set_cookie("owner", made_up, path="/status")
        assert 'type="password"' in client.get("/status").text


def test_processes_that_share_a_key_let_the_same_browser_in(full, tmp_path):
    with owners_app(tmp_path, SECRET_KEY=full.config["SECRET_KEY"]) as other:
        _, answer = log_in(full)
        there = other.test_client()
        there.set_cookie("owner", answer.headers["Set-Cookie"].split(";")[0].removeprefix("owner="), path="/status")
        assert "Feedback by day" in there.get("/status").text


def test_scripts_send_the_token_with_each_request(full):
    client = full.test_client()
    wrong = [{}, {"Authorization": "Bearer x"}, {"Authorization": f"Basic {TOKEN}"}, {"Authorization": "Bearer"}]
    for headers in wrong:
        answer = client.get("/api/status", headers=headers)
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert client.get("/api/status", headers=BEARER).status_code == 200


def test_wrong_tokens_are_refused_more_and_more_but_right_ones_are_not_counted(full):
    client = full.test_client()
    for _ in range(15):
        assert client.get("/api/status", headers=BEARER).status_code == 200
    for _ in range(5):
        assert log_in(full, "wrong")[1].status_code == 403
        assert client.get("/api/status", headers={"Authorization": "Bearer wrong"}).status_code == 401
    for answer in (log_in(full)[1], client.get("/api/status", headers=BEARER)):
        assert answer.status_code == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 60
    elsewhere = {"environ_overrides": {"REMOTE_ADDR": "192.0.2.1"}}
    assert log_in(full, **elsewhere)[1].status_code == 303


def test_an_owner_who_is_logged_in_does_not_suffer_from_wrong_tokens(full):
    client, _ = log_in(full)
    for _ in range(11):
        log_in(full, "wrong")
    assert client.get("/status").status_code == 200


def test_tokens_are_never_logged(full, caplog, capfd):
    caplog.set_level(0)
    for token in (TOKEN, "a-wrong-token-of-somebody"):
        log_in(full, token)
        full.test_client().get("/api/status", headers={"Authorization": f"Bearer {token}"})
    said = caplog.text + "".join(capfd.readouterr())
    assert TOKEN not in said
    assert "a-wrong-token-of-somebody" not in said


def test_nothing_of_it_is_stored_on_the_way(full):
    client, answer = log_in(full)
    for found in (answer, client.get("/status"), client.get("/api/status", headers=BEARER), client.get("/api/status")):
        assert found.headers["Cache-Control"] == "no-store"


def test_page_is_not_in_the_navigation(full):
    assert "/status" not in full.test_client().get("/").text


def test_page_and_api_count_what_people_said_today(full):
    found = of_scripts(full)["feedback"]["summary"]
    days = {day["date"]: day["counts"] for day in found["days"]}
    expected = {"right": 3, "wrong": 2, "not a character": 1, "skip": 1, "pending": 1, "rejected": 1}
    assert days[str(NOW.date())] == expected
    assert (found["records"], found["synthetic"], found["pending"]) == (9, 1, 1)
    assert found["oldest_pending"] == NOW.isoformat()
    page = text(full)
    assert "9 records in the last 30 days, 9 in all, and 1 synthetic ones" in page
    assert "1 record waits for a second opinion, the oldest since" in page
    assert "python -m app.feedback pending" in page


def test_chart_has_a_bar_for_every_kind_of_each_day_in_proportion(full):
    client, _ = log_in(full)
    chart = client.get("/status").text.split('<figure class="days">')[1].split("</svg>")[0]
    bars = re.findall(r'<rect class="k-([\w-]+)" x="(\d+)" y="([\d.]+)" width="8" height="([\d.]+)"', chart)
    assert [kind.replace("-", " ") for kind, *_ in bars] == list(KINDS)
    assert len({x for _, x, _, _ in bars}) == 1
    heights = [float(height) for *_, height in bars]
    assert heights == pytest.approx([100 * count / 9 for count in (3, 2, 1, 1, 1, 1)], abs=0.01)
    tops = [float(top) for _, _, top, _ in bars]
    assert tops == pytest.approx([100 - sum(heights[: place + 1]) for place in range(6)], abs=0.05)


def test_agreement_is_shown_by_model_and_version(full):
    found = {
        (one["mode"], one["version"]): one["share"] for one in of_scripts(full)["feedback"]["summary"]["agreement"]
    }
    assert found == {("digit", "v1"): 0.75, ("any", "v2"): 0}
    page = text(full)
    assert "digit v1 75.0 % 30–95 % 3 1 1 1 1 1" in page
    assert "any v2 0.0 % 0–79 % 0 1 0 0 0 0" in page


def test_versions_are_shown_with_the_figures_of_their_cards(full, recognizer):
    page = text(full)
    for mode, card in recognizer.cards.items():
        assert f"{card['version']} serves" in page
        for name, test in card["tests"].items():
            assert f"{name}: {100 * test['accuracy']:.2f} % of {test['n']:,}" in page
        found = next(one for one in of_scripts(full)["models"] if one["mode"] == mode)
        assert (found["serves"], found["problem"]) == (card["version"], None)
        assert found["versions"][0]["tests"].keys() == card["tests"].keys()


def test_last_retraining_is_shown_with_its_decision_and_reasons_and_time(full):
    page = text(full)
    assert "digit promoted" in page
    assert f"{earlier(days=1):%H:%M} UTC : version 20260202-000000 replaced 20260101-000000." in page
    assert "character kept" in page
    assert "version 20260101-000000 went on serving. Too little to learn from: <3> drawings held out." in page
    assert "There is no report. python -m app.retrain_model any" in page
    found = {one["mode"]: one["last"] for one in of_scripts(full)["retrainings"]}
    assert found["digit"]["reasons"] == PROMOTED["decision"]["reasons"]
    assert found["any"] is None


def test_dry_run_is_not_taken_for_a_promotion(owned):
    leave_report(owned, PROMOTED | {"dry_run": True})
    page = text(owned)
    assert "promoted, dry run" in page
    assert "would have replaced" in page


def test_report_that_cannot_be_read_is_a_line_on_the_page(owned):
    leave_report(owned, "{")
    assert "report.json cannot be read" in text(owned)
    assert "report.json cannot be read" in of_scripts(owned)["retrainings"][0]["last"]["problem"]


def test_what_strangers_wrote_is_text_not_markup(owned):
    add_feedback(owned, [made(model_version="<script>alert(1)</script>"), made(model_version="{{ 7 * 7 }}")])
    leave_report(owned, PROMOTED | {"champion": "<b>c</b>", "decision": {"promoted": True, "reasons": ["<i>r</i>"]}})
    client, _ = log_in(owned)
    page = client.get("/status").text
    assert "&lt;script&gt;alert(1)" in page
    for markup in ("<script>alert", "<b>c</b>", "<i>r</i>", " 49 "):
        assert markup not in page


@pytest.fixture
def broken(owned, monkeypatch):
    """An app whose store can be reached no more; `mend` and `clock` change that."""
    seconds = [1000.0]
    monkeypatch.setattr(summary_reader, "monotonic", lambda: seconds[0])

    def refuse():
        raise StoreUnavailable("The <feedback> store cannot be reached.", 5)

    with monkeypatch.context() as gone:
        gone.setattr(keeping, "store", refuse)
        yield SimpleNamespace(app=owned, mend=gone.undo, seconds=seconds)


def test_store_that_cannot_be_reached_does_not_break_the_page(broken):
    page = text(broken.app)
    assert "The sqlite store cannot be read: The <feedback> store cannot be reached." in page
    assert "Last retraining" in page
    assert "Feedback by day" not in page
    found = of_scripts(broken.app)["feedback"]
    assert found == {"summary": None, "problem": "The <feedback> store cannot be reached.", "reading": False}
    broken.mend()
    broken.seconds[0] += 10
    assert "Feedback by day" in text(broken.app)


def test_what_was_known_stays_on_the_page_while_the_store_is_away(owned, monkeypatch):
    seconds = [1000.0]
    monkeypatch.setattr(summary_reader, "monotonic", lambda: seconds[0])
    add_feedback(owned)
    assert "Feedback by day" in text(owned)

    def refuse():
        raise StoreUnavailable("It is away.", 5)

    monkeypatch.setattr(keeping, "store", refuse)
    seconds[0] += 60
    page = text(owned)
    assert "cannot be read: It is away. What follows was read at" in page
    assert "9 records in the last 30 days" in page


def test_page_does_not_wait_for_a_store_that_is_slow(owned):
    gate = threading.Event()

    def slow():
        gate.wait(30)
        raise StoreUnavailable("Too late.", 5)

    owned.extensions["feedback_summary"] = SummaryReader(slow, patience=0.01)
    page = text(owned)
    gate.set()
    assert "The sqlite store is still being read. Look again in a while." in page
    assert "Last retraining" in page


def test_feedback_is_not_read_again_within_a_minute(owned, monkeypatch):
    seconds = [1000.0]
    monkeypatch.setattr(summary_reader, "monotonic", lambda: seconds[0])
    assert of_scripts(owned)["feedback"]["summary"]["pending"] == 0
    add_feedback(owned, [made(status=PENDING)])
    assert of_scripts(owned)["feedback"]["summary"]["pending"] == 0
    seconds[0] += 60
    assert of_scripts(owned)["feedback"]["summary"]["pending"] == 1


def test_page_says_what_a_reading_of_google_sheets_costs(owned, monkeypatch):
    assert "Google Sheets" not in text(owned)
    monkeypatch.setitem(owned.config, "FEEDBACK_URL", "sheets://abc")
    assert "seven or more of the 60 read calls" in text(owned)


def test_models_that_do_not_load_do_not_break_the_page(tmp_path):
    with owners_app(tmp_path, MODELS_DIR=str(tmp_path)) as app:
        page = text(app)
        assert page.count("No version serves") == 3
        assert page.count("cannot be read: No such file or directory") == 3
        assert {one["serves"] for one in of_scripts(app)["models"]} == {None}


def test_version_that_should_serve_and_does_not_is_said_and_what_it_replaced_too(tmp_path):
    models = copy_shipped(tmp_path / "models")
    with owners_app(tmp_path, MODELS_DIR=str(models)) as app:
        current = models / "digit" / "current"
        serves = current.read_text().split()[0]
        current.write_text(f"../../etc\n{serves}\nlong-gone\n")
        page = text(app)
        assert f"Version {serves} still serves here, though ../../etc should." in page
        assert page.count("There is no card of it any more.") == 2
        serving.close(app)


def test_card_of_another_form_is_left_out(tmp_path):
    models = copy_shipped(tmp_path / "models")
    with owners_app(tmp_path, MODELS_DIR=str(models)) as app:
        for folder in (models / "digit").iterdir():
            if folder.is_dir():
                change_card(folder, tests={"t": {"accuracy": "much"}})
        assert text(app).count("There is no card of it any more.") == 1


def test_answers_are_as_described(full, owned, app):
    client = app.test_client()
    description = client.get("/api/openapi.json").json
    operation = description["paths"]["/api/status"]["get"]
    assert operation["security"] == [{"ownerToken": []}]
    assert description["components"]["securitySchemes"]["ownerToken"]["scheme"] == "bearer"
    for answer in (
        full.test_client().get("/api/status", headers=BEARER),
        owned.test_client().get("/api/status", headers=BEARER),
        owned.test_client().get("/api/status"),
    ):
        schema = operation["responses"][str(answer.status_code)]["content"][answer.mimetype]["schema"]
        Draft202012Validator(schema | {"components": description["components"]}).validate(answer.json)


def test_page_is_small_and_has_nothing_inline(full):
    client, _ = log_in(full)
    for page in (client.get("/status"), full.test_client().get("/status")):
        links = Links(page.text)
        assert links.inline == []
        assert all(address.startswith("/static/") for address in links.loads)
        assert len(page.data) + sum(size(client, address) for address in set(links.loads)) < 100_000
