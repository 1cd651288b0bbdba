"""An app that is as slow as a test wants: /hold is answered once the file HELD_UNTIL is there."""

import os
import time
from pathlib import Path


class App:
    config = {"MAX_QUEUE_SECONDS": 0.05, "MAX_CONTENT_LENGTH": 40_000_000}  # noqa: RUF012
    extensions: dict = {}  # noqa: RUF012

    def __call__(self, environ, start_response):
        let_go = Path(os.environ["HELD_UNTIL"])
        if environ["PATH_INFO"] == "/hold":
            let_go.with_name("held").touch()
            while not let_go.exists():
                time.sleep(0.005)
        body = b"%d" % self.extensions["worker"].shed
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]


app = App()
