def test_every_card_is_shown_whole(client, recognizer):
    response = client.get("/api/model")
    assert response.status_code == 200
    assert response.json == recognizer.cards


def test_models_that_did_not_load_answer_503(unloaded_client):
    response = unloaded_client.get("/api/model")
    assert (response.status_code, response.content_type) == (503, "application/problem+json")
