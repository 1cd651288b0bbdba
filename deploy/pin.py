"""Writes the digest of each base image beside its tag in the Dockerfile, or renews it: `python -m deploy.pin`

A digest comes from the image's registry alone (OCI Distribution Specification, anonymous), and only where it is that of
the manifest which came with it. Where a registry cannot be reached nothing is written.
"""

import argparse
import hashlib
import json
import re
import sys
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

DOCKERFILE = Path(__file__).parent.parent / "Dockerfile"
FROM = re.compile(r"^(FROM\s+(?:--\S+\s+)*)([^\s@]+:[^\s@/]+)(?:@sha256:[0-9a-f]{64})?(?=\s|$)", re.MULTILINE)
MANIFESTS = (  # an index of all platforms before one of them
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
LOOPBACK = ("localhost", "127.0.0.1")
TIMEOUT = 30.0  # seconds
LARGEST = 4 << 20  # bytes of a manifest, as registries limit them


class PinError(RuntimeError):
    """A digest that cannot be had, in words."""


class Image(NamedTuple):
    """A name such as python:3.13-slim, as Docker reads it."""

    registry: str
    repository: str
    tag: str

    @classmethod
    def parse(cls, name: str) -> "Image":
        path, _, tag = name.rpartition(":")
        first, slash, rest = path.partition("/")
        if slash and ("." in first or ":" in first or first == "localhost"):
            registry, repository = first, rest
        else:
            registry, repository = "docker.io", path
        if registry == "docker.io":
            return cls("registry-1.docker.io", repository if "/" in repository else f"library/{repository}", tag)
        return cls(registry, repository, tag)

    @property
    def url(self) -> str:
        """Of its manifest; without TLS on this machine alone, as Docker does it."""
        scheme = "http" if self.registry.partition(":")[0] in LOOPBACK else "https"
        return f"{scheme}://{self.registry}/v2/{self.repository}/manifests/{self.tag}"


def digest_of(name: str) -> str:
    """The digest, "sha256:…", that an image's tag has now. Raises PinError."""
    url = Image.parse(name).url
    try:
        content, stated = _manifest(url)
    except urllib.error.HTTPError as error:
        raise PinError(f"{name}: {url} answers {error.code} {error.reason}.") from error
    except (OSError, HTTPException, ValueError, KeyError) as error:
        raise PinError(f"{name}: {url} cannot be asked: {error!r}.") from error
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    if stated not in (None, digest):
        raise PinError(f"{name}: {url} says {stated}, but sent a manifest of {digest}.")
    return digest


def pinned(dockerfile: str) -> str:
    """A Dockerfile's text with the digest of each base image that it names with a tag. Raises PinError."""
    digests = {name: digest_of(name) for name in dict.fromkeys(name for _, name in FROM.findall(dockerfile))}
    return FROM.sub(lambda found: f"{found[1]}{found[2]}@{digests[found[2]]}", dockerfile)


def _manifest(url: str) -> tuple[bytes, str | None]:
    """A manifest, and the digest that the registry gives it."""
    request = urllib.request.Request(url, headers={"Accept": ", ".join(MANIFESTS)})
    try:
        return _read(request)
    except urllib.error.HTTPError as error:
        with error:
            if error.code != 401:
                raise
            challenge = error.headers.get("WWW-Authenticate", "")
    request.add_unredirected_header("Authorization", f"Bearer {_token(url, challenge)}")
    return _read(request)


def _token(url: str, challenge: str) -> str:
    """What the registry's own service gives to anybody."""
    asked = dict(CHALLENGE.findall(challenge))
    realm = asked.pop("realm")
    if urlsplit(realm).scheme not in {"https", urlsplit(url).scheme}:
        raise ValueError(f"a token would come without TLS, from {realm}")
    content, _ = _read(urllib.request.Request(f"{realm}?{urlencode(asked)}"))
    answer = json.loads(content)
    return answer.get("token") or answer["access_token"]


def _read(request: urllib.request.Request) -> tuple[bytes, str | None]:
    with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
        return response.read(LARGEST), response.headers.get("Docker-Content-Digest")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dockerfile", nargs="?", type=Path, default=DOCKERFILE, help="default: the project's own")
    file = parser.parse_args(arguments).dockerfile
    before = file.read_text(encoding="utf-8")
    try:
        after = pinned(before)
    except PinError as error:
        print(error, file=sys.stderr)
        return 1
    file.write_text(after, encoding="utf-8")
    print("\n".join(line for line in after.splitlines() if FROM.match(line)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
