"""What is locked is what is asked for, with hashes, from the package index alone."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from benchmarks.installed_size import read_requirements

ROOT = Path(__file__).parent.parent
PINNED = re.compile(
    r"^([a-z0-9-]+)(\[[a-z0-9,-]+\])?==(\S+)( ; [^\\]+)? \\(\n    --hash=sha256:[0-9a-f]{64}( \\)?)+$", re.M
)


LOCKS = ["requirements-prod", "requirements", "benchmarks/gradio-requirements"]


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_with_hashes_and_nothing_else_stands_there(name):
    text = (ROOT / f"{name}.txt").read_text(encoding="utf-8")
    left = PINNED.sub("", text)
    assert [line for line in left.splitlines() if line and not line.lstrip().startswith("#")] == []


@pytest.mark.parametrize("name", LOCKS)
def test_what_is_asked_for_is_locked_in_that_version(name):
    text = (ROOT / f"{name}.txt").read_text(encoding="utf-8")
    locked = {(found[1], found[3]) for found in PINNED.finditer(text)}
    asked = [Requirement(line) for line in read_requirements(ROOT / f"{name}.in")]
    expected = {(canonicalize_name(one.name), str(one.specifier).removeprefix("==")) for one in asked}
    assert expected <= locked, "make lock"


def test_both_locks_agree_on_what_they_share():
    prod, develops = (
        PINNED.findall((ROOT / name).read_text()) for name in ("requirements-prod.txt", "requirements.txt")
    )
    assert {(found[0], found[2]) for found in prod} <= {(found[0], found[2]) for found in develops}
