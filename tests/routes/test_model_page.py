import re
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from app.recognition.recognizer import MODES
from tests.routes.test_pages import Links, size

SECTIONS = ("architecture", "figures", "detail", "calibration", "confusion", "pairs", "limits", "data")


class Page(HTMLParser):
    """What a page says, what is in its tables, and the ids on it."""

    def __init__(self, html: str):
        super().__init__()
        self.words, self.rows, self.ids, self.current = [], [], set(), []
        self._open = []
        self.feed(html)
        self.text = re.sub(r"\s+", " ", " ".join(self.words))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids.add(attributes.get("id"))
        self._open.append("current" if attributes.get("aria-current") == "true" else tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        self._open.pop()

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_data(self, data):
        self.words.append(data)
        if "current" in self._open:
            self.current.append(data)
        if {"th", "td"} & set(self._open):
            self.rows[-1][-1] = re.sub(r"\s+", " ", self.rows[-1][-1] + data).strip()


def html(client, address: str = "/model", **question) -> str:
    response = client.get(address, query_string=question or None, headers={"Accept": "text/html"})
    assert response.status_code == 200
    return re.sub(r"<(meta|link|br|input)\b[^>]*>", "", response.text)  # which have no end


def page(client, **question) -> Page:
    return Page(html(client, **question))


@pytest.fixture
def change(recognizer, monkeypatch):
    """Lets a mode's card say something else during a test; what is None is taken away."""

    def change(mode: str, **entries):
        card = recognizer.cards[mode] | entries
        monkeypatch.setitem(recognizer.cards, mode, {key: value for key, value in card.items() if value is not None})

    return change


@pytest.mark.parametrize("mode", MODES)
def test_a_page_shows_every_part_of_its_models_card(client, recognizer, mode):
    shown, card = page(client, mode=mode), recognizer.cards[mode]
    assert set(SECTIONS) <= shown.ids
    for said in (card["version"], f"{card['weights']:,}", f"{card['temperature']}", card["command"]):
        assert said in shown.text
    for data in card["data"]:
        assert f"{data['authors']}. Terms: {data['terms']}." in shown.text
        assert f'href="{data["source"]}"' in html(client, mode=mode)


@pytest.mark.parametrize("mode", MODES)
def test_every_figure_of_every_test_is_shown_beside_what_it_means(client, recognizer, mode):
    rows = {row[0]: row[1:] for row in page(client, mode=mode).rows if row}
    tests = recognizer.cards[mode]["tests"].values()
    right = next(cells for name, cells in rows.items() if name.startswith("RightThe label that the model finds most"))
    assert right == [f"{100 * test['accuracy']:.2f} %" for test in tests]
    error = next(cells for name, cells in rows.items() if name.startswith("Calibration error"))
    assert error == [f"{test['calibration_error']:.3f}" for test in tests]


def test_the_mode_is_chosen_by_links_and_any_is_the_default(client, recognizer):
    for asked, mode, name in [(None, "any", "Any"), ("digit", "digit", "Digit"), ("no such", "any", "Any")]:
        shown = page(client, mode=asked)
        assert shown.current[0] == name
        assert recognizer.cards[mode]["version"] in shown.text
    links = re.findall(r'href="(/model\?mode=\w+)"', html(client))
    assert links == ["/model?mode=any", "/model?mode=digit", "/model?mode=character"]


def test_the_test_is_chosen_by_links_and_the_cards_first_is_the_default(client, recognizer):
    tests = recognizer.cards["digit"]["tests"]
    links = re.findall(r'href="(/model\?mode=digit&amp;test=[^"#]+)#detail"', html(client, mode="digit"))
    assert page(client, mode="digit").current[1] == next(iter(tests))
    assert page(client, mode="digit", test="no such").current[1] == next(iter(tests))
    for link, (name, measured) in zip(links, tests.items(), strict=True):
        shown = Page(html(client, unescape(link)))
        assert shown.current[1] == name
        assert ["digit 1", str(sum(measured["confusion"][1]))] in [row[:2] for row in shown.rows]


@pytest.mark.parametrize("mode", MODES)
def test_the_table_holds_every_count_of_the_confusion_matrix(client, recognizer, mode):
    labels, test = recognizer.cards[mode]["labels"], next(iter(recognizer.cards[mode]["tests"].values()))
    named = re.compile("(digit|capital|small) .")
    rows = {row[0][-1]: row for row in page(client, mode=mode).rows if named.fullmatch(row[0])}
    for label, counts in zip(labels, test["confusion"], strict=True):
        _, times, right, others = rows[label]
        assert int(times) == sum(counts)
        assert right == f"{100 * counts[labels.index(label)] / sum(counts):.1f} %"
        expected = {(labels[read], count) for read, count in enumerate(counts) if count and labels[read] != label}
        assert {(each[0], int(each[2:])) for each in others.split(", ") if each} == expected
        found = [int(each[2:]) for each in others.split(", ") if each]
        assert all(one >= other for one, other in pairwise(found))


@pytest.mark.parametrize("mode", MODES)
def test_the_heat_map_has_a_cell_for_every_count(client, recognizer, mode):
    test = next(iter(recognizer.cards[mode]["tests"].values()))
    shown = html(client, mode=mode).split('class="legend"')[0]
    cells = re.findall(r'<path class="(right|wrong) s\d" d="(M\d[^"]+)"', shown)
    drawn = {(kind, int(x), int(y)) for kind, path in cells for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", path)}
    assert drawn == {
        ("right" if x == y else "wrong", x, y)
        for y, row in enumerate(test["confusion"])
        for x, count in enumerate(row)
        if count
    }


def test_every_block_of_the_network_is_drawn(client, recognizer):
    shown, blocks = html(client).split('class="layers"')[1].split("</ol>")[0], recognizer.cards["any"]["layers"]
    assert shown.count("<svg") == len(blocks)
    assert re.findall(r"<b>(\w+)</b>", shown) == [block["name"] for block in blocks]
    assert shown.count("M3 48C") == sum(block["kind"] == "residual" for block in blocks)


def test_every_point_of_the_reliability_curve_is_drawn_and_in_its_table(client, recognizer):
    curve = next(iter(recognizer.cards["any"]["tests"].values()))["reliability"]
    shown = html(client, mode="any")
    assert shown.count("<circle") == len(curve)
    rows = [[f"{100 * p['confidence']:.1f} %", f"{100 * p['accuracy']:.1f} %", f"{p['n']:,}"] for p in curve]
    assert [row for row in Page(shown).rows if row in rows] == rows


def test_pairs_are_shown_with_specimens_that_are_said_to_be_such(client):
    shown = html(client, mode="any").split('id="pairs"')[1]
    assert shown.split("</ul>")[0].count('<use href="#ruled"/>') == 24
    assert "specimens" in shown
    assert "not the drawings that were misread" in shown


def test_figures_come_from_the_card_alone(client, recognizer, change):
    tests = {"A test of tomorrow": recognizer.cards["digit"]["tests"]["MNIST test"] | {"accuracy": 0.12345, "n": 4321}}
    change("digit", tests=tests, weights=987654, layers=recognizer.cards["digit"]["layers"][:2])
    shown = page(client, mode="digit")
    for said in ("A test of tomorrow", "12.35 %", "4,321", "987,654"):
        assert said in shown.text
    assert "halve1" not in shown.text


@pytest.mark.parametrize(
    ("missing", "sections"),
    [
        ("layers", {"architecture"}),
        ("data", {"data"}),
        ("tests", {"figures", "detail", "calibration", "confusion", "pairs"}),
        ("weights", set()),
        ("command", set()),
    ],
)
def test_what_an_older_card_does_not_say_is_left_out(client, change, missing, sections):
    change("any", **{missing: None})
    assert set(SECTIONS) - page(client).ids == sections


@pytest.mark.parametrize(
    ("missing", "sections"),
    [
        ({"reliability"}, {"calibration"}),
        ({"confusion"}, {"confusion", "pairs"}),
        ({"confusion", "reliability"}, {"detail", "calibration", "confusion", "pairs"}),
        ({"caseless", "merged", "class_mean", "calibration_error"}, set()),
    ],
)
def test_what_an_older_test_did_not_measure_is_left_out(client, recognizer, change, missing, sections):
    tests = recognizer.cards["any"]["tests"]
    old = {name: {key: test[key] for key in test.keys() - missing} for name, test in tests.items()}
    change("any", tests=old)
    assert set(SECTIONS) - page(client).ids == sections


def test_a_test_without_mistakes_has_no_pairs(client, recognizer, change):
    perfect = [[7 * (x == y) for x in range(10)] for y in range(10)]
    test = next(iter(recognizer.cards["digit"]["tests"].values())) | {"confusion": perfect}
    change("digit", tests={"t": test})
    assert set(SECTIONS) - page(client, mode="digit").ids == {"pairs"}


def test_what_a_card_says_is_text_not_markup(client, change):
    change("any", command="<script>alert(1)</script>", tests={"<b>t</b>": {"n": 1, "accuracy": 1.0}})
    shown = html(client)
    assert "&lt;script&gt;alert(1)" in shown
    assert "<script>alert" not in shown
    assert "<b>t</b>" not in shown


def test_every_mode_and_test_is_within_100_kb(client, recognizer):
    for mode, card in recognizer.cards.items():
        for test in card["tests"]:
            response = client.get("/model", query_string={"mode": mode, "test": test})
            loaded = sum(size(client, address) for address in set(Links(response.text).loads))
            assert len(response.data) + loaded < 100_000, (mode, test)


def test_without_models_the_page_says_so(unloaded_client):
    response = unloaded_client.get("/model", headers={"Accept": "text/html"})
    assert (response.status_code, response.mimetype) == (503, "text/html")
    assert "The models did not load" in response.text
