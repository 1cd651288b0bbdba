"""Two workers, each a process of its own, train together over the loopback interface."""

import hashlib
import json
import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import keras
import numpy as np
import pytest

from app import retrain_model
from app.training import averaging, batches, distribution, networks, train
from app.training.distribution import ClusterError, read_cluster

ROOT = Path(__file__).parents[2]
EPOCH = 3


def digest(arrays) -> str:
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()


def work(folder: Path) -> None:
    """What each worker runs: training that is cut off and gone on with, then, as the chief, its own share alone."""
    # Publishing is what test_train.py is for; a few pictures need no large network and no process that draws.
    train.build = averaging.build = small
    batches.ProcessPoolExecutor = lambda count, _, start, given: ThreadPoolExecutor(count, "", start, given)
    train.publish = lambda *_, **options: notes["published"].append(options["command"])
    train.promote = lambda *_: "a version"
    train.BATCH, train.EPOCH, batches.AGAIN, batches.AHEAD = 16, EPOCH, 2, 0
    item, seek = batches.Batches.__getitem__, batches.Batches.seek

    def drawn(self, number):
        inputs, targets = item(self, number)
        notes["drawn"].append(digest([inputs]))
        return inputs, targets

    def after_batch(self, batch, logs=None):
        notes["weights"].append(digest(self.model.get_weights()[index] for index in learned(self.model)))

    def after_epoch(self, epoch, logs=None):
        notes["figures"].append(logs)
        notes["measured"].append(digest(self.model.get_weights()))
        if not told:
            raise KeyboardInterrupt

    batches.Batches.__getitem__ = drawn
    batches.Batches.seek = lambda self, step: (notes["began"].append(step), seek(self, step))
    train.Seek.on_train_batch_end = after_batch
    keras.callbacks.EarlyStopping.on_epoch_end = after_epoch

    workers = distribution.join(train.BATCH)
    mine = folder / f"worker{workers.index}"
    options = {"rate": 2e-3, "seed": 1, "precision": "mixed_bfloat16", "start": None, "keep": 0, "out": mine / "models"}
    told = []
    for run in [workers, workers, distribution.ALONE][: 3 if workers.chief else 2]:
        notes = {name: [] for name in ("published", "drawn", "weights", "figures", "measured", "began")}
        if run is distribution.ALONE:
            train.BATCH = workers.share(train.BATCH)
        with suppress(KeyboardInterrupt):
            train.train("digit", steps=2 * EPOCH, checkpoints=mine / f"of{run.count}", workers=run, **options)
        notes["files"] = [path.name for path in mine.rglob("*") if path.is_file()]
        told.append(notes)
    (folder / f"{workers.index}.json").write_text(json.dumps(told))


def small(classes: int) -> keras.Model:
    """With what `networks.build` is made of, but compiled in a second."""
    inputs = keras.Input((28, 28, 1))
    x = keras.layers.Dropout(0.2)(networks.convolution(inputs, 4, "only", stride=4))
    return keras.Model(inputs, keras.layers.Dense(classes, dtype="float32")(keras.layers.Flatten()(x)))


def learned(model: keras.Model) -> list[int]:
    trainable = {id(weight) for weight in model.trainable_weights}
    return [index for index, weight in enumerate(model.weights) if id(weight) in trainable]


@pytest.fixture(scope="module")
def told(data_folder, tmp_path_factory):
    """What two workers noted: of each, the run that was cut off, the same gone on with; and the chief's run alone."""
    folder = tmp_path_factory.mktemp("workers")
    with ExitStack() as sockets:  # two ports that nobody has
        bound = [sockets.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2)]
        addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in bound]
    code = f"from pathlib import Path; from tests.training.test_distribution import work; work(Path({str(folder)!r}))"
    with ExitStack() as running:
        processes = []
        for index in range(2):
            environment = os.environ | {"TF_CONFIG": config({"worker": addresses}, index=index)}
            environment |= {"DATA_DIR": str(data_folder), "TMPDIR": str(folder)}
            log = running.enter_context((folder / f"{index}.log").open("w"))
            process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment, stdout=log, stderr=log)
            running.callback(process.wait)
            running.callback(process.kill)
            processes.append(process)
        for index, process in enumerate(processes):
            assert process.wait(300) == 0, (folder / f"{index}.log").read_text()[-3000:]
    return [json.loads((folder / f"{index}.json").read_text()) for index in range(2)]


@pytest.mark.thorough
def test_workers_draw_different_pictures_and_have_the_same_weights_after_each_batch(told):
    (cut, ended, alone), others = told
    for chief, other in zip((cut, ended), others, strict=True):
        assert len(chief["weights"]) == len(set(chief["weights"])) == EPOCH
        assert chief["weights"] == other["weights"]
        assert not set(chief["drawn"]) & set(other["drawn"])
    assert alone["drawn"][:EPOCH] == cut["drawn"][:EPOCH]
    assert not set(alone["weights"]) & set(cut["weights"])


@pytest.mark.thorough
def test_workers_agree_on_what_normalisation_and_they_measured(told):
    (*chief, _), other = told
    for one, two in zip(chief, other, strict=True):
        assert one["measured"] == two["measured"]
        assert one["figures"] == two["figures"]


@pytest.mark.thorough
def test_the_chief_alone_writes(told):
    (cut, ended, _), others = told
    assert "latest.weights.h5" in cut["files"]
    assert len(ended["published"]) == 1
    assert not any(other["files"] or other["published"] for other in others)


@pytest.mark.thorough
def test_a_run_that_was_cut_off_goes_on_also_where_its_checkpoints_are_not(told):
    for cut, ended in (worker[:2] for worker in told):
        assert (cut["began"], ended["began"]) == ([0], [EPOCH])
        assert not set(cut["weights"]) & set(ended["weights"])


TWO = ["one:2222", "two:2222"]


def config(cluster, job="worker", index=0) -> str:
    return json.dumps({"cluster": cluster, "task": {"type": job, "index": index}})


def test_the_chief_comes_first_where_the_cluster_has_one():
    assert read_cluster(config({"worker": TWO}, index=1)) == (TWO, 1)
    assert read_cluster(config({"worker": TWO, "chief": ["three:1"]}, index=1)) == (["three:1", *TWO], 2)
    assert read_cluster(config({"worker": TWO, "chief": ["three:1"]}, "chief")) == (["three:1", *TWO], 0)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (None, "TF_CONFIG is not set"),
        ("worker1", "JSONDecodeError"),
        ('{"cluster": {"worker": ["a:1", "b:1"]}}', "KeyError 'task'"),
        (config({"worker": ["one", "two:2222"]}), "'one', which is not host:port"),
        (config({"worker": TWO, "ps": ["three:2222"]}), "names ps"),
        (config({"worker": TWO[:1]}), "one worker"),
        (config({"worker": TWO}, index=2), "'worker' number 2"),
        (config({"worker": TWO}, index="0"), "'worker' number '0'"),
        (config({"worker": TWO}, "chief"), "'chief' number 0"),
    ],
)
def test_a_cluster_that_cannot_be_is_refused(given, says):
    with pytest.raises(ClusterError, match=says):
        read_cluster(given)


def test_batches_that_cannot_be_shared_evenly_are_refused_before_anybody_waits(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", config({"worker": [f"host{number}:2222" for number in range(3)]}))
    with pytest.raises(ClusterError, match="3 workers, who cannot share batches of 256"):
        distribution.join(256)


def test_both_commands_say_that_nobody_was_named_to_train_with(monkeypatch, capsys, tmp_path):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    monkeypatch.setenv("FEEDBACK_URL", f"sqlite:///{tmp_path}/feedback.db")
    monkeypatch.setattr("sys.argv", ["train", "digit", "--distribute"])
    with pytest.raises(SystemExit):
        train.main()
    assert retrain_model.main(["digit", "--distribute"]) == retrain_model.NOT_ASKED_RIGHTLY
    assert capsys.readouterr().err.count("--distribute: TF_CONFIG is not set") == 2
