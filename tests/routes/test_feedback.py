import base64
import io
import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from PIL import Image

from app import create_app, keeping
from app.feedback.database import ROOT
from app.feedback.store import ACCEPTED, NOT_A_CHARACTER, PENDING, SKIP, StoreUnavailable
from app.settings import SettingError
from tests.drawings import data_url, draw, encode


@pytest.fixture
def make_client(tmp_path):
    """Clients of apps with a store of their own."""
    apps = []

    def make_client(**config):
        usual = {
            "TESTING": True,
            "FEEDBACK_URL": f"sqlite:///{tmp_path}/feedback.db",
            "FEEDBACK_RATE": "999 per second",
        }
        apps.append(create_app(usual | config))
        return apps[-1].test_client()

    yield make_client
    for app in apps:
        keeping.close(app)


@pytest.fixture
def kept(app):
    """The record of an id in the store of the usual app, or None."""

    def kept(id: str):
        with app.app_context():
            return next((record for record in keeping.store().read() if record.id == id), None)

    return kept


def record(**fields) -> dict:
    """Feedback as a client sends it; a field that is None is left out."""
    usual = {
        "id": str(uuid4()),
        "image": data_url(draw("3")),
        "mode": "digit",
        "prediction": "8",
        "confidence": 0.5,
        "label": "3",
        "model_version": "20261120-163115",
        "consent": True,
    }
    return {name: value for name, value in (usual | fields).items() if value is not None}


def problem(response, status: int) -> str:
    """The detail of the problem that the response is."""
    assert (response.status_code, response.content_type) == (status, "application/problem+json"), response.text
    assert response.json["status"] == status
    assert len(response.json["detail"]) < 500
    return response.json["detail"]


def test_feedback_is_kept_with_everything_that_was_said(client, kept):
    began, browser = datetime.now(UTC), str(uuid4())
    sent = record(browser=browser, confidence=0.25, label="3", prediction="8")
    response = client.post("/api/feedback", json=sent)
    assert (response.status_code, response.json) == (201, {"id": sent["id"]})
    found = kept(sent["id"])
    assert began <= found.time <= datetime.now(UTC)
    assert (found.mode, found.prediction, found.confidence, found.label) == ("digit", "8", 0.25, "3")
    assert (found.model_version, found.browser, found.status) == ("20261120-163115", browser, ACCEPTED)


def test_picture_is_kept_small_and_grey(client, kept):
    picture = draw("3", size=1500, pen=90).convert("RGB")
    client.post("/api/feedback", json=(sent := record(image=data_url(encode(picture, "JPEG")))))
    image = Image.open(io.BytesIO(base64.b64decode(kept(sent["id"]).image.partition(",")[2])), formats=["PNG"])
    assert image.mode == "L"
    assert max(image.size) == 280


def test_the_same_id_again_is_answered_200_and_stored_once(client, kept):
    sent = record()
    assert client.post("/api/feedback", json=sent).status_code == 201
    for again in (sent, sent | {"label": "5"}, sent | {"id": sent["id"].upper()}):
        response = client.post("/api/feedback", json=again)
        assert (response.status_code, response.json) == (200, {"id": sent["id"]})
    assert kept(sent["id"]).label == "3"


def test_deleted_feedback_is_gone_and_deleting_again_is_no_error(client, kept):
    client.post("/api/feedback", json=(sent := record()))
    for _ in range(2):
        response = client.delete(f"/api/feedback/{sent['id']}")
        assert (response.status_code, response.data) == (204, b"")
    assert kept(sent["id"]) is None


@pytest.mark.parametrize("id", ["3", "' OR 1=1 --", "11111111", "x" * 5000])
def test_deleting_what_is_no_id_is_404(client, id):
    assert problem(client.delete(f"/api/feedback/{id}"), 404)


@pytest.mark.parametrize("label", [NOT_A_CHARACTER, SKIP])
def test_answers_that_are_no_label_are_kept_too(client, kept, label):
    client.post("/api/feedback", json=(sent := record(label=label, prediction="3")))
    assert (kept(sent["id"]).label, kept(sent["id"]).status) == (label, ACCEPTED)


@pytest.mark.parametrize(("mode", "label"), [("digit", "0"), ("character", "a"), ("character", "A"), ("any", "z")])
def test_every_label_of_the_mode_is_taken(client, kept, mode, label):
    client.post("/api/feedback", json=(sent := record(mode=mode, label=label, prediction=label)))
    assert kept(sent["id"]).label == label


@pytest.mark.parametrize(
    ("claimed", "label", "status"),
    [("8", "5", PENDING), ("3", "5", PENDING), ("8", "3", ACCEPTED), ("3", "3", ACCEPTED)],
)
def test_correction_is_quarantined_by_what_the_served_model_reads_whatever_was_claimed(
    client, kept, claimed, label, status
):
    client.post("/api/feedback", json=(sent := record(prediction=claimed, label=label, confidence=0.1)))
    assert (kept(sent["id"]).status, kept(sent["id"]).prediction) == (status, claimed)


def test_quarantine_begins_where_the_setting_says(make_client):
    client = make_client(QUARANTINE_PERCENT=101)
    client.post("/api/feedback", json=record(label="5"))
    with client.application.app_context():
        assert [found.status for found in keeping.store().read()] == [ACCEPTED]


@pytest.mark.parametrize(
    "field", ["id", "image", "mode", "prediction", "confidence", "label", "model_version", "consent"]
)
def test_missing_field_is_named(client, field):
    assert f"{field}: Missing" in problem(client.post("/api/feedback", json=record(**{field: None})), 400)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "3"),
        ("id", 3),
        ("id", "../../etc/passwd"),
        ("id", ["a"]),
        ("mode", "digits"),
        ("mode", ["digit"]),
        ("prediction", "a"),
        ("prediction", NOT_A_CHARACTER),
        ("prediction", "33"),
        ("prediction", 3),
        ("label", "a"),
        ("label", ""),
        ("label", " 3"),
        ("label", "３"),
        ("label", '=IMPORTXML("http://example.org","//a")'),
        ("label", "@SUM(1)"),
        ("label", "x" * 10_000),
        ("label", "\0"),
        ("label", "\ud800"),
        ("label", {"3": 1}),
        ("confidence", -0.1),
        ("confidence", 1.1),
        ("confidence", "high"),
        ("confidence", True),
        ("confidence", "nan"),
        ("confidence", 1e400),
        ("confidence", 10**400),
        ("model_version", ""),
        ("model_version", "=1+1"),
        ("model_version", "-1"),
        ("model_version", "v1\n"),
        ("model_version", "v 1"),
        ("model_version", "v" * 65),
        ("consent", False),
        ("consent", "true"),
        ("consent", 1),
        ("consent", [True]),
        ("browser", "mine"),
        ("browser", "synthetic"),
        ("image", 3),
        ("time", "2026-01-01"),
        ("status", "accepted"),
    ],
)
def test_field_that_is_wrong_is_named_and_nothing_is_kept(client, kept, field, value):
    sent = record() | {field: value}
    response = client.post("/api/feedback", data=json.dumps(sent), content_type="application/json")
    detail = problem(response, 400)
    assert detail.startswith(f"{field}: ")
    assert kept(sent["id"]) is None


@pytest.mark.parametrize(
    ("image", "status"),
    [
        ("", 400),
        ("=1+1", 400),
        (data_url(encode(draw("3"))[:500]), 400),
        (data_url(b"%PDF-1.7"), 415),
        (data_url(bytes(5_000_001)), 413),
        (data_url(Image.new("L", (280, 280), 255)), 422),
        (data_url(Image.new("RGBA", (280, 280))), 422),
    ],
)
def test_picture_that_cannot_be_read_is_refused_as_when_it_is_read(client, kept, image, status):
    sent = record(image=image)
    assert problem(client.post("/api/feedback", json=sent), status)
    assert problem(client.post("/api/predict", json={"image": image, "mode": "digit"}), status)
    assert kept(sent["id"]) is None


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_other_sites_forms_are_refused(client, content_type):
    response = client.post("/api/feedback", data=json.dumps(record()), content_type=content_type)
    assert problem(response, 415).startswith("Send application/json. Received:")


@pytest.mark.parametrize("body", ["{", "[]", "[" * 100_000, '{"consent": ' + "[" * 900 + "]" * 900 + "}"])
def test_malformed_json_is_refused(client, body):
    assert problem(client.post("/api/feedback", data=body, content_type="application/json"), 400)


@pytest.mark.parametrize("url", ["postgresql+psycopg://a:secret@127.0.0.1:1/b", "sqlite:////dev/null/feedback.db"])
def test_store_that_cannot_be_reached_is_503_and_prediction_goes_on(make_client, three, url):
    client = make_client(FEEDBACK_URL=url)
    for response in (client.post("/api/feedback", json=record()), client.delete(f"/api/feedback/{uuid4()}")):
        assert "with the same id" in problem(response, 503)
        assert "secret" not in response.text
        assert int(response.headers["Retry-After"]) > 0
    assert client.post("/api/predict", json={"image": three, "mode": "digit"}).status_code == 200
    assert client.get("/health/ready").status_code == 200


def test_store_that_comes_back_takes_what_it_refused(make_client, tmp_path):
    (tmp_path / "later").write_text("in the way of the folder")
    client, sent = make_client(FEEDBACK_URL=f"sqlite:///{tmp_path}/later/feedback.db"), record()
    assert client.post("/api/feedback", json=sent).status_code == 503
    (tmp_path / "later").unlink()
    assert client.post("/api/feedback", json=sent).status_code == 201


def test_store_that_cannot_even_be_opened_is_503_until_it_can(make_client, monkeypatch):
    client = make_client()

    def fail(url):
        raise StoreUnavailable("No credentials.", 30)

    with monkeypatch.context() as patch:
        patch.setattr(keeping, "open_store", fail)
        response = client.post("/api/feedback", json=record())
        assert problem(response, 503)
        assert response.headers["Retry-After"] == "30"
    assert client.post("/api/feedback", json=record()).status_code == 201


def test_models_that_did_not_load_answer_503(unloaded_client):
    assert "models did not load" in problem(unloaded_client.post("/api/feedback", json=record()), 503)


def test_address_that_sends_too_much_is_told_when_to_go_on(make_client, monkeypatch):
    client, sent, clock = make_client(FEEDBACK_RATE="2 per minute"), record(), time.time
    assert [client.post("/api/feedback", json=sent).status_code for _ in range(2)] == [201, 200]
    response = client.post("/api/feedback", json=sent)
    assert "At most 2 per 1 minute" in problem(response, 429)
    wait = int(response.headers["Retry-After"])
    assert 50 < wait <= 60
    assert client.post("/api/feedback", json=sent, environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 200
    assert client.delete(f"/api/feedback/{sent['id']}").status_code == 204
    monkeypatch.setattr(time, "time", lambda: clock() + wait)
    assert client.post("/api/feedback", json=sent).status_code == 201


def test_reading_pictures_has_no_rate(make_client, three):
    client = make_client(FEEDBACK_RATE="1 per minute")
    assert {client.post("/api/predict", json={"image": three, "mode": "digit"}).status_code for _ in range(3)} == {200}


@pytest.mark.parametrize("rate", ["60", "often", "60 per year or so", "-1 per minute"])
def test_rate_that_is_none_is_refused_at_the_start(make_client, rate):
    with pytest.raises(SettingError, match="FEEDBACK_RATE must be like '60 per minute'"):
        make_client(FEEDBACK_RATE=rate)


def test_store_that_is_none_is_refused_at_the_start(make_client):
    with pytest.raises(SettingError, match="FEEDBACK_URL must be like"):
        make_client(FEEDBACK_URL="mysql://a@b/c")


def test_store_is_not_opened_before_feedback_comes(make_client, three, tmp_path):
    client = make_client()
    client.post("/api/predict", json={"image": three, "mode": "digit"})
    assert not (tmp_path / "feedback.db").exists()
    client.post("/api/feedback", json=record())
    assert (tmp_path / "feedback.db").exists()


def test_store_is_closed_when_the_process_ends():
    script = """
from app import create_app
class Store:
    def close(self):
        print("closed")
create_app().extensions["feedback"].opened = Store()
"""
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (0, "closed\n"), ended.stderr
