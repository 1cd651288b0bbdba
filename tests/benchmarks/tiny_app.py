"""An app that reads everything as a 3, or as READS_AS says."""

import os

READS_AS = os.environ.get("READS_AS", "3")


def app(environ, start_response):
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", "19")])
    return [b'{"prediction": "%s"}' % READS_AS.encode()]
