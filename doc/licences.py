"""Lists the licences of the packages that serve, as their authors state them, in doc/licences.md.

python -m doc.licences
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "doc" / "licences.md"
MARKS = "<!-- packages -->", "<!-- /packages -->"


def shipped() -> list[str]:
    """The names in requirements-prod.txt, lower case with hyphens."""
    return sorted(re.findall(r"^([a-z0-9.-]+)==", (ROOT / "requirements-prod.txt").read_text(), re.M))


def table() -> str:
    """A row a package that is installed here, in Markdown; some in the lock are for other systems."""
    tool = Path(sys.executable).parent / "pip-licenses"
    command = [tool, "--from=mixed", "--with-urls", "--format=json", "--packages", *shipped()]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    rows = sorted((re.sub(r"[-_.]+", "-", each["Name"]).lower(), each["License"], each["URL"]) for each in found)
    lines = [f"| {name} | {licence} | {'' if url == 'UNKNOWN' else url} |" for name, licence, url in rows]
    return "\n".join(["| package | licence | from |", "| --- | --- | --- |", *lines])


def main() -> None:
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    PAGE.write_text(f"{before}{MARKS[0]}\n\n{table()}\n\n{MARKS[1]}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
