"""What the Dockerfile says, for tests to do without Docker."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
_TEXT = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
INSTRUCTIONS = re.findall(r"^([A-Z]+)\s+(.*)$", _TEXT.replace("\\\n", " "), flags=re.MULTILINE)


def said(instruction: str) -> list[str]:
    """What stands after each use of an instruction, in order."""
    return [text for name, text in INSTRUCTIONS if name == instruction]


def command() -> list[str]:
    (text,) = said("CMD")
    return json.loads(text)


def environment() -> dict[str, str]:
    return dict(setting.split("=", 1) for text in said("ENV") for setting in shlex.split(text))


def user() -> int:
    (text,) = said("USER")
    return int(text.partition(":")[0])


def copied() -> list[str]:
    """The files and folders of the repository that are copied, installing aside."""
    sources = [shlex.split(text)[:-1] for text in said("COPY") if not text.startswith("--from")]
    return [source for group in sources for source in group if source not in INSTALLING]


INSTALLING = ("requirements-prod.txt", "deploy/install.sh")


def context(scratch: Path) -> list[str]:
    """The files that .dockerignore lets through; git's rules read it as Docker's do. `scratch`: an empty folder."""
    git = ["git", f"--git-dir={scratch}", f"--work-tree={ROOT}"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    listing = [*git, "ls-files", "--others", "-z", "--exclude-from=.dockerignore"]
    found = subprocess.run(listing, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return found.rstrip("\0").split("\0")


def copy(files: list[str], target: Path) -> None:
    """Put what the image holds of them into a folder where nobody may write."""
    for file in files:
        if any(file == source or file.startswith(source + "/") for source in copied()):
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, target / file)
    for path in (target, *target.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
