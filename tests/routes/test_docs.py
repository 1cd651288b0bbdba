import re
from uuid import uuid4

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from tests.drawings import data_url, draw


@pytest.fixture(scope="module")
def description(app) -> dict:
    return app.test_client().get("/api/openapi.json").json


def assert_described(description: dict, response) -> None:
    """The response is one that the description has for its request, in type and shape."""
    operation = description["paths"][response.request.path][response.request.method.lower()]
    content = operation["responses"][str(response.status_code)]["content"]
    schema = content[response.mimetype]["schema"] | {"components": description["components"]}
    Draft202012Validator(schema).validate(response.json)


def test_description_is_valid_openapi(description):
    validate(description)


def test_description_names_every_route_of_the_api(app, description):
    paths = [re.sub(r"<\w+:(\w+)>", r"{\1}", rule.rule) for rule in app.url_map.iter_rules()]
    api = {path for path in paths if path.startswith(("/api/", "/health/", "/metrics"))}
    assert api - {"/api/openapi.json", "/api/docs"} == set(description["paths"])


@pytest.mark.parametrize(
    "fields",
    [
        {"image": data_url(draw("3")), "mode": "digit"},
        {"image": data_url(draw("3")), "mode": "any", "steps": True},
        {"image": data_url(draw("3", ink=255)), "mode": "any"},
        {"image": data_url(b"hello"), "mode": "any"},
        {"image": data_url(bytes(5_000_001)), "mode": "any"},
        {"image": ""},
    ],
)
def test_predictions_and_problems_are_as_described(client, description, fields):
    assert_described(description, client.post("/api/predict", json=fields))


def test_feedback_and_its_problems_are_as_described(client, unloaded_client, description, three):
    schema = {"$ref": "#/components/schemas/FeedbackInJson", "components": description["components"]}
    takes = Draft202012Validator(schema).is_valid
    sent = {"id": str(uuid4()), "image": three, "mode": "digit", "prediction": "3", "confidence": 1, "label": "3"}
    sent |= {"model_version": "v1", "consent": True, "browser": None}
    assert takes(sent)
    assert not any(takes(sent | wrong) for wrong in ({"consent": False}, {"confidence": 2}, {"model_version": "=1"}))
    for fields in (sent, sent, sent | {"label": "a"}, sent | {"image": data_url(b"hello")}):
        assert_described(description, client.post("/api/feedback", json=fields))
    assert_described(description, unloaded_client.post("/api/feedback", json=sent))


@pytest.mark.parametrize("path", ["/api/model", "/health/live", "/health/ready"])
def test_other_answers_are_as_described(client, unloaded_client, description, path):
    assert_described(description, client.get(path))
    assert_described(description, unloaded_client.get(path))


def test_request_schema_takes_what_the_server_takes_and_no_more(description, three):
    schema = {"$ref": "#/components/schemas/QuestionInJson", "components": description["components"]}
    takes = Draft202012Validator(schema).is_valid
    assert takes({"image": three, "mode": "digit"})
    assert takes({"image": three, "mode": "any", "steps": True})
    assert not takes({"image": three})
    assert not takes({"image": three, "mode": "x"})
    assert not takes({"image": three, "mode": "any", "more": 1})


def test_page_shows_every_operation_and_shape(client, description):
    page = client.get("/api/docs")
    assert page.status_code == 200
    assert page.mimetype == "text/html"
    for path, operations in description["paths"].items():
        for method in operations.keys() - {"parameters"}:
            assert f"<code>{method.upper()} {path}</code>" in page.text
    for target in set(re.findall(r'href="#(\w+)"', page.text)) - {"content"}:
        assert f'id="{target}"' in page.text
