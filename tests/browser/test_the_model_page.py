import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_accessibility import violations

DESK = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
SCREENS = pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])


@pytest.fixture(scope="module")
def matrix(recognizer):
    """A mode's labels and the counts of its card's first test, [drawn][read]."""

    def matrix(mode: str) -> tuple[list[str], list[list[int]]]:
        card = recognizer.cards[mode]
        return card["labels"], next(iter(card["tests"].values()))["confusion"]

    return matrix


def heat(page):
    return page.get_by_role("application")


def readout(page):
    return page.locator("[data-readout]")


def place(page, size: int, column: int, row: int) -> tuple[float, float]:
    """The middle of a cell, in pixels of the window."""
    heat(page).scroll_into_view_if_needed()
    box = page.locator("[data-cells]").bounding_box()
    return box["x"] + (column + 0.5) * box["width"] / size, box["y"] + (row + 0.5) * box["height"] / size


def named(label: str) -> str:
    return f"{'digit' if label.isdigit() else 'capital' if label.isupper() else 'small'} {label}"


def sentence(labels: list[str], counts: list[list[int]], column: int, row: int) -> str:
    """What the page says of a cell."""
    count, of = counts[row][column], sum(counts[row])
    what = f"{named(labels[row])} read as {'what it is' if row == column else named(labels[column])}"
    share = f"{count} of {of}, {100 * count / of:.1f}\u00a0%" if count else f"never in {of}"
    return f"{what[0].upper()}{what[1:]}: {share}"


def most_confused(counts: list[list[int]]) -> tuple[int, int]:
    """Its column and its row."""
    cells = [(x, y) for y, row in enumerate(counts) for x, _ in enumerate(row) if x != y]
    return max(cells, key=lambda cell: counts[cell[1]][cell[0]])


def press(page, *keys: str):
    for key in keys:
        page.keyboard.press(key)


@SCREENS
@pytest.mark.parametrize("mode", ["any", "digit"])
def test_pointing_at_a_cell_says_what_it_holds(visit, matrix, mode, screen):
    page, (labels, counts) = visit(f"/model?mode={mode}", **screen), matrix(mode)
    for cell in [(0, 0), (len(labels) - 1, 2), most_confused(counts)]:
        page.mouse.move(*place(page, len(labels), *cell))
        expect(readout(page)).to_have_text(sentence(labels, counts, *cell))


def test_a_touch_means_the_fullest_cell_that_a_finger_covers(visit, matrix):
    page, (labels, counts) = visit("/model?mode=any", **PHONE), matrix("any")
    column, row = most_confused(counts)
    x, y = place(page, len(labels), column, row)
    page.touchscreen.tap(x + 6, y - 6)
    expect(readout(page)).to_have_text(sentence(labels, counts, column, row))


@pytest.mark.thorough
def test_a_cell_as_large_as_a_finger_is_touched_exactly(visit, matrix):
    page, (labels, counts) = visit("/model?mode=digit", **PHONE), matrix("digit")
    page.touchscreen.tap(*place(page, len(labels), 9, 3))
    expect(readout(page)).to_have_text(sentence(labels, counts, 9, 3))


@pytest.mark.thorough
@SCREENS
def test_the_keyboard_reads_the_map_from_its_most_confused_cell_on(visit, matrix, screen):
    page, (labels, counts) = visit("/model?mode=any", **screen), matrix("any")
    column, row = most_confused(counts)
    page.get_by_role("link", name="EMNIST ByClass, held out").focus()
    while not heat(page).evaluate("map => map === document.activeElement"):
        press(page, "Tab")
    expect(readout(page)).to_have_text(sentence(labels, counts, column, row))
    press(page, "ArrowLeft", "ArrowUp")
    expect(readout(page)).to_have_text(sentence(labels, counts, column - 1, row - 1))
    press(page, "ArrowRight", "ArrowDown", "ArrowDown")
    expect(readout(page)).to_have_text(sentence(labels, counts, column, row + 1))


@pytest.mark.thorough
def test_the_cursor_goes_to_the_ends_of_a_row_and_no_further(visit, matrix):
    page, (labels, counts) = visit("/model?mode=digit"), matrix("digit")
    _, row = most_confused(counts)
    heat(page).focus()
    press(page, "Home", "ArrowLeft")
    expect(readout(page)).to_have_text(sentence(labels, counts, 0, row))
    press(page, "End", "ArrowRight")
    expect(readout(page)).to_have_text(sentence(labels, counts, 9, row))
    press(page, *["ArrowDown"] * 12)
    expect(readout(page)).to_have_text(sentence(labels, counts, 9, 9))


@pytest.mark.thorough
def test_with_ctrl_the_cursor_goes_to_the_next_cell_that_is_not_empty(visit, matrix):
    page, (labels, counts) = visit("/model?mode=any"), matrix("any")
    _, row = most_confused(counts)
    heat(page).focus()
    press(page, "Home")
    filled = [column for column, count in enumerate(counts[row]) if count and column]
    for column in filled[:3]:
        press(page, "Control+ArrowRight")
        expect(readout(page)).to_have_text(sentence(labels, counts, column, row))


@pytest.mark.thorough
def test_arrow_keys_over_the_map_do_not_scroll_the_page_and_tab_leaves_it(visit):
    page = visit("/model?mode=digit")
    heat(page).focus()
    before = page.evaluate("scrollY")
    press(page, *["ArrowDown"] * 3, "End")
    assert page.evaluate("scrollY") == before
    press(page, "Tab")
    expect(heat(page)).not_to_be_focused()


@pytest.mark.thorough
def test_what_the_cursor_is_on_is_announced_and_marked(visit, matrix):
    page, (labels, counts) = visit("/model?mode=any"), matrix("any")
    column, row = most_confused(counts)
    heat(page).focus()
    expect(page.get_by_role("status")).to_have_text(sentence(labels, counts, column, row))
    expect(page.locator("[data-axis=drawn] .on")).to_have_text(labels[row])
    expect(page.locator("[data-axis=read] .on")).to_have_text(labels[column])
    cell = page.locator(".cell").bounding_box()
    x, y = place(page, len(labels), column, row)
    assert cell["x"] < x < cell["x"] + cell["width"]
    assert cell["y"] < y < cell["y"] + cell["height"]


@pytest.mark.thorough
@SCREENS
def test_the_matrix_is_there_as_a_table(visit, matrix, screen):
    page, (labels, counts) = visit("/model?mode=any", **screen), matrix("any")
    table = page.get_by_role("table").filter(has_text="Otherwise read as")
    expect(table).to_be_hidden()
    page.locator("#confusion ~ details summary").click()
    for label in ("8", "S", "s"):
        times = sum(counts[labels.index(label)])
        row = table.get_by_role("row").filter(has=page.get_by_role("rowheader", name=named(label), exact=True))
        expect(row).to_be_visible()
        expect(row.get_by_role("cell").first).to_have_text(str(times))
    assert page.evaluate("document.documentElement.scrollWidth") <= screen["viewport"]["width"]


@pytest.mark.thorough
def test_everything_but_the_cursor_works_without_javascript(visit, recognizer):
    page = visit("/model", java_script_enabled=False)
    page.get_by_role("link", name="Letter").click()
    expect(page.get_by_text(recognizer.cards["character"]["version"])).to_be_visible()
    page.get_by_role("link", name="EMNIST ByClass, held out").click()
    expect(page).to_have_url(re.compile(r"mode=character&test=EMNIST.*#detail$"))
    expect(page.get_by_role("img", name="Confusion matrix as a heat map")).to_be_visible()
    expect(page.get_by_text("arrow keys move")).to_be_hidden()
    page.locator("#confusion ~ details summary").click()
    expect(page.get_by_role("rowheader", name="capital Z")).to_be_visible()


@pytest.mark.thorough
def test_the_mode_comes_along_from_the_drawing(visit):
    page = visit("/canvas?mode=digit")
    page.get_by_role("navigation").get_by_role("link", name="Model").click()
    expect(page.get_by_role("link", name="Digit")).to_have_attribute("aria-current", "true")


@pytest.mark.thorough
@pytest.mark.parametrize(("screen", "scheme"), [(DESK, "dark"), (PHONE, "light")], ids=["desk", "phone"])
def test_axe_finds_nothing_with_everything_open_and_nothing_is_said_in_the_console(visit, screen, scheme):
    page = visit("about:blank", color_scheme=scheme, **screen)
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto("/model?mode=digit", wait_until="networkidle")
    for summary in page.locator("summary").all():
        summary.click()
    heat(page).focus()
    assert not violations(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= screen["viewport"]["width"]
    assert not said


@pytest.mark.thorough
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_specimen_is_inked_in_the_colour_of_the_text(visit, scheme):
    page = visit("/model?mode=digit", color_scheme=scheme)
    specimen = page.locator(".specimens path").first
    expect(specimen).to_be_visible()
    assert specimen.evaluate("path => getComputedStyle(path).stroke") == page.evaluate(
        "getComputedStyle(document.body).color"
    )
