"""How `gunicorn main:app` serves. Its own flags override this; WEB_CONCURRENCY sets the number of processes."""

import os
import runpy
from pathlib import Path

# Run, not imported: the package would bring the whole app into the parent process too.
_settings = runpy.run_path(str(Path(__file__).parent / "app" / "settings.py"))["read"](os.environ)

bind = f"{_settings['HOST']}:{_settings['PORT']}"
worker_class = "gthread"  # keeps connections open, and a slow one holds up nobody else
threads = 8
control_socket_disable = True
