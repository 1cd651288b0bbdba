"""What Cloud Run and Cloud Monitoring say in tests: the one as gcloud prints it, the other over real HTTP."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

from deploy.gate import Figures

IMAGES = "europe-west1-docker.pkg.dev/inkloop-tests/inkloop/inkloop"
OLD, NEW, OLDER = "inkloop-00001-old", "inkloop-00002-new", "inkloop-00000-older"
PLACEHOLDER = "us-docker.pkg.dev/cloudrun/container/hello"
SETTINGS = {"GCP_PROJECT": "inkloop-tests", "GCP_REGION": "europe-west1"}


def service(
    shares: dict[str, int],
    tags: dict[str, tuple[str, str]] | None = None,
    *,
    image: str = f"{IMAGES}@sha256:0",
    url: str,
) -> str:
    """What `gcloud run services describe --format=json` prints. tags: revision and address of each."""
    traffic = [{"revisionName": revision, "percent": share} for revision, share in shares.items()]
    traffic += [{"revisionName": revision, "tag": tag, "url": at} for tag, (revision, at) in (tags or {}).items()]
    return json.dumps(
        {
            "spec": {"template": {"spec": {"containers": [{"image": image}]}}},
            "status": {"url": url, "traffic": traffic, "latestCreatedRevisionName": next(iter(shares), None)},
        }
    )


@contextmanager
def stand_in(figures: dict[str, Figures]) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A server that answers as Cloud Monitoring does, and is ready but can do nothing else.

    figures: what each revision did. Yields its address and the list of what it will have been asked.
    """
    asked: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):  # the name that http.server calls
            found = urlsplit(self.path)
            content = b'{"status": "ready"}'
            if found.path.endswith("/timeSeries"):
                query = {name: values[0] for name, values in parse_qs(found.query).items()}
                asked.append(query | {"path": found.path, "token": self.headers["Authorization"]})
                content = json.dumps(_series(figures, query["filter"])).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", asked
        server.shutdown()


def _series(figures: dict[str, Figures], asked: str) -> dict:
    did = next(did for revision, did in figures.items() if f'"{revision}"' in asked)
    if "request_latencies" in asked:
        points = [] if did.latency is None else [{"value": {"doubleValue": did.latency}}]
        return {"timeSeries": [{"metric": {"labels": {}}, "points": points}]}
    answers = {"2xx": did.requests - did.errors, "5xx": did.errors}
    series = [
        {"metric": {"labels": {"response_code_class": name}}, "points": [{"value": {"int64Value": str(count)}}]}
        for name, count in answers.items()
        if count
    ]
    return {"timeSeries": series} if series else {}
