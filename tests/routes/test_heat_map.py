import numpy as np
import pytest
from PIL import Image

from tests.drawings import data_url, draw, encode
from tests.routes.test_predict import as_file, as_json


def ask(client, **request) -> dict:
    response = client.post("/api/heat-map", **request)
    assert response.status_code == 200, response.text
    return response.json


@pytest.mark.parametrize("send", [as_json, as_file])
def test_the_answer_is_that_of_predict_with_what_mattered(client, send):
    request = send(encode(draw("3")))
    answer = ask(client, **request)
    importance = np.array(answer.pop("importance"))
    read = client.post("/api/predict", **send(encode(draw("3")))).json
    assert {key: answer[key] for key in answer.keys() - {"confidence", "probabilities"}} == {
        key: read[key] for key in read.keys() - {"confidence", "probabilities"}
    }
    assert answer["probabilities"] == pytest.approx(read["probabilities"], abs=1e-5)
    assert importance.shape == (28, 28)
    assert importance.max() > 0.02
    assert np.abs(importance).max() <= 1


def test_each_mode_is_explained_by_its_own_model(client):
    for mode in ("digit", "character", "any"):
        assert ask(client, **as_json(encode(draw("3")), mode))["model"]["name"] == mode


@pytest.mark.parametrize(
    ("status", "request_"),
    [
        (400, {"json": {"mode": "digit"}}),
        (400, {"json": {"image": "data:,", "mode": "digit", "steps": True}}),
        (415, {"data": b"mode=digit", "content_type": "text/plain"}),
        (422, {"json": {"image": data_url(Image.new("L", (28, 28), 255)), "mode": "digit"}}),
    ],
)
def test_what_cannot_be_read_is_refused(client, status, request_):
    response = client.post("/api/heat-map", **request_)
    assert response.status_code == response.json["status"] == status


def test_it_is_described_with_its_refusals(client):
    described = client.get("/api/openapi.json").json["paths"]["/api/heat-map"]["post"]
    assert {"200", "400", "413", "415", "422", "429", "503"} <= described["responses"].keys()
    assert described["requestBody"]["content"].keys() == {"application/json", "multipart/form-data"}


def test_one_address_may_not_ask_too_often(app, client, three, monkeypatch):
    monkeypatch.setitem(app.config, "HEAT_MAP_RATE", "2 per minute")
    own = {"environ_base": {"REMOTE_ADDR": "192.0.2.7"}}
    answers = [client.post("/api/heat-map", json={"image": three, "mode": "digit"}, **own) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert client.post("/api/predict", json={"image": three, "mode": "digit"}, **own).status_code == 200


def test_models_that_did_not_load_answer_503(unloaded_client, three):
    assert unloaded_client.post("/api/heat-map", json={"image": three, "mode": "digit"}).status_code == 503
