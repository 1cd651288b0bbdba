import pytest

from app import create_app

OTHER = "https://other.example"
ALLOWED = "https://app.example.org"


@pytest.fixture(scope="module")
def sharing(app):
    """A client of an app whose API a page of ALLOWED may use."""
    return create_app({"TESTING": True, "CORS_ORIGINS": ALLOWED, "OWNER_TOKEN": "t" * 16}).test_client()


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, False),
        ({"Sec-Fetch-Site": "what is to come"}, False),
        ({"Origin": "http://localhost"}, True),
        ({"Origin": "http://localhost:81"}, False),
        ({"Origin": "http://localhost.other.example"}, False),
        ({"Origin": OTHER}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "localhost"}, False),
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/api/predict"), ("DELETE", "/api/feedback/1"), ("POST", "/")])
def test_what_changes_something_is_refused_where_a_browser_says_that_another_site_asks(
    client, method, path, headers, passes
):
    answer = client.open(path, method=method, headers=headers)
    assert (answer.status_code != 403) == passes
    if not passes:
        assert answer.content_type == "application/problem+json"
        assert "CORS_ORIGINS" in answer.json["detail"]


@pytest.mark.parametrize("path", ["/", "/api/model", "/health/live"])
def test_links_from_other_sites_are_followed(client, path):
    assert client.get(path, headers={"Sec-Fetch-Site": "cross-site", "Origin": OTHER}).status_code == 200


def test_an_origin_allowed_to_use_the_api_may_write_there_and_nowhere_else(sharing):
    sent = {"Sec-Fetch-Site": "cross-site", "Origin": ALLOWED}
    assert sharing.post("/api/predict", headers=sent).status_code == 415
    assert sharing.post("/status", data={"token": "t" * 16}, headers=sent).status_code == 403
    assert sharing.post("/api/predict", headers=sent | {"Origin": OTHER}).status_code == 403


def test_a_port_that_every_browser_leaves_out_may_be_named_by_the_host(client):
    same = {"Origin": "http://inkloop.example", "Host": "inkloop.example:80"}
    assert client.post("/api/predict", headers=same).status_code == 415


def test_a_long_origin_is_cut_short(client):
    answer = client.post("/api/predict", headers={"Origin": "https://" + "x" * 5000})
    assert answer.status_code == 403
    assert len(answer.data) < 1000
