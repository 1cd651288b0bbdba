import hashlib

import pytest
from flask import Flask, request

from deploy import pin
from tests.server import served

MANIFEST = b'{"schemaVersion": 2}'
DIGEST = "sha256:" + hashlib.sha256(MANIFEST).hexdigest()
STALE = "sha256:" + "0" * 64


@pytest.fixture
def registry():
    """Gives the manifest of library/python:3.13 to who shows a token for it."""
    app = Flask("registry")
    app.stated = DIGEST

    @app.get("/token")
    def token():
        assert request.args["service"] == "registry.test"
        return {"token": f"for {request.args['scope']}"}

    @app.get("/v2/library/python/manifests/3.13")
    def manifest():
        scope = "repository:library/python:pull"
        if request.headers.get("Authorization") != f"Bearer for {scope}":
            challenge = f'Bearer realm="{request.host_url}token",service="registry.test",scope="{scope}"'
            return "", 401, {"WWW-Authenticate": challenge}
        assert request.accept_mimetypes.best == "application/vnd.oci.image.index.v1+json"
        return MANIFEST, {"Docker-Content-Digest": app.stated}

    with served(app) as address:
        app.name_of_image = f"{address.removeprefix('http://')}/library/python"
        yield app


def test_digests_are_written_and_renewed_and_the_rest_stays(registry, tmp_path):
    image, file = f"{registry.name_of_image}:3.13", tmp_path / "Dockerfile"
    text = "# FROM a:1\nFROM --platform=linux/amd64 {0} AS build\nRUN x\nFROM {0}\nFROM build\nFROM scratch\n"
    file.write_text(text.format(image).replace(f"FROM {image}\n", f"FROM {image}@{STALE}\n"))
    assert pin.main([str(file)]) == 0
    assert file.read_text() == text.format(f"{image}@{DIGEST}")


@pytest.mark.parametrize(("tag", "stated"), [("3.14", DIGEST), ("3.13", STALE)])
def test_without_a_digest_that_is_the_manifests_nothing_is_written(registry, tmp_path, capsys, tag, stated):
    registry.stated = stated
    text, file = f"FROM {registry.name_of_image}:{tag}\n", tmp_path / "Dockerfile"
    file.write_text(text)
    assert pin.main([str(file)]) == 1
    assert file.read_text() == text
    assert ("404" if tag == "3.14" else STALE) in capsys.readouterr().err


def test_a_registry_that_cannot_be_reached_is_named(tmp_path, capsys):
    (tmp_path / "Dockerfile").write_text("FROM 127.0.0.1:9/python:3.13\n")
    assert pin.main([str(tmp_path / "Dockerfile")]) == 1
    assert "http://127.0.0.1:9/v2/python/manifests/3.13 cannot be asked" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("python:3.13-slim", "https://registry-1.docker.io/v2/library/python/manifests/3.13-slim"),
        ("docker.io/library/python:3", "https://registry-1.docker.io/v2/library/python/manifests/3"),
        ("astral/uv:1", "https://registry-1.docker.io/v2/astral/uv/manifests/1"),
        ("gcr.io/distroless/cc:debug", "https://gcr.io/v2/distroless/cc/manifests/debug"),
    ],
)
def test_names_are_read_as_docker_reads_them(name, url):
    assert pin.Image.parse(name).url == url


def test_the_projects_own_dockerfile_names_versions():
    found = pin.FROM.findall(pin.DOCKERFILE.read_text())
    assert len(found) == 2
    assert len({name for _, name in found}) == 1
