"""How much an app's requirements take on disk."""

import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterable
from importlib.metadata import distribution, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def read_requirements(file: Path) -> list[str]:
    """The requirements of a file, one a line; comments and other files that it names are left out."""
    lines = (line.partition("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("-")]


def closure(requirements: Iterable[str]) -> set[str]:
    """The names of all that these need, themselves included, as installed here."""
    todo = [Requirement(requirement) for requirement in requirements]
    found = set()
    while todo:
        wanted = todo.pop()
        for extra in ("", *wanted.extras):
            if (asked := (canonicalize_name(wanted.name), extra)) not in found:
                found.add(asked)
                theirs = map(Requirement, distribution(wanted.name).requires or ())
                todo += [other for other in theirs if not other.marker or other.marker.evaluate({"extra": extra})]
    return {name for name, _ in found}


def size_here(requirements: Iterable[str]) -> int:
    """Bytes of the files of all that these need, in the environment that runs this."""
    total = 0
    for name in closure(requirements):
        installed = distribution(name)
        paths = (Path(installed.locate_file(file)) for file in installed.files or ())
        total += sum(path.stat().st_size for path in paths if path.is_file())
    return total


def size_fresh(requirements: Iterable[str]) -> int:
    """Bytes of all that pip puts into a new environment for these, in the versions that are installed here."""
    pinned = [f"{Requirement(text).name}=={version(Requirement(text).name)}" for text in requirements]
    with tempfile.TemporaryDirectory() as folder:
        install(Path(folder), *pinned)
        return size_within(Path(folder))


def size_within(environment: Path) -> int:
    """Bytes of all that is installed in an environment made by `install`."""
    return sum(path.stat().st_size for path in (environment / "lib").rglob("*") if path.is_file())


def install(environment: Path, *what: str) -> None:
    """Make an environment in an empty folder, or in place of what the folder holds, with `what` for pip to install."""
    venv.create(environment, clear=True, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", str(environment)]
    subprocess.run([*pip, "install", "--quiet", "--disable-pip-version-check", *what], check=True)
