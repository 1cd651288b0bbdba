import re
from datetime import UTC, datetime

import pytest
from flask import request
from playwright.sync_api import expect

from app import playing
from app.feedback.store import StoreUnavailable
from app.game import rules
from app.game.store import Score
from tests.browser.hand import Finger, Mouse, strokes
from tests.browser.test_accessibility import violations

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
DESK = {"viewport": {"width": 1280, "height": 800}}
PROMPTS = ["3", "7", "4", "2", "8", "5"]
ROUNDS = len(PROMPTS)
PAINTED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture(autouse=True)
def known_prompts(monkeypatch):
    """Those that the tests' hand can draw."""
    monkeypatch.setattr(rules, "prompts", lambda seed, mode: PROMPTS)


def part(page, name):
    return page.locator(f"[data-{name}]")


def screen(page, name):
    expect(part(page, "game")).to_have_attribute("data-state", name)


def at_once(page):
    """Between rounds nobody waits."""
    page.add_init_script("const wait = setTimeout; window.setTimeout = (f, ms) => wait(f, ms === 1300 ? 50 : ms)")


@pytest.fixture
def opened(visit):
    """Opens the game's page, of digits, with its pauses short."""

    def opened(path="/game?mode=digit", first="", **options):
        page = visit("about:blank", **(DESK | options))
        at_once(page)
        page.add_init_script(first)
        page.goto(path)
        expect(part(page, "start")).to_be_enabled()
        return page

    return opened


@pytest.fixture
def start_short(opened, app, monkeypatch):
    """Starts a game whose first round has a second; the others are longer."""
    monkeypatch.setitem(app.config, "GAME_SECONDS", 1)

    def start_short():
        page = opened()
        part(page, "start").click()
        expect(part(page, "number")).to_have_text(f"Round 1 of {ROUNDS}")
        page.evaluate("document.querySelector('[data-game]').dataset.seconds = 60")
        return page

    return start_short


def draw_round(page, hand, number):
    expect(part(page, "number")).to_have_text(f"Round {number} of {ROUNDS}")
    page.evaluate(PAINTED)  # nobody touches what is not to be seen yet
    hand.write(strokes(PROMPTS[number - 1]))


def skip_rounds(page, first=1):
    for number in range(first, ROUNDS + 1):
        expect(part(page, "number")).to_have_text(f"Round {number} of {ROUNDS}")
        part(page, "skip").click()


def begin(page):
    part(page, "start").click()
    expect(part(page, "number")).to_have_text(f"Round 1 of {ROUNDS}")
    page.evaluate(PAINTED)


def play_one_round(page):
    part(page, "start").click()
    draw_round(page, Mouse(page), 1)
    skip_rounds(page, 2)
    screen(page, "end")


@pytest.mark.parametrize(("options", "hand"), [(DESK, Mouse), (PHONE, Finger)])
def test_a_whole_game_from_start_to_leaderboard(opened, options, hand, app):
    page = opened(**options)
    said = []
    page.on("console", lambda message: said.append(message.text))
    part(page, "start").click()
    for number in range(1, ROUNDS + 1):
        expect(part(page, "task")).to_have_text(f"Draw digit {PROMPTS[number - 1]}")
        if number == 1:
            for name in ("prompt", "clock", "pad", "guess", "skip"):
                expect(part(page, name)).to_be_in_viewport(ratio=1)
            assert page.evaluate("document.documentElement.scrollWidth") <= options["viewport"]["width"]
        draw_round(page, hand(page), number)
    screen(page, "end")
    expect(part(page, "total")).to_be_focused()
    expect(part(page, "summary")).to_have_text("6 of 6 read in time.")
    cards = part(page, "gallery").get_by_role("listitem")
    expect(cards).to_have_count(ROUNDS)
    for card, prompt in zip(cards.all(), PROMPTS, strict=True):
        expect(card.get_by_role("img", name=f"Your drawing of digit {prompt}")).to_be_visible()
        expect(card).to_contain_text(f"Read as digit {prompt} ")
        expect(card).to_contain_text(re.compile(r"\d\.\d\ss, \d+ points"))
    points = sum(int(re.search(r"(\d+) points", card.inner_text())[1]) for card in cards.all())
    expect(part(page, "total")).to_have_text(f"{points:,} points")
    nickname = f"Ada {hand.__name__}"
    page.get_by_label("Nickname").fill(nickname)
    page.get_by_role("button", name="Enter").click()
    expect(part(page, "enter-says")).to_have_text(re.compile("You are number"))
    expect(page.locator(".end .mine")).to_contain_text(nickname)
    with app.app_context():
        assert (nickname, points) in [(score.nickname, score.points) for score in playing.game().scores("digit")]
    assert page.evaluate("document.documentElement.scrollWidth") <= options["viewport"]["width"]
    assert not said


@pytest.mark.thorough
def test_the_clock_runs_out_and_the_game_goes_on(start_short):
    page = start_short()
    expect(part(page, "strip").locator(".missed")).to_have_count(1)
    draw_round(page, Mouse(page), 2)
    expect(part(page, "strip").locator(".read")).to_have_count(1)
    skip_rounds(page, 3)
    screen(page, "end")
    cards = part(page, "gallery").get_by_role("listitem")
    expect(cards.nth(0)).to_contain_text("Not read in time")
    expect(cards.nth(0)).to_contain_text("Nothing drawn")
    expect(cards.nth(2)).to_contain_text("Skipped")


@pytest.mark.thorough
def test_a_drawing_of_something_else_is_guessed_and_runs_out_of_time(start_short):
    page = start_short()
    Mouse(page).write(strokes("7"))
    expect(part(page, "strip").locator(".missed")).to_have_count(1)
    skip_rounds(page, 2)
    screen(page, "end")
    expect(part(page, "gallery").get_by_role("listitem").first).to_contain_text("Read as digit 7")
    expect(part(page, "total")).to_have_text("0 points")
    expect(page.get_by_label("Nickname")).to_be_hidden()


@pytest.mark.thorough
def test_a_guess_is_shown_while_the_drawing_is_not_the_prompt(opened):
    page = opened()
    begin(page)
    Mouse(page).write(strokes("7"))
    expect(part(page, "guess")).to_have_text("Looks like digit 7")
    page.keyboard.press("Delete")
    expect(part(page, "guess")).to_have_text("")
    draw_round(page, Mouse(page), 1)
    expect(part(page, "number")).to_have_text("Round 2 of 6")


@pytest.mark.thorough
def test_practice_has_no_clock_and_keeps_nothing(opened):
    page = opened(first="localStorage['inkloop.consent'] = 'yes'; Math.random = () => 0.999")
    sent = []
    page.on("request", lambda request: sent.append(request.url))
    page.get_by_role("button", name="Practise").click()
    expect(part(page, "clock")).to_be_hidden()
    expect(part(page, "task")).to_have_text("Draw digit 0")
    Mouse(page).write(strokes("0"))
    expect(part(page, "next")).to_be_focused()
    expect(part(page, "guess")).to_have_text("Yes, digit 0")
    page.keyboard.press("Enter")
    expect(part(page, "task")).to_have_text("Draw digit 1")
    part(page, "skip").click()
    expect(part(page, "task")).to_have_text("Draw digit 2")
    part(page, "stop").click()
    screen(page, "start")
    assert not [url for url in sent if "feedback" in url or "judgements" in url]


@pytest.mark.thorough
def test_a_seven_is_drawn_by_keyboard_alone(opened, monkeypatch):
    monkeypatch.setattr(rules, "prompts", lambda seed, mode: ["7", *PROMPTS[1:]])
    page = opened()
    part(page, "start").focus()
    page.keyboard.press("Enter")
    expect(part(page, "pad")).to_be_focused()
    for keys in ("ArrowLeft " * 5, "Space", "ArrowRight " * 9, "ArrowDown ArrowDown ArrowLeft " * 5, "Space"):
        for key in keys.split():
            page.keyboard.press(key)
    expect(part(page, "strip").locator(".read")).to_have_count(1)


@pytest.mark.thorough
def test_a_keyboard_player_reaches_everything_in_a_game(opened):
    page = opened()
    page.get_by_role("radio", name="Digits").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Letters")).to_be_checked()
    expect(part(page, "board-mode").first).to_have_text(", letters")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    screen(page, "round")
    for number in range(1, ROUNDS + 1):
        expect(part(page, "number")).to_have_text(f"Round {number} of {ROUNDS}")
        expect(part(page, "skip")).to_be_visible()
        part(page, "skip").focus()
        page.keyboard.press("Enter")
        expect(part(page, "skip")).not_to_be_focused()
    screen(page, "end")


@pytest.mark.thorough
def test_stopping_leads_back_to_the_start(opened):
    page = opened()
    part(page, "start").click()
    screen(page, "round")
    part(page, "stop").click()
    screen(page, "start")
    part(page, "start").click()
    expect(part(page, "number")).to_have_text("Round 1 of 6")
    expect(part(page, "task")).to_have_text("Draw digit 3")


@pytest.mark.thorough
@pytest.mark.parametrize("agreed", [True, False])
def test_with_consent_alone_each_round_becomes_feedback_labelled_by_its_prompt(opened, app, monkeypatch, agreed):
    posted = []

    def add():
        posted.append(request.get_json())
        return {"id": posted[-1]["id"]}, 201

    monkeypatch.setitem(app.view_functions, "feedback.add", add)
    page = opened(first="localStorage['inkloop.consent'] = 'yes'" if agreed else "")
    expect(part(page, "kept")).to_have_text(
        "Your rounds are kept, to train the models." if agreed else "Your drawings are not kept."
    )
    part(page, "start").click()
    draw_round(page, Mouse(page), 1)
    draw_round(page, Mouse(page), 2)
    skip_rounds(page, 3)
    screen(page, "end")
    if not agreed:
        expect(part(page, "kept-drawings")).to_have_text("None of these drawings is kept.")
        assert not posted
        return
    expect(part(page, "kept-drawings")).to_have_text("2 of these drawings are kept, as you agreed.")
    for _ in range(100):
        if len(posted) == 2:
            break
        page.wait_for_timeout(50)
    assert [(sent["label"], sent["mode"], sent["consent"]) for sent in posted] == [
        (prompt, "digit", True) for prompt in PROMPTS[:2]
    ]
    assert all(sent["image"].startswith("data:image/png;base64,") and sent["model_version"] for sent in posted)


@pytest.mark.thorough
def test_a_hostile_nickname_is_refused_and_one_in_the_store_does_no_harm(opened, app):
    hostile = "<img src=x onerror=document.title='hacked'>"
    with app.app_context():
        store = app.extensions["game_store"].get()
        store.add(Score("hostile", datetime.now(UTC), "character", hostile, 5999))
    page = opened("/game?mode=character")
    expect(part(page, "scores").first.get_by_role("listitem").filter(has_text="onerror")).to_contain_text(hostile)
    assert page.locator(".board img").count() == 0
    assert "hacked" not in page.title()
    page.get_by_text("Digits", exact=True).click()
    play_one_round(page)
    refused = {"": "Type a nickname", "<b>x</b>": "Received: '<b>x</b>'", "f u c k": "Choose another"}
    for nickname, says in refused.items():
        page.get_by_label("Nickname").fill(nickname)
        page.keyboard.press("Enter")
        expect(part(page, "enter-says")).to_contain_text(says)
        expect(page.get_by_label("Nickname")).to_be_focused()
    page.get_by_label("Nickname").fill("Zoë-Łucja 王")
    page.keyboard.press("Enter")
    expect(page.locator(".end .mine")).to_contain_text("Zoë-Łucja 王")
    expect(page.get_by_role("button", name="Enter")).to_be_disabled()


@pytest.mark.thorough
def test_without_its_store_the_game_goes_on_and_says_so(opened, app, monkeypatch):
    def fail():
        raise StoreUnavailable("Down.", 5)

    monkeypatch.setattr(app.extensions["game"], "_store", fail)
    page = opened()
    expect(part(page, "board-says").first).to_contain_text("The leaderboard cannot be reached now")
    part(page, "start").click()
    expect(part(page, "note")).to_contain_text("this game goes on without it")
    draw_round(page, Mouse(page), 1)
    draw_round(page, Mouse(page), 2)
    skip_rounds(page, 3)
    screen(page, "end")
    expect(part(page, "summary")).to_have_text("2 of 6 read in time.")
    expect(page.get_by_label("Nickname")).to_be_hidden()


@pytest.mark.thorough
def test_a_lost_connection_loses_no_round(opened):
    page = opened()
    part(page, "start").click()
    expect(part(page, "number")).to_have_text("Round 1 of 6")
    lost = []

    def lose(route):
        if lost:
            route.continue_()
            return
        lost.append(route.fetch())  # the server judges, and its answer gets lost
        route.abort()

    page.route("**/api/game/judgements", lose)
    draw_round(page, Mouse(page), 1)
    expect(part(page, "strip").locator(".read")).to_have_count(1)
    expect(part(page, "number")).to_have_text("Round 2 of 6")
    assert lost


@pytest.mark.thorough
def test_the_bar_steps_where_motion_is_unwanted(opened):
    page = opened(reduced_motion="reduce")
    part(page, "start").click()
    bar = part(page, "drain").locator("i")
    assert bar.evaluate("bar => getComputedStyle(bar).transitionDuration") == "0s"


@pytest.mark.thorough
def test_axe_finds_nothing_in_any_state(opened):
    page = opened(reduced_motion="reduce", **PHONE)
    expect(part(page, "board-says").first).not_to_have_text("…")
    assert not violations(page)
    begin(page)
    Mouse(page).write(strokes("7"))
    expect(part(page, "guess")).not_to_be_empty()
    assert not violations(page)
    page.keyboard.press("Delete")
    draw_round(page, Mouse(page), 1)
    skip_rounds(page, 2)
    screen(page, "end")
    page.get_by_label("Nickname").fill("<")
    page.keyboard.press("Enter")
    expect(part(page, "enter-says")).to_contain_text("Received")
    assert not violations(page)
    page.get_by_label("Nickname").fill("Ada")
    page.keyboard.press("Enter")
    expect(page.locator(".end .mine")).to_be_visible()
    assert not violations(page)
    part(page, "back").click()
    page.get_by_role("button", name="Practise").click()
    assert not violations(page)
