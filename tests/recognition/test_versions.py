import pytest

from app.recognition import versions
from app.recognition.versions import ModelError


@pytest.fixture
def models(tmp_path):
    """Two versions, of which the newer one serves."""
    for name in ("v1", "v2"):
        (tmp_path / "digit" / name).mkdir(parents=True)
    name_as_current(tmp_path, "v2\nv1\n")
    return tmp_path


def name_as_current(models, text: str) -> None:
    (models / "digit" / "current").write_bytes(text.encode())


def test_first_line_names_what_serves_and_the_rest_what_it_replaced(models):
    assert versions.serving(models, "digit") == models / "digit" / "v2"
    assert versions.history(models, "digit") == ["v2", "v1"]


@pytest.mark.parametrize("text", ["v2", "v2\r\nv1\r\n", " v2 \n\nv1\n", "\nv2\nv1"])
def test_current_may_have_gone_through_another_system_or_an_editor(models, text):
    name_as_current(models, text)
    assert versions.serving(models, "digit").name == "v2"


def test_what_was_replaced_may_be_gone(models):
    name_as_current(models, "v2\ngone\n../..\n")
    assert versions.serving(models, "digit").name == "v2"


def test_missing_current_is_refused_by_name(models):
    with pytest.raises(ModelError, match="character/current cannot be read: No such file"):
        versions.serving(models, "character")


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_empty_current_is_refused(models, text):
    name_as_current(models, text)
    with pytest.raises(ModelError, match="digit/current is empty"):
        versions.serving(models, "digit")


def test_current_that_is_no_text_is_refused(models):
    (models / "digit" / "current").write_bytes(b"\xff\xfe")
    with pytest.raises(ModelError, match="digit/current cannot be read"):
        versions.serving(models, "digit")


@pytest.mark.parametrize("name", ["digit/v1", "../digit", "..", "/etc", ".partial", "v1\x00", "v" * 65, "-v1", "v 1"])
def test_name_that_is_no_versions_is_refused(models, name):
    name_as_current(models, name)
    with pytest.raises(ModelError, match=r"must name a version: .* Received: "):
        versions.serving(models, "digit")


def test_version_without_a_folder_is_refused(models):
    name_as_current(models, "v3\nv2\n")
    with pytest.raises(ModelError, match="names version v3, but there is no folder"):
        versions.serving(models, "digit")
