import gzip
import json

import pytest


def asked(client, path, takes):
    return client.get(path, headers={"Accept-Encoding": takes}, buffered=True)


@pytest.mark.parametrize("path", ["/canvas", "/static/style.css", "/static/draw.js", "/static/specimens.json"])
def test_what_a_page_loads_goes_compressed_to_a_client_that_takes_it(client, path):
    plain, packed = asked(client, path, "identity"), asked(client, path, "gzip")
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 1.5
    assert "Accept-Encoding" in packed.headers["Vary"]


def test_zstandard_is_preferred_where_a_client_takes_any(client):
    assert asked(client, "/canvas", "gzip, deflate, br, zstd").headers["Content-Encoding"] == "zstd"


def test_a_compressed_answer_says_the_same(client, three):
    answer = client.post("/api/predict", json={"image": three, "mode": "any"}, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(answer.data))["prediction"] == "3"


def test_what_was_compressed_is_not_sent_again_while_it_is_the_same(client):
    first = asked(client, "/static/style.css", "gzip")
    headers = {"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]}
    assert client.get("/static/style.css", headers=headers, buffered=True).status_code == 304


def test_pictures_are_compressed_already_and_left_alone(client):
    assert "Content-Encoding" not in asked(client, "/static/samples/biro.webp", "gzip").headers
