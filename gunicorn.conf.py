"""How `gunicorn main:app` serves. Its own flags override this; WEB_CONCURRENCY sets the number of processes."""

import ctypes
import logging
import logging.config
import os
import runpy
from pathlib import Path

from gunicorn.glogging import Logger

# Run, not imported: the package would bring the whole app into the parent process too.
_app = Path(__file__).parent / "app"
_settings = runpy.run_path(str(_app / "settings.py"))["read"](os.environ)
_logging = runpy.run_path(str(_app / "logs.py"))["configuration"](_settings["LOG_FORMAT"])

bind = f"{_settings['HOST']}:{_settings['PORT']}"
worker_class = runpy.run_path(str(_app / "patient_worker.py"))["PatientWorker"]  # a slow client holds up nobody else
# One process: a second one brings models of its own, and rates that are counted apart. Cloud Run adds instances.
workers = int(os.environ.get("WEB_CONCURRENCY") or 1)
# One picture is read at a time (app/serving.py); the other threads wait for their turn, or for a store.
threads = 8
worker_connections = 900  # many systems let a process open 1,024 files, and the app needs some
timeout = 0  # it would kill all that a process has in hand for one that hangs; whoever stands before it has a limit
graceful_timeout = 8  # Cloud Run kills 10 s after SIGTERM; the app's stores finish within these
keepalive = 75  # longer than the 60 s that nginx and others keep a connection, else they use one that just closed
control_socket_disable = True
forwarded_allow_ips = ""  # app/proxies.py says which proxies are believed


class logger_class(Logger):
    """Has gunicorn's lines look like the app's, and those of requests come from the app alone (app/request_log.py)."""

    def setup(self, cfg):
        super().setup(cfg)
        logging.config.dictConfig(_logging)
        logging.captureWarnings(True)


def post_worker_init(worker):
    """Let the process look after its models from the start, so that none answers from one that was replaced long ago.

    Its metrics also tell what waits for a thread. An app that has none of this goes without.
    """
    extensions = getattr(worker.app.callable, "extensions", {})
    extensions["worker"] = worker
    if "models" in extensions:
        extensions["models"].start()


def when_ready(server):
    """Let all threads share one heap, and the heap keep a little of what is freed, before the processes are forked.

    Else each thread warms a heap of its own, and arrays go back to the system and come again page by page: a third
    fewer answers (doc/benchmarks.md). The numbers are those of glibc's malloc.h; other C libraries go without.
    """
    trim_threshold, top_pad, arena_max = -1, -2, -8
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(arena_max, 1)
        mallopt(top_pad, 4 << 20)
        mallopt(trim_threshold, 32 << 20)
