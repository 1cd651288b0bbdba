import re

import pytest

from app import create_app

PATHS = ["/", "/status", "/no-such-page", "/static/style.css", "/api/openapi.json", "/api/predict", "/health/live"]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_tells_the_browser_to_load_nothing_from_elsewhere_and_to_be_framed_nowhere(client, path):
    with client.get(path) as answer:
        policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert not re.search(r"unsafe|\*|https?:", answer.headers["Content-Security-Policy"])
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "camera=()" in answer.headers["Permissions-Policy"]


@pytest.mark.parametrize(
    ("proxies", "sent", "lasts"),
    [(0, "https", False), (1, "https", True), (1, "http", False), (1, "https, http", False), (2, "https", True)],
)
def test_tls_is_demanded_for_a_year_only_where_a_trusted_proxy_says_that_there_is_tls(proxies, sent, lasts):
    client = create_app({"TRUSTED_PROXIES": proxies, "MODELS_DIR": "none"}).test_client()
    answer = client.get("/health/live", headers={"X-Forwarded-Proto": sent})
    assert answer.headers.get("Strict-Transport-Security") == ("max-age=31536000" if lasts else None)
