"""Does a running server do what it should? `python deploy/smoke.py https://inkloop.example.org`

Waits until it is ready, then has it read a digit and a letter, refuse what is no picture, and send the headers that
protect its visitors. Prints a line for each; exits 0 where all is well, 1 where not. Needs Python alone.
"""

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any, NamedTuple

# A 3 and an A of one bit a pixel.
THREE = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAFAAAABQAQAAAACmas8AAAAA80lEQVR42rWTy22EMBRFzzNoxCLS0AGUkA5CZ+NSUoqnE0pw"
    "srIimJuFPyRRpFnB6ujq+uF3ECbq4zgR7wuACeS6raSf7B5AUoBJEpKAqyQHAlLuPpjClrvJlCwX0oWLyrAB8z7jCEtJZ5gD"
    "OBgWGPOEXVKcJFdPnrN8mhvGI10PDEtWUszkdG8TPnqrGHEVV15+vw1JWumyEoBHTRMUqdLGrRY6H0pBWqd2bIxt7g8lfWro"
    "nm1s23+p+r/p2FCp3LcUtgEcfB1fXkAcwWF4eJ8ByV/zQkiBWyhrroBlTFCV9FCddR5ei52Iqdrxb5Jk5/8M3ymElfbth/e6"
    "AAAAAElFTkSuQmCC"
)
LETTER_A = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAFAAAABQAQAAAACmas8AAAAA4ElEQVR42rWTsbGEMAxEn3UEZEcHn1Lo7CjNpVCCQwKP9wcW"
    "gmNIzwk7a6280g5JHMf4IdQasOWAdTtrS8D9sUPZH5+oAbdHWW4B0+mBPrYkpSxJdl5Zv14PYpgvfbPDxhTsGLLaXRjANF5k"
    "xeHOEOwcstJnNoDl4oTqcCMdfrP0cr8Zmheki18/kpKUvdaCbQAfn/gprOZzfrPVV3yT/UlufQeG0tk5CooHasDSP98dNiBV"
    "oHvVS7K+ZhoYffL1Lls9RDvWBuahsmL0Pc83WTtCNGwEmBaQ3pJUpPT7n+Efx8pkLAS1QGQAAAAASUVORK5CYII="
)
REQUEST_SECONDS = 30.0
PAUSE = 0.5  # seconds between two looks at whether it is ready
LONGEST = 1_000_000  # bytes of an answer
SECURITY_HEADERS = {"Content-Security-Policy": "default-src '", "X-Content-Type-Options": "nosniff"}


class Failure(Exception):
    """What is wrong, in words."""


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> dict[str, Any]:
        """Raises Failure."""
        try:
            found = json.loads(self.content)
        except ValueError as error:
            raise Failure(f"an answer that is no JSON: {self.content[:200]!r}") from error
        if not isinstance(found, dict):
            raise Failure(f"an answer that is no JSON object: {self.content[:200]!r}")
        return found


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The token is for this server alone."""

    def redirect_request(self, *_) -> None:
        return None


class Server:
    """A server by its address. `token`: an identity token, for one that is private."""

    def __init__(self, url: str, token: str = ""):
        self._url = url.rstrip("/")
        self._headers = {"User-Agent": "inkloop-smoke"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self._opener = urllib.request.build_opener(_NoRedirect)

    def get(self, path: str) -> Answer:
        return self._ask(path, None, {})

    def post(self, path: str, body: Mapping[str, str]) -> Answer:
        return self._ask(path, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _ask(self, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        """The answer, whatever its status. Raises Failure where there is none."""
        request = urllib.request.Request(self._url + path, body, self._headers | dict(headers))
        try:
            with self._opener.open(request, timeout=REQUEST_SECONDS) as response:
                return Answer(response.status, response.headers, response.read(LONGEST))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read(LONGEST))
        except (OSError, HTTPException) as error:
            raise Failure(f"no answer from {self._url + path}: {error}") from error


def wait_until_ready(server: Server, seconds: float) -> str:
    """Raises Failure, with what came last, where it is not ready within `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            answer = server.get("/health/ready")
            if answer.status == 200 and answer.json().get("status") == "ready":
                return "the models are loaded"
            problem = f"{answer.status}: {answer.content[:200]!r}"
        except Failure as failure:
            problem = str(failure)
        if time.monotonic() > deadline:
            raise Failure(f"not ready within {seconds:g} s; last, {problem}")
        time.sleep(PAUSE)


def check_reading(server: Server, image: str, mode: str, expected: str) -> str:
    answer = server.post("/api/predict", {"image": image, "mode": mode})
    if answer.status != 200:
        raise Failure(f"expected 200, received {answer.status}: {answer.content[:200]!r}")
    found = answer.json()
    if found.get("prediction") != expected:
        raise Failure(f"expected {expected!r}, received {found.get('prediction')!r}")
    return f"read as {expected!r} with {found['confidence']:.1%}, model {found['model']['version']}"


def check_refusal(server: Server) -> str:
    answer = server.post("/api/predict", {"image": "no picture", "mode": "digit"})
    kind = answer.headers.get("Content-Type", "")
    if not 400 <= answer.status < 500 or kind.partition(";")[0] != "application/problem+json":
        raise Failure(f"expected 4xx as application/problem+json, received {answer.status} as {kind!r}")
    if not answer.json().get("detail"):
        raise Failure("the refusal does not say why")
    return f"refused with {answer.status}"


def check_page(server: Server) -> str:
    answer = server.get("/")
    if answer.status != 200 or b"<!doctype html>" not in answer.content.lower():
        raise Failure(f"expected a page, received {answer.status}: {answer.content[:80]!r}")
    for name, expected in SECURITY_HEADERS.items():
        if expected not in (received := answer.headers.get(name, "")):
            raise Failure(f"expected {expected!r} in the header {name}, received {received!r}")
    return "served, with the headers that protect its visitors"


def smoke(server: Server, wait: float) -> bool:
    """Whether every check passes; a line for each. What is not ready is asked no more."""
    if not _passes("ready", lambda: wait_until_ready(server, wait)):
        return False
    checks: dict[str, Callable[[], str]] = {
        "digit": lambda: check_reading(server, THREE, "digit", "3"),
        "letter": lambda: check_reading(server, LETTER_A, "character", "A"),
        "bad input": lambda: check_refusal(server),
        "page": lambda: check_page(server),
    }
    passed = [_passes(name, check) for name, check in checks.items()]
    return all(passed)


def _passes(name: str, check: Callable[[], str]) -> bool:
    try:
        print(f"ok    {name}: {check()}", flush=True)
    except (Failure, KeyError, TypeError, ValueError) as error:  # an answer's parts may be missing or of another kind
        print(f"FAIL  {name}: {error if isinstance(error, Failure) else repr(error)}", flush=True)
        return False
    return True


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="the server's address, such as http://localhost:8080")
    parser.add_argument("--wait", type=float, default=60, help="seconds until it must be ready (default %(default)s)")
    token = os.environ.get("IDENTITY_TOKEN", "")
    parser.add_argument("--token", default=token, help="identity token of a private service (default IDENTITY_TOKEN)")
    options = parser.parse_args(arguments)
    if not options.url.startswith(("http://", "https://")):
        parser.error(f"url must begin with http:// or https://. Received: {options.url!r}")
    return 0 if smoke(Server(options.url, options.token), options.wait) else 1


if __name__ == "__main__":
    sys.exit(main())
