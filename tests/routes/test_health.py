def test_process_that_answers_is_live(client, unloaded_client):
    assert client.get("/health/live").status_code == unloaded_client.get("/health/live").status_code == 200


def test_loaded_models_are_ready(client):
    assert client.get("/health/ready").status_code == 200


def test_models_that_did_not_load_are_not_ready(unloaded_client):
    response = unloaded_client.get("/health/ready", headers={"Accept": "text/html"})
    assert (response.status_code, response.content_type) == (503, "application/problem+json")
