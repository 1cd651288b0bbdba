import tarfile

import numpy as np
import pytest

from app.training import unipen_archive
from app.training.unipen import UnipenError


def add(collection, category, writer, label, points="0 0\n4 8\n"):
    provider, name = writer.split("/")
    for folder, text in (
        (f"include/{provider}/data", f".COORD X Y\n.PEN_DOWN\n{points}.PEN_UP\n.PEN_DOWN\n4 4\n"),
        (
            f"data/{category}/{provider}/{provider}0",
            f'.INCLUDE {provider}/data/{name}\n.SEGMENT CHARACTER 0-1 ? "{label}"\n',
        ),
    ):
        (collection / folder).mkdir(parents=True, exist_ok=True)
        (collection / folder / name).write_text(text)


@pytest.fixture
def collection(tmp_path):
    folder = tmp_path / "train_r01_v07"
    add(folder, "1c", "abc/one.dat", "z")
    add(folder, "1a", "def/two.dat", "7")
    add(folder, "1a", "abc/one.dat", "0")
    add(folder, "1b", "abc/three.dat", "A")
    return folder


def test_arrays_are_those_of_the_data_folder(collection):
    arrays, problems = unipen_archive.read(collection, progress=False)
    assert problems == []
    assert {name: array.dtype.str for name, array in arrays.items()} == {
        "points": "<i2",
        "stroke_starts": "<i4",
        "character_starts": "<i4",
        "labels": "|u1",
        "writers": "<i4",
        "writer_names": "<U13",
        "validation": "|b1",
    }
    assert arrays["points"][:3].tolist() == [[0, 4000], [2000, 0], [2000, 2000]]
    assert arrays["stroke_starts"].tolist() == [0, 2, 3, 5, 6, 8, 9, 11, 12]
    assert arrays["character_starts"].tolist() == [0, 2, 4, 6, 8]
    assert arrays["labels"].tolist() == [0, 7, 10, 61]


def test_a_writer_is_a_file_of_a_provider_in_whatever_category(collection):
    arrays, _ = unipen_archive.read(collection, progress=False)
    assert arrays["writer_names"].tolist() == ["abc/one.dat", "def/two.dat", "abc/three.dat"]
    assert arrays["writers"].tolist() == [0, 1, 2, 0]


def test_the_writers_held_out_are_fixed_by_their_names(collection):
    for writer in ("apa/app0169.dat", "sie/gsaa4505.dat", "lou/jl_vo_c.dat", "apa/app0032.dat", "apa/app0034.dat"):
        add(collection, "1a", writer, "1")
    arrays, _ = unipen_archive.read(collection, progress=False)
    held_out = set(arrays["writer_names"][arrays["writers"][arrays["validation"]]])
    assert {"apa/app0169.dat", "lou/jl_vo_c.dat"} <= held_out
    assert not {"apa/app0032.dat", "apa/app0034.dat"} & held_out


def test_reserved_providers_are_left_out(collection):
    for provider in ("aga", "tos", "val"):
        add(collection, "1a", f"{provider}/x.dat", "1")
    arrays, problems = unipen_archive.read(collection, progress=False)
    assert problems == []
    assert len(arrays["labels"]) == 4


@pytest.mark.parametrize("label", ["é", "ab", "", "?"])
def test_only_the_62_labels_are_taken(collection, label):
    add(collection, "1c", "abc/four.dat", label)
    arrays, problems = unipen_archive.read(collection, progress=False)
    assert len(arrays["labels"]) == 4
    assert len(problems) == 1
    assert "none of the 62" in problems[0]


def test_a_malformed_file_is_skipped_and_reported(collection):
    (collection / "include/def/data/two.dat").unlink()
    add(collection, "1c", "abc/four.dat", "m", points="not points\n")
    arrays, problems = unipen_archive.read(collection, progress=False)
    assert arrays["labels"].tolist() == [0, 10, 61]
    assert arrays["writer_names"].tolist() == ["abc/one.dat", "abc/three.dat"]
    assert [problem.split(":")[0].split(",")[0] for problem in problems] == ["def/two.dat", "four.dat"]


def test_a_collection_without_characters_is_an_error(tmp_path):
    (tmp_path / "data/1a").mkdir(parents=True)
    with pytest.raises(UnipenError, match="no files"):
        unipen_archive.read(tmp_path, progress=False)


def test_the_collection_is_found_wherever_the_archive_has_it(collection, tmp_path):
    add(collection, "8", "abc/text.dat", "t")
    archive = tmp_path / "archive.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(collection, "unipen/CDROM/train_r01_v07")
    found = unipen_archive.extract(archive, tmp_path / "extracted")
    assert found == tmp_path / "extracted/unipen/CDROM/train_r01_v07"
    assert not (found / "data/8").exists()
    before, after = (unipen_archive.read(folder, progress=False)[0] for folder in (collection, found))
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_an_archive_of_something_else_is_refused(tmp_path):
    (tmp_path / "include").mkdir()
    archive = tmp_path / "archive.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(tmp_path / "include", "include")
    with pytest.raises(UnipenError, match="no folders data/1a"):
        unipen_archive.extract(archive, tmp_path / "extracted")


def test_nothing_is_extracted_outside_the_folder(tmp_path):
    archive = tmp_path / "archive.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        (tmp_path / "x").write_text("x")
        tar.add(tmp_path / "x", "include/../../outside.dat")
    with pytest.raises(tarfile.OutsideDestinationError):
        unipen_archive.extract(archive, tmp_path / "extracted/here")
    assert not (tmp_path / "extracted/outside.dat").exists()
