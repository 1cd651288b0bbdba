import json
import time

import pytest
from PIL import Image

from app import create_app, playing
from app.game import rules
from app.settings import SettingError
from tests.drawings import data_url, draw
from tests.routes.test_docs import assert_described, description  # noqa: F401

PROMPTS = ["3", "7", "4", "2", "8", "5"]


@pytest.fixture(autouse=True)
def known_prompts(monkeypatch):
    """Those that the tests can draw."""
    monkeypatch.setattr(rules, "prompts", lambda seed, mode: PROMPTS)


@pytest.fixture
def make_client(tmp_path):
    """Clients of apps with a leaderboard of their own."""
    apps = []

    def make_client(**config):
        usual = {"TESTING": True, "GAME_URL": f"sqlite:///{tmp_path}/game.db", "GAME_RATE": "999 per second"}
        apps.append(create_app(usual | config))
        return apps[-1].test_client()

    yield make_client
    for app in apps:
        playing.close(app)


@pytest.fixture
def later(monkeypatch):
    """Lets seconds pass on the server's clock."""
    clock, passed = time.time, []
    monkeypatch.setattr(time, "time", lambda: clock() + sum(passed))
    return passed.append


def problem(response, status: int) -> str:
    """The detail of the problem that the response is."""
    assert (response.status_code, response.content_type) == (status, "application/problem+json"), response.text
    assert len(response.json["detail"]) < 500
    return response.json["detail"]


def start(client, mode="digit") -> str:
    return client.post("/api/game", json={"mode": mode}).json["game"]


def issue(client, game=None) -> dict:
    response = client.post("/api/game/rounds", json={"game": game or start(client)})
    assert response.status_code == 201, response.text
    return response.json


def judge(client, round, label=None, **fields):
    image = {"image": data_url(draw(label))} if label else {}
    return client.post("/api/game/judgements", json={"round": round["round"]} | image | fields)


def whole_game(client, mode="digit") -> str:
    game = start(client, mode)
    for prompt in PROMPTS:
        game = judge(client, issue(client, game), prompt).json["game"]
    return game


def enter(client, game, nickname="Ada"):
    return client.post("/api/game/scores", json={"game": game, "nickname": nickname})


def test_a_whole_game_leads_to_the_leaderboard(client):
    started = client.post("/api/game", json={"mode": "digit"})
    assert (started.status_code, started.json["rounds"], started.json["seconds"]) == (201, 6, 20)
    game, points = started.json["game"], 0
    for number, prompt in enumerate(PROMPTS, 1):
        round = issue(client, game)
        assert (round["number"], round["prompt"], round["ranked"]) == (number, prompt, True)
        judged = judge(client, round, prompt).json
        assert (judged["over"], judged["recognised"]) == (True, True)
        points += judged["points"]
        assert judged["total"] == points
        game = judged["game"]
    response = enter(client, game, "  Ada   L. ")
    assert response.status_code == 201
    assert {"nickname": "Ada L.", "points": points} in response.json["scores"]
    assert response.json["scores"] == client.get("/api/game/scores/digit").json["scores"]
    assert "already" in problem(enter(client, game, "Bob"), 409)


@pytest.mark.parametrize("mode", ["digit", "any"])
def test_the_server_reads_the_drawing_itself(client, mode):
    round = issue(client, start(client, mode))
    wrong = judge(client, round, "7").json
    assert (wrong["over"], wrong["recognised"], wrong["points"], wrong["game"]) == (False, False, 0, None)
    claimed = judge(client, round, "7", final=True, prediction="3")
    assert "prediction" in problem(claimed, 400)
    assert judge(client, round, "3").json["recognised"]


def test_the_time_is_the_servers(client, later):
    round = issue(client)
    later(10)
    judged = judge(client, round, "3").json
    assert 8.9 < judged["seconds"] < 10
    assert judged["points"] == rules.points(judged["seconds"], 20)


def test_asking_for_a_round_again_keeps_its_clock(client, later):
    game = start(client)
    issue(client, game)
    later(10)
    assert judge(client, issue(client, game), "3").json["seconds"] > 8.9


def test_a_late_drawing_gets_no_points(client, later):
    round = issue(client)
    later(20 + rules.NETWORK)
    judged = judge(client, round, "3").json
    assert (judged["over"], judged["recognised"], judged["points"]) == (True, False, 0)


def test_the_length_of_a_round_is_a_setting(make_client, later):
    client = make_client(GAME_SECONDS=2)
    round = issue(client)
    later(4)
    assert judge(client, round, "3").json["recognised"] is False
    assert 'data-seconds="2"' in client.get("/game").text


def test_a_round_is_judged_once_and_a_lost_answer_can_be_asked_for_again(client):
    round = issue(client)
    judged = judge(client, round, "3").json
    again = judge(client, round, "3").json
    assert (again["points"], again["total"]) == (judged["points"], judged["total"])
    assert "judged already" in problem(judge(client, round, "8"), 409)
    assert "judged already" in problem(judge(client, round, final=True), 409)


def test_tokens_of_one_server_are_nothing_to_another(client, make_client):
    other = make_client(SECRET_KEY="a secret of sixteen or more")
    assert "not given out" in problem(enter(other, whole_game(client)), 400)
    assert "not given out" in problem(judge(other, issue(client), "3"), 400)


def test_servers_with_one_secret_and_one_store_play_one_game(make_client):
    one, two = make_client(SECRET_KEY="a secret of both"), make_client(SECRET_KEY="a secret of both")
    game = judge(two, issue(one), "3").json["game"]
    assert issue(one, game)["number"] == issue(two, game)["number"] == 2


def test_an_old_token_is_gone(client, later):
    game = start(client)
    later(3602)
    assert "too old" in problem(client.post("/api/game/rounds", json={"game": game}), 410)


def test_a_game_under_way_is_not_ranked(client):
    assert "Only 0 of 6" in problem(enter(client, start(client)), 409)


def test_no_ink_is_not_read(client):
    blank = data_url(Image.new("L", (280, 280), 255))
    judged = client.post("/api/game/judgements", json={"round": issue(client)["round"], "image": blank, "final": True})
    assert (judged.status_code, judged.json["recognised"], judged.json["over"]) == (200, False, True)


@pytest.mark.parametrize(
    ("image", "status"), [("", 400), ("hello", 400), (data_url(b"%PDF-1.7"), 415), (data_url(bytes(5_000_001)), 413)]
)
def test_a_picture_that_cannot_be_read_is_refused_and_spends_nothing(client, image, status):
    round = issue(client)
    refused = client.post("/api/game/judgements", json={"round": round["round"], "image": image, "final": True})
    assert problem(refused, status)
    assert judge(client, round, "3").json["recognised"]


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("", {}, "mode: Missing"),
        ("", {"mode": "digits"}, "Received: 'digits'"),
        ("", {"mode": ["digit"]}, "mode: "),
        ("", {"mode": "digit", "points": 6000}, "points: "),
        ("/rounds", {}, "game: Missing"),
        ("/rounds", {"game": "x"}, "not given out"),
        ("/rounds", {"game": {"x": 1}}, "game: "),
        ("/judgements", {"round": "x"}, "image: Missing"),
        ("/judgements", {"round": "x" * 5000, "final": True}, "not given out"),
        ("/judgements", {"round": "\ud800", "final": True}, "not given out"),
        ("/scores", {"game": "x"}, "nickname: Missing"),
        ("/scores", {"game": "x", "nickname": "Ada"}, "not given out"),
        ("/scores", {"game": "x", "nickname": "<script>"}, "Received: '<script>'"),
        ("/scores", {"game": "x", "nickname": "f u c k"}, "Choose another"),
        ("/scores", {"game": "x", "nickname": "x" * 100_000}, "1 to 16 characters"),
        ("/scores", {"game": "x", "nickname": 7}, "nickname: "),
    ],
)
def test_what_is_wrong_is_named(client, path, body, says):
    response = client.post(f"/api/game{path}", data=json.dumps(body), content_type="application/json")
    assert says in problem(response, 400)


@pytest.mark.parametrize("path", ["", "/rounds", "/judgements", "/scores"])
def test_other_sites_forms_are_refused(client, path):
    assert problem(client.post(f"/api/game{path}", data={"mode": "digit"}), 415)


def test_a_mode_that_is_none_has_no_leaderboard(client):
    assert "Received: 'x'" in problem(client.get("/api/game/scores/x"), 404)


@pytest.mark.parametrize("url", ["postgresql+psycopg://a:secret@127.0.0.1:1/b", "sqlite:////dev/null/game.db"])
def test_without_its_store_the_game_goes_on_and_the_leaderboard_says_so(make_client, url):
    client = make_client(GAME_URL=url)
    game = whole_game(client)
    assert "could not be reached during this game" in problem(enter(client, game), 409)
    response = client.get("/api/game/scores/digit")
    assert "cannot be reached" in problem(response, 503)
    assert "secret" not in response.text
    assert int(response.headers["Retry-After"]) > 0


def test_models_that_did_not_load_answer_503(make_client, tmp_path):
    client = make_client(MODELS_DIR=str(tmp_path))
    assert "models did not load" in problem(judge(client, issue(client), "3"), 503)


def test_an_address_that_asks_too_often_is_told_when_to_go_on(make_client):
    client = make_client(GAME_RATE="2 per minute")
    assert [client.post("/api/game", json={"mode": "any"}).status_code for _ in range(3)] == [201, 201, 429]
    assert int(client.post("/api/game", json={"mode": "any"}).headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("GAME_URL", "sheets://1abc", "GAME_URL must be like sqlite"),
        ("GAME_URL", "mysql://a:secret@b/c", "GAME_URL must be like sqlite"),
        ("GAME_RATE", "often", "GAME_RATE must be like"),
        ("SECRET_KEY", "short", "SECRET_KEY must have at least 16 characters"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_at_the_start(make_client, setting, value, says):
    with pytest.raises(SettingError, match=says) as raised:
        make_client(**{setting: value})
    assert "secret" not in str(raised.value)


def test_the_store_is_not_opened_before_a_round_is_played(make_client, tmp_path, three):
    client = make_client()
    client.get("/game")
    start(client)
    client.post("/api/predict", json={"image": three, "mode": "digit"})
    assert not (tmp_path / "game.db").exists()
    issue(client)
    assert (tmp_path / "game.db").exists()


def test_every_answer_is_as_described(client, description):  # noqa: F811
    started = client.post("/api/game", json={"mode": "digit"})
    issued = client.post("/api/game/rounds", json={"game": started.json["game"]})
    for response in (started, issued, judge(client, issued.json, "7"), judge(client, issued.json, "3")):
        assert_described(description, response)
    assert_described(description, enter(client, whole_game(client)))
    for path in ("", "/rounds", "/judgements", "/scores"):
        assert_described(description, client.post(f"/api/game{path}", json={}))
