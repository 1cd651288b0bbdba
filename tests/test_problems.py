import pytest

from app import create_app

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture
def failing_client(app, monkeypatch):
    """A client of an app in which GET /health/ready and / fail as only a bug does."""
    app = create_app()
    for endpoint in ("health.ready", "index.show"):
        app.view_functions[endpoint] = lambda: 1 / 0
    return app.test_client()


@pytest.mark.parametrize(
    ("method", "path", "status", "title"),
    [
        ("GET", "/no-such-page", 404, "Not Found"),
        ("GET", "/api/no-such-thing", 404, "Not Found"),
        ("GET", "/static/no-such-file.js", 404, "Not Found"),
        ("GET", "/api/predict", 405, "Method Not Allowed"),
        ("DELETE", "/", 405, "Method Not Allowed"),
    ],
)
def test_every_http_error_is_a_problem(client, method, path, status, title):
    response = client.open(path, method=method)
    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    assert response.json == {"type": "about:blank", "title": title, "status": status, "detail": response.json["detail"]}
    assert response.json["detail"]


def test_headers_of_an_error_are_kept(client):
    assert "POST" in client.get("/api/predict").headers["Allow"]


@pytest.mark.parametrize("path", ["/health/ready", "/"])
def test_bug_is_answered_without_what_it_was(failing_client, caplog, path):
    response = failing_client.get(path)
    assert (response.status_code, response.content_type) == (500, "application/problem+json")
    assert "Traceback" not in response.text
    assert "division" not in response.text
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(("path", "status"), [("/no-such-page", 404), ("/", 500)])
def test_browser_gets_a_page(failing_client, path, status):
    response = failing_client.get(path, headers=BROWSER)
    assert (response.status_code, response.mimetype) == (status, "text/html")
    assert "Traceback" not in response.text
    assert 'href="/"' in response.text


def test_api_answers_a_browser_too_with_a_problem(client):
    assert client.get("/api/no-such-thing", headers=BROWSER).content_type == "application/problem+json"


def test_what_was_received_is_no_markup_in_a_page(client):
    page = client.get("/<script>alert(1)</script>", headers=BROWSER)
    assert page.status_code == 404
    assert "<script>alert" not in page.text
