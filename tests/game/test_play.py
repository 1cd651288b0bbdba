from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from itertools import count

import pytest

from app.feedback.store import StoreUnavailable
from app.game import rules, tokens
from app.game.errors import LeaderboardUnavailable, NotNow, TokenExpired, TokenUnknown, Used
from app.game.play import Play
from app.game.sql import SqlGameStore
from app.game.tokens import Signer, State

KEY = "a secret of the tests"
BEGAN = 1_800_000_000.0
LENGTH = 20
DRAWING, OTHER = "data:one", "data:other"


@pytest.fixture
def store(tmp_path):
    store = SqlGameStore(f"sqlite:///{tmp_path}/game.db")
    yield store
    store.close()


@pytest.fixture
def play(store):
    return Play(Signer(KEY), LENGTH, lambda: nullcontext(store))


def says(label: str):
    return lambda mode: {label: 1.0}


def issued(play, token=None, now=BEGAN):
    return play.issue(token or play.start("digit"), now)


def judge(play, round, seconds=5.0, image=DRAWING, label=None, **options):
    now = BEGAN + rules.NETWORK + seconds
    return play.judge(round.token, image, now, says(label or round.prompt), **options)


def whole_game(play, seconds=5.0) -> str:
    token = play.start("digit")
    for _ in range(rules.ROUNDS):
        token = judge(play, issued(play, token), seconds).game
    return token


def test_a_game_has_six_rounds_and_their_points_add_up(play):
    token, prompts = play.start("any"), []
    for number in range(1, 7):
        round = issued(play, token)
        prompts.append(round.prompt)
        assert (round.number, round.ranked) == (number, True)
        verdict = judge(play, round)
        assert (verdict.over, verdict.recognised, verdict.seconds) == (True, True, 5.0)
        assert verdict.total == number * rules.points(5.0, LENGTH)
        token = verdict.game
    assert len(set(prompts)) == 6
    with pytest.raises(NotNow, match="rounds of this game are over"):
        issued(play, token)


def test_points_are_by_the_servers_clock_alone(play):
    assert judge(play, issued(play), 0).points == rules.FASTEST
    assert judge(play, issued(play), -0.5).points == rules.FASTEST
    assert judge(play, issued(play), LENGTH).points == rules.SLOWEST


def test_asking_for_a_round_again_does_not_set_its_clock_back(play):
    token = play.start("digit")
    first, again = issued(play, token), issued(play, token, BEGAN + 10)
    assert again.prompt == first.prompt
    assert play.judge(again.token, DRAWING, BEGAN + 12, says(first.prompt)).seconds == 12 - rules.NETWORK


def test_a_drawing_that_is_not_read_leaves_the_round_open(play):
    round = issued(play)
    verdict = judge(play, round, label="x")
    assert (verdict.over, verdict.recognised, verdict.game) == (False, False, None)
    assert judge(play, round, image=OTHER).recognised


@pytest.mark.parametrize(("image", "label"), [(None, None), (DRAWING, "x")])
def test_the_last_drawing_ends_the_round_without_points(play, image, label):
    verdict = judge(play, issued(play), image=image, label=label, final=True)
    assert (verdict.over, verdict.recognised, verdict.points) == (True, False, 0)
    assert issued(play, verdict.game).number == 2


def test_a_last_drawing_that_is_read_counts(play):
    assert judge(play, issued(play), final=True).points > 0


def test_a_late_drawing_gets_no_points_and_is_not_even_read(play):
    round = issued(play)
    verdict = play.judge(round.token, DRAWING, BEGAN + LENGTH + rules.NETWORK + 0.1, lambda mode: pytest.fail("read"))
    assert (verdict.over, verdict.recognised, verdict.points, verdict.seconds) == (True, False, 0, LENGTH)


def test_a_round_is_judged_once(play):
    round = issued(play)
    judge(play, round, label="x", final=True)
    with pytest.raises(Used):
        judge(play, round, image=OTHER)
    with pytest.raises(Used):
        judge(play, round, image=None, final=True)


def test_the_same_drawing_again_gets_the_same_answer_whatever_the_time(play):
    round = issued(play)
    first, again = judge(play, round, 8), judge(play, round, 2)
    assert (again.points, again.total, again.seconds) == (first.points, first.total, 8)
    assert issued(play, again.game).number == 2


def test_a_round_judged_at_once_by_many_is_judged_once(play):
    round = issued(play)
    numbers = count()

    def attempt(_):
        try:
            return judge(play, round, image=f"data:{next(numbers)}").over
        except Used:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(16))) == 1


def test_a_game_is_ranked_once_with_its_points(play):
    token = whole_game(play)
    place, scores = play.enter(token, "Ada")
    assert place == 1
    assert [(score.nickname, score.points) for score in scores] == [("Ada", 6 * rules.points(5.0, LENGTH))]
    with pytest.raises(Used):
        play.enter(token, "Bob")
    better = play.enter(whole_game(play, 1.0), "Bob")
    assert better[0] == 1
    assert [score.nickname for score in play.scores("digit")] == ["Bob", "Ada"]
    assert play.scores("any") == []


def test_a_game_that_is_not_over_is_not_ranked(play):
    token = play.start("digit")
    with pytest.raises(NotNow, match="Only 0 of 6"):
        play.enter(token, "Ada")
    with pytest.raises(NotNow, match="Only 1 of 6"):
        play.enter(judge(play, issued(play, token)).game, "Ada")


@pytest.mark.parametrize(
    "forge", [lambda token: "", lambda token: "x" * 9999, lambda token: token[:-1] + "~", str.upper]
)
def test_a_token_that_was_changed_is_refused(play, forge):
    for use in (play.issue, lambda token, now: play.judge(token, DRAWING, now, says("1"))):
        with pytest.raises(TokenUnknown):
            use(forge(play.start("digit")), BEGAN)


def test_a_token_of_another_key_or_for_something_else_is_refused(play):
    winner = State("made-up", "digit", rules.ROUNDS, 6000)
    with pytest.raises(TokenUnknown):
        play.enter(Signer("another secret").sign(winner), "Eve")
    with pytest.raises(TokenUnknown):
        play.judge(play.start("digit"), DRAWING, BEGAN, says("1"))
    with pytest.raises(TokenUnknown):
        issued(play, issued(play).token)


def test_an_old_token_is_refused(play, monkeypatch):
    token = play.start("digit")
    monkeypatch.setattr(tokens, "LIFETIME", -1)
    with pytest.raises(TokenExpired, match="too old"):
        issued(play, token)


def test_what_a_token_tells_does_not_tell_the_prompts(store):
    servers = [Play(Signer(f"{KEY} {number}"), LENGTH, lambda: nullcontext(store)) for number in range(9)]
    same = State("same", "any", ranked=False)
    assert len({server.issue(server._signer.sign(same), BEGAN).prompt for server in servers}) > 3


def test_without_its_store_a_game_goes_on_unranked(play, store):
    def fail():
        raise StoreUnavailable("Down.", 7)

    down = Play(Signer(KEY), LENGTH, fail)
    token = whole_game(down)
    for each in (down, play):
        with pytest.raises(NotNow, match="could not be reached during this game"):
            each.enter(token, "Ada")
    with pytest.raises(LeaderboardUnavailable) as raised:
        down.scores("digit")
    assert raised.value.retry_after == 7
    with pytest.raises(LeaderboardUnavailable):
        down.enter(whole_game(play), "Ada")


def test_a_store_that_failed_once_is_not_waited_for_again(store):
    asked = []

    def fail():
        asked.append(1)
        raise StoreUnavailable("Down.", 7)

    whole_game(Play(Signer(KEY), LENGTH, fail))
    assert len(asked) == 1


def test_a_store_that_fails_in_between_leaves_the_game_unranked(play, store):
    state = {"down": False}

    def flaky():
        if state["down"]:
            raise StoreUnavailable("Down.", 7)
        return nullcontext(store)

    play = Play(Signer(KEY), LENGTH, flaky)
    round = issued(play)
    state["down"] = True
    verdict = judge(play, round)
    state["down"] = False
    assert verdict.recognised
    assert not verdict.ranked
    assert not issued(play, verdict.game).ranked
