"""The environment in which the Gradio app runs: Gradio and ours want different versions of Pillow."""

import shutil
from pathlib import Path

from benchmarks.cache import CACHE
from benchmarks.installed_size import install, read_requirements

REQUIREMENTS = Path(__file__).with_name("gradio-requirements.txt")
FOLDER = CACHE / "gradio"


def ready() -> Path:
    """Its folder; it is made at first use, which takes a minute, and anew where its requirements have changed."""
    made_from = FOLDER / REQUIREMENTS.name
    if not made_from.exists() or made_from.read_bytes() != REQUIREMENTS.read_bytes():
        install(FOLDER, "-r", str(REQUIREMENTS))
        shutil.copy(REQUIREMENTS, made_from)
    return FOLDER


def python() -> Path:
    """Its interpreter."""
    return ready() / "bin" / "python"


def version() -> str:
    """Gradio's, as the requirements pin it."""
    pins = read_requirements(REQUIREMENTS.with_suffix(".in"))
    return next(pin.removeprefix("gradio==") for pin in pins if pin.startswith("gradio=="))
