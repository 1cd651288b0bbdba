import base64
import io
import json
import string

import numpy as np
import pytest
from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from tests.drawings import data_url, draw, encode

LABELS = {
    "digit": string.digits,
    "character": string.ascii_uppercase + string.ascii_lowercase,
    "any": string.digits + string.ascii_uppercase + string.ascii_lowercase,
}


def as_file(data: bytes, mode: str = "digit", name: str = "three.png", **fields):
    boundary, body = encode_multipart({"file": FileStorage(io.BytesIO(data), name), "mode": mode, **fields})
    return {"data": body, "content_type": f"multipart/form-data; boundary={boundary}"}


def as_json(data: bytes, mode: str = "digit", **fields):
    return {"json": {"image": data_url(data), "mode": mode, **fields}}


def ask(client, **request) -> dict:
    response = client.post("/api/predict", **request)
    assert response.status_code == 200, response.text
    return response.json


def picture_in(url: str) -> Image.Image:
    head, body = url.split(",")
    assert head == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(body)), formats=["PNG"])


def problem(client, status: int, **request) -> str:
    """The detail of the problem that a request is answered with."""
    response = client.post("/api/predict", **request)
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    assert response.json.keys() - {"request_id"} == {"type", "title", "status", "detail"}
    assert ("request_id" in response.json) == (status >= 500)
    assert response.json["status"] == status
    assert len(response.json["detail"]) < 300
    return response.json["detail"]


@pytest.mark.parametrize("mode", LABELS)
@pytest.mark.parametrize("send", [as_json, as_file])
def test_answer_has_the_shape_of_the_contract(client, recognizer, mode, send):
    answer = ask(client, **send(encode(draw("3")), mode))
    assert answer.keys() == {"prediction", "confidence", "not_a_character", "mode", "probabilities", "input", "model"}
    assert 0 <= answer["not_a_character"] < 0.98
    assert "".join(answer["probabilities"]) == LABELS[mode]
    assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-6)
    assert (
        answer["confidence"] == max(answer["probabilities"].values()) == answer["probabilities"][answer["prediction"]]
    )
    assert answer["mode"] == mode
    assert answer["model"] == {"name": mode, "version": recognizer.cards[mode]["version"]}
    seen = picture_in(answer["input"])
    assert (seen.size, seen.mode) == ((28, 28), "L")
    assert np.asarray(seen)[0].max() == 0
    assert np.asarray(seen).max() > 200


@pytest.mark.parametrize(
    ("label", "mode"), [("3", "digit"), ("7", "digit"), ("A", "character"), ("3", "any"), ("H", "any")]
)
def test_clear_character_is_read(client, label, mode):
    assert ask(client, **as_json(encode(draw(label)), mode))["prediction"] == label


def test_json_and_file_give_the_same_answer(client):
    data = encode(draw("5"))
    assert ask(client, **as_json(data)) == ask(client, **as_file(data))


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "WEBP", "JPEG"])
def test_every_kind_of_file_gives_the_same_answer(client, kind):
    drawing = draw("3")
    expected = ask(client, **as_json(encode(drawing)))
    options = {"JPEG": {"quality": 95}, "WEBP": {"lossless": True}}.get(kind, {})
    answer = ask(client, **as_file(encode(drawing, kind, **options), name="wrong.txt"))
    assert answer["prediction"] == expected["prediction"] == "3"
    assert answer["confidence"] == pytest.approx(expected["confidence"], abs=0.05)


def test_white_ink_on_transparency_gives_the_same_answer(client):
    layer = Image.new("RGBA", (200, 200), (255, 255, 255, 0))
    layer.putalpha(draw("3", ink=255, paper=0))
    assert (
        ask(client, **as_json(encode(layer)))["input"]
        == ask(client, **as_json(encode(draw("3", ink=255, paper=0))))["input"]
    )


@pytest.mark.parametrize("send", [as_json, as_file])
def test_steps_and_box_come_where_asked_for(client, send):
    drawing = draw("3", size=1200, pen=80)
    answer = ask(client, **send(encode(drawing), steps="true" if send is as_file else True))
    assert list(answer["steps"]) == ["grey", "ink", "crop", "input"]
    assert all(picture_in(step).mode == "L" for step in answer["steps"].values())
    assert answer["steps"]["input"] == answer["input"]
    rows, columns = (np.flatnonzero(np.asarray(drawing).min(axis) < 128) for axis in (1, 0))
    np.testing.assert_allclose(answer["box"], [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], atol=6)


def test_box_is_in_pixels_of_the_upright_picture(client):
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = Image.new("L", (200, 400), 255)
    upright.paste(draw("3"), (0, 200))
    turned = encode(upright.rotate(90, expand=True), exif=exif)
    assert (
        ask(client, **as_file(turned, steps="true"))["box"]
        == ask(client, **as_file(encode(upright), steps="true"))["box"]
    )


@pytest.mark.parametrize("paper", [0, 128, 255])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_blank_canvas_is_refused_with_422(client, paper, mode):
    assert problem(client, 422, **as_json(encode(Image.new("L", (280, 280), paper).convert(mode))))


def test_transparent_canvas_is_refused_with_422(client):
    assert problem(client, 422, **as_json(encode(Image.new("RGBA", (280, 280)))))


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (3, 3), (1, 500), (5000, 1), (28, 28)])
def test_picture_of_any_size_is_answered(client, size):
    picture = Image.new("L", size, 255)
    assert client.post("/api/predict", **as_json(encode(picture))).status_code == 422
    picture.putpixel((size[0] // 2, size[1] // 2), 0)
    assert client.post("/api/predict", **as_json(encode(picture))).status_code in (200, 422)


def test_noise_is_answered(client):
    noise = np.random.default_rng(1).integers(0, 256, (300, 300), np.uint8)
    assert client.post("/api/predict", **as_json(encode(Image.fromarray(noise)))).status_code in (200, 422)


@pytest.mark.parametrize("mode", ["digits", "", "Digit", "x" * 10_000, "<script>"])
@pytest.mark.parametrize("send", [as_json, as_file])
def test_unknown_mode_is_refused_with_what_was_received_and_what_is_allowed(client, mode, send):
    detail = problem(client, 400, **send(encode(draw("3")), mode))
    assert detail.startswith(f"mode: Must be one of digit, character, any. Received: '{mode[:20]}")


def test_text_that_is_no_unicode_is_refused_too(client):
    assert r"'\ud800'" in problem(client, 400, **as_json(encode(draw("3")), "\ud800"))


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, ["image: Missing", "mode: Missing"]),
        ({"mode": "digit"}, ["image: Missing"]),
        ({"image": "data:,"}, ["mode: Missing"]),
        ({"image": 3, "mode": "digit"}, ["image: Not a valid string"]),
        ({"image": None, "mode": "digit"}, ["image: "]),
        ({"image": "data:,", "mode": ["digit"]}, ["mode: Not a valid string"]),
        ({"image": "data:,", "mode": "digit", "steps": "perhaps"}, ["steps: Not a valid boolean"]),
        ({"image": "data:,", "mode": "digit", "step": True}, ["step: Unknown field"]),
        ({"x" * 1000 + str(i): 0 for i in range(100)}, ["Unknown field"]),
    ],
)
def test_field_that_is_wrong_is_named(client, body, named):
    response = client.post("/api/predict", json=body)
    assert response.status_code == 400
    assert len(response.text) < 1000
    assert all(name in response.json["detail"] for name in named)


@pytest.mark.parametrize("body", ["[]", '"3"', "3", "null", "true", "[" + "0," * 10_000 + "0]"])
def test_json_that_is_no_object_is_refused(client, body):
    assert "must be a JSON object" in problem(client, 400, data=body, content_type="application/json")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe{}", b"[" * 100_000, b'{"mode": ' + b"1" * 5000 + b"}", b"image=3"]
)
def test_malformed_json_is_refused(client, body):
    assert "not valid JSON" in problem(client, 400, data=body, content_type="application/json")


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "image/png", "x" * 5000]
)
def test_other_content_types_are_refused_with_415(client, content_type):
    detail = problem(client, 415, data=b"mode=digit", content_type=content_type)
    assert detail.startswith("Send application/json or multipart/form-data. Received:")


def test_form_without_a_file_is_refused(client):
    assert "file: Missing" in problem(client, 400, data={"mode": "digit"}, content_type="multipart/form-data")


def test_form_sent_before_a_file_was_chosen_is_refused(client):
    assert "The picture is empty" in problem(client, 400, **as_file(b"", name=""))


def test_file_field_that_is_no_file_is_refused(client):
    body = b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nhello\r\n--x--\r\n'
    assert "file: Must be a file" in problem(client, 400, data=body, content_type="multipart/form-data; boundary=x")


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=x"])
def test_malformed_form_is_refused(client, content_type):
    assert problem(client, 400, data=b"--y\r\nnonsense", content_type=content_type)


@pytest.mark.parametrize("send", [as_json, as_file])
@pytest.mark.parametrize(
    ("data", "status"),
    [(b"", 400), (encode(draw("3"))[:500], 400), (b"%PDF-1.7 hello", 415), (encode(draw("3"), "TIFF"), 415)],
)
def test_what_is_no_picture_is_refused(client, send, data, status):
    assert problem(client, status, **send(data))


@pytest.mark.parametrize(
    "image", ["", "3", "https://example.org/3.png", "data:image/png;base64,iVBOR", "data:image/png,x"]
)
def test_image_that_is_no_data_url_is_refused_with_400(client, image):
    assert problem(client, 400, json={"image": image, "mode": "digit"})


@pytest.mark.parametrize("send", [as_json, as_file])
def test_file_over_5_mb_is_refused_with_413(client, send):
    padded = encode(draw("3")) + bytes(5_000_000)
    assert "5 MB" in problem(client, 413, **send(padded))
    assert ask(client, **send(padded[:5_000_000]))["prediction"] == "3"


def test_picture_over_25_megapixels_is_refused_with_413(client):
    big = encode(Image.new("1", (5001, 5000)))
    assert len(big) < 100_000
    assert "25 megapixels. Send a smaller one. Received: 5001 × 5000" in problem(client, 413, **as_file(big))


def test_picture_of_25_megapixels_is_read(client):
    big = Image.new("L", (5000, 5000), 255)
    big.paste(draw("3", size=500, pen=40).resize((2500, 2500)), (100, 2000))
    assert ask(client, **as_file(encode(big)))["prediction"] == "3"


def test_models_that_did_not_load_answer_503(unloaded_client, three):
    assert "models did not load" in problem(unloaded_client, 503, json={"image": three, "mode": "digit"})


def test_answer_is_strict_json(client, three):
    def refuse(constant):
        raise AssertionError(constant)

    json.loads(client.post("/api/predict", json={"image": three, "mode": "any"}).text, parse_constant=refuse)
