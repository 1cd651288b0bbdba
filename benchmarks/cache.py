"""What benchmarks keep from one run to the next, out of git."""

from pathlib import Path

CACHE = Path(__file__).parent / ".cache"


def usual_model(mode: str) -> Path:
    """The usual app's trained network for a mode, made by `benchmarks.usual_training`."""
    return CACHE / f"usual-{mode}.keras"
