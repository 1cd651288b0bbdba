"""Coverage-guided fuzzing (atheris) of what reads strangers' pictures: `python -m tests.fuzz.pictures --seconds 60`.

Begins with the corpus of `tests.hostile`. A finding breaks `contract.read`, or takes five seconds or a gigabyte; it is
written into tests/recognition/fuzzed, where the tests read it ever after.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["PIL", "app.recognition"]):
    from tests.fuzz import contract

from tests.hostile import pictures

FOUND = Path(__file__).parents[1] / "recognition" / "fuzzed"
LONGEST = 20_000  # bytes of a seed: what is longer is slow to change


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    FOUND.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as corpus:
        for number, (_, data) in enumerate((*pictures.damaged(), *pictures.odd())):
            if len(data) <= LONGEST:
                (Path(corpus) / str(number)).write_bytes(data)
        flags = [f"-max_total_time={options.seconds}", f"-max_len={LONGEST}", "-timeout=5", "-rss_limit_mb=1024"]
        atheris.Setup([sys.argv[0], *flags, f"-artifact_prefix={FOUND}/", corpus], contract.read)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
