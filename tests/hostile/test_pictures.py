"""Every hostile picture over HTTP: an answer, or a problem in words. Their time and memory: `benchmarks.hostile`."""

import http.client
import io
import json
from collections.abc import Iterable
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from benchmarks.hostile import bodies
from tests.drawings import draw, encode
from tests.hostile import pictures

pytestmark = pytest.mark.thorough

REFUSED = (400, 413, 415, 422)


def statuses(address: str, corpus: Iterable[tuple[str, bytes]]) -> dict[str, set[int]]:
    """Of each picture, sent as a file and in JSON over one connection. Fails at an answer of another shape."""
    seen = {}
    with closing(http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)) as connection:
        for name, data in corpus:
            for content_type, body in bodies(data):
                connection.request("POST", "/api/predict", body, {"Content-Type": content_type})
                response = connection.getresponse()
                answer = json.loads(response.read())
                seen.setdefault(name, set()).add(response.status)
                if response.status == 200:
                    assert answer["prediction"], name
                else:
                    assert response.status in REFUSED, (name, answer)
                    assert response.headers["Content-Type"] == "application/problem+json", name
                    assert answer["status"] == response.status, name
                    assert answer["detail"].isprintable(), (name, answer)
                    assert len(answer["detail"]) < 300, (name, answer)
    return seen


def test_damaged_pictures_are_answered_or_refused_in_words(live_server):
    seen = statuses(live_server, pictures.damaged())
    assert len(seen) == 200
    assert {frozenset(one) for one in seen.values()} >= {frozenset({200}), frozenset({400})}


def test_odd_pictures_are_answered_or_refused_in_words(live_server):
    seen = statuses(live_server, pictures.odd())
    claims = {name: status for name, status in seen.items() if "claims" in name}
    assert all(status <= {400, 413} for status in claims.values()), claims
    foreign = {name: status for name, status in seen.items() if "named .png" in name}
    assert {name: status for name, status in foreign.items() if status != {415}} == {}
    assert all(status == {200} for name, status in seen.items() if "turned by EXIF" in name)


def test_large_pictures_are_read_or_refused_by_what_they_weigh(live_server):
    """Those that are quickly made; `benchmarks.hostile` has them all."""
    weighed = {
        "PNG grey of 25 megapixels": 200,
        "PNG RGB of 8 megapixels": 200,
        "PNG RGB of 25 megapixels": 413,
        "PNG RGBA of 25 megapixels": 413,
        "JPEG grey of 25 megapixels": 200,
        "BMP RLE of 25 megapixels": 413,
        "JPEG progressive of 500 scans": 400,
    }
    seen = statuses(live_server, ((name, pictures.LARGE[name]()) for name in weighed))
    assert seen == {name: {status} for name, status in weighed.items()}


@pytest.mark.parametrize(
    "url",
    [
        "data:image/png;base64," + "A" * 7_000_000,
        "data:image/png;base64," + "=" * 1_000_000,
        "data:" + ";a=b" * 100_000 + ";base64,iVBORw0KGgo=",
        "data:image/png;base64,\u0000",
        "data:image/png;base64,\ud800",
        "data:;base64,NaN",
        "data:image/svg+xml;base64,PHN2Zy8+",
        "data:image/png;base64,data:image/png;base64,iVBORw0KGgo=",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "http://169.254.169.254/latest/meta-data/",
    ],
    ids=range(11),
)
def test_odd_data_urls_are_refused_in_words(client, url):
    response = client.post("/api/predict", json={"image": url, "mode": "any"})
    assert response.status_code in REFUSED
    assert response.content_type == "application/problem+json"
    assert len(response.json["detail"]) < 300


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_box_of_a_large_picture_is_in_its_own_pixels(client, kind):
    """Also where it is unpacked smaller, by the decoder or after."""
    large = draw("3", size=100).resize((2500, 2500)).crop((0, 0, 2500, 2400))
    boxes = []
    for picture in (large, large.resize((500, 480))):
        file = {"file": (io.BytesIO(encode(picture, kind)), "a"), "mode": "digit", "steps": "true"}
        boxes.append(client.post("/api/predict", data=file).json["box"])
    assert boxes[0] == pytest.approx([5 * edge for edge in boxes[1]], abs=15)
