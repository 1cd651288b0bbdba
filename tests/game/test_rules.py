import os

import pytest

from app.game import rules
from app.recognition.alike import alike
from app.recognition.recognizer import MODES

NEAT = "drawings by unseen writers, neat"


@pytest.mark.parametrize("mode", MODES)
def test_prompts_are_six_of_the_mode_that_do_not_look_alike(mode):
    for _ in range(200):
        prompts = rules.prompts(os.urandom(8), mode)
        assert len(prompts) == rules.ROUNDS
        assert set(prompts) <= set("".join(rules.POOLS[mode]))
        assert not any(other in alike(one) for one in prompts for other in prompts if one != other)


def test_half_of_both_are_digits():
    for _ in range(50):
        assert sum(prompt.isdigit() for prompt in rules.prompts(os.urandom(8), "any")) == rules.ROUNDS // 2


def test_the_same_seed_gives_the_same_prompts_and_others_give_others():
    assert rules.prompts(b"one", "any") == rules.prompts(b"one", "any")
    assert len({tuple(rules.prompts(bytes([seed]), "any")) for seed in range(20)}) > 15


@pytest.mark.parametrize("mode", MODES)
def test_every_label_is_asked_for_some_time(mode):
    asked = {prompt for seed in range(400) for prompt in rules.prompts(str(seed).encode(), mode)}
    assert asked == set("".join(rules.POOLS[mode]))


@pytest.mark.parametrize("mode", MODES)
def test_no_prompt_is_unwinnable_as_the_served_model_was_measured(recognizer, mode):
    card = recognizer.cards[mode]
    confusion = card["tests"][NEAT]["confusion"]
    for label, row in zip(card["labels"], confusion, strict=True):
        won = sum(count for read, count in zip(card["labels"], row, strict=True) if read in alike(label))
        assert won > 0.5 * sum(row), label


@pytest.mark.parametrize(
    ("prompt", "probabilities", "read"),
    [
        ("3", {"3": 0.51, "8": 0.49}, True),
        ("3", {"3": 0.49, "8": 0.3, "5": 0.21}, False),
        ("s", {"s": 0.3, "S": 0.3, "5": 0.4}, True),
        ("0", {"O": 0.4, "o": 0.4, "Q": 0.2}, True),
        ("b", {"B": 0.99}, False),
        ("3", {}, False),
    ],
)
def test_a_drawing_is_read_where_what_looks_like_the_prompt_is_likelier_than_the_rest(prompt, probabilities, read):
    assert rules.is_read(probabilities, prompt) is read


def test_points_fall_from_the_most_at_once_to_the_least_at_the_end():
    assert [rules.points(seconds, 20) for seconds in (0, 10, 20)] == [1000, 550, 100]


def test_the_network_costs_nobody_time():
    assert rules.counted(0.3) == 0
    assert rules.counted(5 + rules.NETWORK) == 5


def test_alike_goes_both_ways():
    labels = "".join(rules.POOLS["any"])
    for one in labels:
        assert one in alike(one) <= set(labels)
        assert all(one in alike(other) for other in alike(one))
