"""An app behind a real HTTP server."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from werkzeug.serving import make_server

from benchmarks.drawings import Drawing
from benchmarks.servers import Server
from tests.drawings import data_url, draw


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def shipped(**environment: str) -> Iterator[Server]:
    """The app as it is shipped, in processes of its own, with these settings; it answers."""
    question = json.dumps({"image": data_url(draw("3")), "mode": "digit"}).encode()
    with Server("main:app", environment) as server:
        server.first_answer(Drawing("3", "by hand", question), "3")
        yield server
