import pytest

from app import create_app
from app.settings import SettingError

ORIGIN = "https://app.example.org"
NONE = ["*", "null", "app.example.org", f"{ORIGIN}/", f"{ORIGIN}:443", "http://a:80", "ftp://a", "https://a:b"]
NONE += ["https://App.example.org", "https://user@a", "https://*.example.org", f"{ORIGIN} b"]
OTHERS = ["https://app.example.org.evil.example", "http://app.example.org", "https://app.example.org:444", "null", None]


@pytest.fixture(scope="module")
def sharing(app):
    """A client of an app whose API two origins may use."""
    return create_app({"TESTING": True, "CORS_ORIGINS": f"http://localhost:3000, {ORIGIN}"}).test_client()


def headers_for(client, origin: str | None, path="/api/model", method="GET"):
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"} if origin else {}
    with client.open(path, method=method, headers=headers) as answer:
        return answer.headers


def test_nobody_else_may_use_the_api_unless_the_setting_says_so(client):
    for method in ("GET", "OPTIONS"):
        assert not [name for name, _ in headers_for(client, ORIGIN, method=method) if name.startswith("Access-Control")]


@pytest.mark.parametrize("origin", [ORIGIN, "http://localhost:3000"])
def test_an_allowed_origin_is_told_so_with_every_answer_of_the_api_and_never_given_cookies(sharing, origin):
    for path in ("/api/model", "/api/predict", "/api/no-such-thing"):  # 200, 405, 404
        answer = headers_for(sharing, origin, path)
        assert answer["Access-Control-Allow-Origin"] == origin
        assert {"Retry-After", "X-Request-ID"} == set(answer["Access-Control-Expose-Headers"].split(", "))
        assert "Access-Control-Allow-Credentials" not in answer
        assert "Origin" in answer["Vary"]


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/api/predict", "POST"),
        ("/api/feedback", "POST"),
        ("/api/feedback/7c3f2f7e-6f0e-4d7c-9c50-54f4a3d1a6f1", "DELETE"),
    ],
)
def test_a_browser_may_ask_first_what_it_may_send(sharing, path, method):
    answer = headers_for(sharing, ORIGIN, path, "OPTIONS")
    assert method in answer["Access-Control-Allow-Methods"].split(", ")
    assert {"Content-Type", "Authorization"} <= set(answer["Access-Control-Allow-Headers"].split(", "))


@pytest.mark.parametrize("origin", OTHERS)
def test_no_other_origin_is_allowed_and_caches_are_told_that_it_depends(sharing, origin):
    for method in ("GET", "OPTIONS"):
        answer = headers_for(sharing, origin, method=method)
        assert not [name for name, _ in answer if name.startswith("Access-Control")]
        assert "Origin" in answer["Vary"]


@pytest.mark.parametrize("path", ["/", "/health/live", "/static/style.css"])
def test_nothing_but_the_api_is_shared(sharing, path):
    assert "Access-Control-Allow-Origin" not in headers_for(sharing, ORIGIN, path)


@pytest.mark.parametrize("origin", NONE)
def test_what_no_browser_sends_as_its_origin_is_refused_at_the_start(origin):
    with pytest.raises(SettingError, match="CORS_ORIGINS must be origins such as"):
        create_app({"CORS_ORIGINS": origin, "MODELS_DIR": "none"})
