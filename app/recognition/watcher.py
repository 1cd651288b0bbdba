"""Models that are replaced while they serve: what `current` names is loaded aside, tested, and only then serves."""

import logging
from collections import Counter
from pathlib import Path
from threading import Event, Lock, Thread

from app.recognition import versions
from app.recognition.recognizer import MODES, Recognizer, load_serving
from app.recognition.versions import ModelError

PERIOD = 1.0  # seconds between two looks


class Watcher:
    """Keeps up with the versions that serve in a folder of models.

    recognizer: the models that serve, None until each mode has one. Replaced as a whole, never changed: whoever took it
    finishes with the models that it began with. loaded, refused: how many versions of each mode were, so far.

    Args:
        models: the folder; app.recognition.versions says what is in it.
        log: is told once why a model does not serve.
    """

    def __init__(self, models: Path, log: logging.Logger):
        self.recognizer: Recognizer | None = None
        self.loaded, self.refused = Counter(), Counter()
        self._models, self._log = models, log
        self._loaded, self._seen = {}, {}
        self._starting, self._stopping, self._thread = Lock(), Event(), None

    def look(self) -> None:
        """Load what is named anew. Where that must not serve, what served before goes on."""
        for mode in MODES:
            found = self._find(mode)
            if found != self._seen.get(mode):
                self._seen[mode] = found
                self._renew(mode)

    def start(self) -> None:
        """Look about every second from now on, in a thread of this process; again after a fork, which ends threads."""
        if self._thread is not None and self._thread.is_alive():
            return
        with self._starting:
            if not (self._stopping.is_set() or (self._thread is not None and self._thread.is_alive())):
                self._thread = Thread(target=self._keep_looking, name="models", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """For good; what serves goes on serving."""
        self._stopping.set()
        with self._starting:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _keep_looking(self) -> None:
        while True:
            self.look()
            if self._stopping.wait(PERIOD):
                return

    def _find(self, mode: str) -> tuple | str:
        """What changes with anything that could make loading turn out otherwise."""
        try:
            folder = versions.serving(self._models, mode)
        except ModelError as error:
            return str(error)
        return folder.name, *(_stamp(folder / name) for name in ("card.json", "model.tflite"))

    def _renew(self, mode: str) -> None:
        serves = self._loaded.get(mode)
        try:
            if serves and versions.serving(self._models, mode).name == serves.version:
                return
            model = load_serving(self._models, mode)
        except Exception as error:  # whatever it is, the thread and the other modes must go on
            self.refused[mode] += 1
            unforeseen = None if isinstance(error, ModelError) else error
            if serves:
                says = "%s: %s Version %s goes on serving."
                self._log.error(says, mode, error, serves.version, exc_info=unforeseen)
            else:
                self._log.critical("%s: %s Nothing is read until this is mended.", mode, error, exc_info=unforeseen)
            return
        self._loaded[mode] = model
        self.loaded[mode] += 1
        if len(self._loaded) == len(MODES):
            self.recognizer = Recognizer(self._loaded)
        self._log.info("%s: version %s serves.", mode, model.version)


def _stamp(file: Path) -> tuple[int, ...] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
