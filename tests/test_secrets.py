"""What only whoever runs the server may know is in no answer and in no line of its log, also where everything fails."""

import http.client
import json
import socket
from uuid import uuid4

import pytest

from benchmarks.servers import free_port
from tests.server import shipped

pytestmark = pytest.mark.thorough

OWNER_TOKEN, METRICS_TOKEN = "sesame-of-the-owner", "sesame-of-the-metrics"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


@pytest.fixture
def silent_port():
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.fixture(params=["PostgreSQL", "Google Sheets"])
def failing_stores(request, tmp_path) -> dict[str, str]:
    """Settings of stores none of which can be reached, with a password or key each."""
    game = f"postgresql+psycopg://game:sesame-of-the-game@127.0.0.1:{free_port()}/inkloop"
    if request.param == "PostgreSQL":
        return {"GAME_URL": game, "FEEDBACK_URL": game.replace("game", "feedback")}
    key = {"type": "service_account", "client_email": "a@b.example", "token_uri": "https://c.invalid/token"}
    key |= {
        "private_key_id": "sesame-id",
        "private_key": "-----BEGIN PRIVATE KEY-----\nsesame\n-----END PRIVATE KEY-----\n",
    }
    (tmp_path / "key.json").write_text(json.dumps(key))
    return {
        "GAME_URL": game,
        "FEEDBACK_URL": "sheets://a-spreadsheet",
        "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "key.json"),
    }


def test_no_secret_is_logged_or_answered_while_every_store_fails(failing_stores, silent_port, three):
    settings = {"OWNER_TOKEN": OWNER_TOKEN, "METRICS_TOKEN": METRICS_TOKEN, "SECRET_KEY": "sesame-that-signs"}
    settings |= failing_stores
    settings["RATE_STORE_URL"] = f"redis://:sesame-of-the-rates@127.0.0.1:{silent_port}/0"
    feedback = {"id": str(uuid4()), "image": three, "mode": "digit", "prediction": "3", "confidence": 1, "label": "3"}
    feedback |= {"model_version": "v1", "consent": True}
    asked = [
        ("POST", "/api/feedback", JSON, json.dumps(feedback), 503),
        ("DELETE", f"/api/feedback/{uuid4()}", None, None, 503),
        ("GET", "/api/game/scores/digit", None, None, 503),
        ("POST", "/status", FORM, f"token={OWNER_TOKEN}", 303),
        ("POST", "/status", FORM, f"token={OWNER_TOKEN}x", 403),
        ("POST", "/api/predict", JSON, "{", 400),
        *(("GET", path, None, None, 200) for path in ("/api/status", "/health/live", "/health/ready", "/metrics")),
    ]
    said = []
    with shipped(**settings) as server:
        for method, path, kind, body, status in asked:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            token = METRICS_TOKEN if path == "/metrics" else OWNER_TOKEN
            headers = {"Authorization": f"Bearer {token}"} | ({"Content-Type": kind} if kind else {})
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            assert (path, answer.status) == (path, status)
            said.append(f"{answer.headers}{answer.read().decode()}")
            connection.close()
        log = server.log()
    assert "store" in log
    assert "sesame" not in "".join(said) + log
