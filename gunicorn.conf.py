"""How `gunicorn main:app` serves. Its own flags override this; WEB_CONCURRENCY sets the number of processes."""

import ctypes
import os
import runpy
from pathlib import Path

# Run, not imported: the package would bring the whole app into the parent process too.
_settings = runpy.run_path(str(Path(__file__).parent / "app" / "settings.py"))["read"](os.environ)

bind = f"{_settings['HOST']}:{_settings['PORT']}"
worker_class = "gthread"  # keeps connections open, and a slow one holds up nobody else
threads = 8
control_socket_disable = True


def post_worker_init(worker):
    """Let the process look after its models from the start, so that none answers from one that was replaced long ago.

    An app that has no such models goes without.
    """
    watcher = getattr(worker.app.callable, "extensions", {}).get("models")
    if watcher:
        watcher.start()


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
