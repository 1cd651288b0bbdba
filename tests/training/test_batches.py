from concurrent.futures import ThreadPoolExecutor

import pytest

from app.training import batches
from app.training.batches import Batches


@pytest.fixture
def few(data_folder, monkeypatch):
    """Batches drawn in this process, each drawing again after two of them."""
    monkeypatch.setattr(
        batches,
        "ProcessPoolExecutor",
        lambda processes, _, start, arguments: ThreadPoolExecutor(processes, "", start, arguments),
    )
    monkeypatch.setattr(batches, "AGAIN", 2)
    few = Batches(data_folder, "digit", seed=1, size=8, steps=10)
    yield few
    few.close()


def test_half_of_a_batch_is_new_and_the_other_half_was_new_before(few):
    inputs = [few[number][0] for number in range(4)]
    assert inputs[0].shape == (8, 28, 28, 1)
    assert (inputs[2][:4] == inputs[0][4:]).all()
    assert (inputs[3][:4] == inputs[1][4:]).all()
    assert not (inputs[1][4:] == inputs[0][4:]).all()


def test_a_run_that_is_resumed_draws_the_batches_that_it_would_have_drawn(few):
    before = [few[number] for number in range(4)]
    few.seek(2)
    inputs, targets = few[0]
    assert (inputs == before[2][0]).all()
    assert (targets == before[2][1]).all()
