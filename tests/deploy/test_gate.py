import pytest

from deploy.gate import Figures, chance_of_as_many, why_worse


@pytest.mark.parametrize(
    ("errors", "requests", "other_errors", "other_requests", "chance"),
    [
        (3, 3, 0, 3, 1 / 20),  # one way of the 20 to choose three of six
        (3, 4, 1, 4, 17 / 70),  # Fisher's lady tasting tea: 16 + 1 of 70
        (0, 5, 2, 5, 1.0),
    ],
)
def test_chance_is_fishers(errors, requests, other_errors, other_requests, chance):
    assert chance_of_as_many(errors, requests, other_errors, other_requests) == pytest.approx(chance)


def test_many_requests_are_compared_without_overflow():
    assert chance_of_as_many(1_000, 1_000_000, 9_000, 9_000_000) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (Figures(1000, 0, 20), Figures(40, 3, 20)),
        (Figures(0, 0, None), Figures(20, 5, None)),  # nobody knows the old one, and a quarter fails
        (Figures(1000, 10, 20), Figures(500, 40, 20)),
        (Figures(1000, 0, 20), Figures(100, 0, 130)),
        (Figures(1000, 0, 400), Figures(100, 0, 700)),
    ],
)
def test_what_is_worse_is_told_with_the_reason(old, new):
    assert why_worse(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (Figures(1000, 0, 20), Figures(0, 0, None)),  # too little traffic: the smoke test decides
        (Figures(1000, 0, 20), Figures(2, 2, 20)),  # one client that tried again
        (Figures(1000, 100, 20), Figures(100, 10, 20)),  # as bad as before
        (Figures(0, 0, None), Figures(200, 3, 900)),
        (Figures(1000, 0, 20), Figures(99, 0, 5000)),  # too few for a percentile
        (Figures(1000, 0, 20), Figures(1000, 0, 110)),  # five times as slow, and nobody notices
        (Figures(1000, 0, 1000), Figures(1000, 0, 1400)),
    ],
)
def test_what_is_not_worse_or_not_known_goes_on(old, new):
    assert not why_worse(old, new)
