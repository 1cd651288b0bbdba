"""Whatever `make fuzz` found once stays mended."""

from pathlib import Path

import pytest

from tests.fuzz import contract
from tests.hostile import pictures

FOUND = {file.name: file.read_bytes for file in (Path(__file__).parent / "fuzzed").glob("[!.]*")}
PATTERNS = {name: make for name, make in pictures.SMALL.items() if "512 × 512" in name}


@pytest.mark.parametrize("name", [*FOUND, *PATTERNS])
def test_what_was_found_and_ink_of_very_many_parts_is_read_or_refused(name):
    contract.read((FOUND | PATTERNS)[name]())
