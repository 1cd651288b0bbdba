from importlib.metadata import distributions

from doc.licences import PAGE, shipped


def test_every_package_that_serves_is_listed_with_a_licence():
    installed = {distribution.name.lower().replace("_", "-").replace(".", "-") for distribution in distributions()}
    rows = [line.split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    listed = {row[0].removeprefix("| "): row[1] for row in rows}
    missing = (set(shipped()) & installed) - listed.keys()
    assert not missing, "Run `python -m doc.licences`"
    assert not [name for name, licence in listed.items() if licence in ("", "UNKNOWN")]
