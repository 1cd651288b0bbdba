import json
import re
import uuid
from time import monotonic

import pytest
from flask import request
from playwright.sync_api import expect

from app import keeping
from tests.browser.conftest import PATIENCE
from tests.browser.hand import Mouse, strokes
from tests.drawings import draw, encode

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
API = re.compile("/api/feedback")
SAVED, KEPT = "Saved. Thank you.", "Kept on this device, will be sent when the connection is back."
SOON, LATER = {"Retry-After": "1"}, {"Retry-After": "3600"}


class Server:
    """Plays the feedback routes: answers as told, and takes down what it was sent."""

    def __init__(self, app, monkeypatch):
        self.answers = []  # the next statuses; then success
        self.headers = {}
        self.posted, self.deleted = [], []
        self._monkeypatch = monkeypatch
        monkeypatch.setitem(app.view_functions, "feedback.add", self._add)
        monkeypatch.setitem(app.view_functions, "feedback.delete", self._delete)

    def be_real(self):
        self._monkeypatch.undo()

    def _add(self):
        self.posted.append(request.get_json())
        return self._answer({"id": self.posted[-1]["id"]}, 201)

    def _delete(self, id):
        self.deleted.append(str(id))
        return self._answer("", 204)

    def _answer(self, body, success):
        if not self.answers or self.answers[0] < 300:
            return body, self.answers.pop(0) if self.answers else success
        status = self.answers.pop(0)
        problem = {"type": "about:blank", "title": "No", "status": status, "detail": "label: is not one."}
        return problem, status, self.headers


def part(page, name):
    return page.locator(f"[data-{name}]")


def told(page):
    return part(page, "told")


def dialog(page):
    return page.get_by_role("dialog")


DRAWN = json.dumps([{"width": 0.045, "erases": False, "points": points} for points in strokes("3")])
OPENED = "if (!sessionStorage.length) { sessionStorage['inkloop.drawing'] = %s; %s }"
AGREED = "localStorage['inkloop.consent'] = 'yes';"
JUDGE_AND_HANG = """setTimeout(async () => {
    document.querySelector("[data-right]").click();
    for (let turn = 0; turn < 100; turn++) await null; // all that waits for nothing is done
    const request = new XMLHttpRequest();
    request.open("GET", "/hang", false);
    request.send();
})"""
A_SECOND = "new Promise((resolve) => setTimeout(resolve, 1000))"
RECORDS = "import('/static/records.js').then(({ records }) => records.all())"


def write(page, label):
    """Another drawing, read and ready to be judged."""
    page.keyboard.press("Delete")
    Mouse(page).write(strokes(label))
    expect(part(page, "right")).to_be_enabled()


def judge(page, name="right"):
    part(page, name).click()


def judge_in_vain(page, server):
    """The server can save nothing for an hour, so that what is said is kept on the device."""
    server.answers, server.headers = [503], LATER
    judge(page)
    expect(told(page)).to_contain_text("Kept on this device")


def until(page, records: str):
    """Waits until what is said of `records`, all that the browser remembers, is true."""
    deadline = monotonic() + PATIENCE / 1000
    while monotonic() < deadline:
        if page.evaluate(f"Promise.race([{RECORDS}.then((records) => {records}), {A_SECOND}])"):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"Never came true: {records}")


@pytest.fixture
def opened(visit, app, monkeypatch):
    """Opens a page with a 3 drawn on it, read, and ready to be judged; the server's feedback routes are played."""

    def opened(path="/canvas?mode=digit", first=AGREED, lacking=None, **options):
        page = visit("about:blank", **options)
        page.add_init_script(OPENED % (json.dumps(DRAWN), first))
        if lacking:
            owner, _, name = lacking.partition(".")
            page.add_init_script(f"Object.defineProperty({owner}, '{name}', {{ value: undefined }})")
        server = Server(app, monkeypatch)
        page.goto(path)
        if "import" not in path:
            expect(part(page, "right")).to_be_enabled()
        return page, server

    return opened


@pytest.fixture
def drawn(opened):
    return opened()


@pytest.fixture
def three(drawn):
    """The page of somebody who agreed earlier that drawings are kept."""
    return drawn[0]


@pytest.fixture
def server(drawn):
    return drawn[1]


def test_right_sends_the_picture_that_was_read_and_its_answer(opened):
    page, server = opened("/canvas?mode=any")
    responses = []
    page.on("response", lambda response: responses.append(response))
    write(page, "7")
    *_, read = [response for response in responses if "predict" in response.url]  # others: while the stroke still grew
    asked, answer = read.request.post_data_json, read.json()
    judge(page)
    expect(told(page)).to_have_text(SAVED)
    (sent,) = server.posted
    id, browser = sent.pop("id"), sent.pop("browser")
    assert sent == {
        "image": asked["image"],
        "mode": "any",
        "prediction": answer["prediction"],
        "confidence": answer["confidence"],
        "label": answer["prediction"],
        "model_version": answer["model"]["version"],
        "consent": True,
    }
    assert uuid.UUID(id).version == uuid.UUID(browser).version == 4
    assert id != browser


def test_wrong_then_one_tap_is_the_label_of_a_digit(opened):
    page, server = opened("/?mode=digit", **PHONE)
    part(page, "wrong").tap()
    expect(part(page, "picker").get_by_role("button")).to_have_count(10 + 2)
    page.get_by_role("button", name="digit 8").tap()
    expect(told(page)).to_have_text(SAVED)
    assert [sent["label"] for sent in server.posted] == ["8"]


@pytest.mark.parametrize("label", ["b", "B"])
def test_wrong_then_a_key_is_the_label(opened, label):
    page, server = opened("/canvas?mode=any")
    judge(page, "wrong")
    page.keyboard.press(label)
    expect(told(page)).to_have_text(SAVED)
    assert server.posted[0]["label"] == label


@pytest.mark.thorough
def test_every_label_of_any_is_offered_by_its_name(opened):
    page, _ = opened("/canvas?mode=any")
    judge(page, "wrong")
    picker = part(page, "picker")
    expect(picker.get_by_role("button", name=re.compile("^(digit|capital|small) .$"))).to_have_count(62)
    for name in ("digit 0", "capital O", "small o"):
        expect(picker.get_by_role("button", name=name, exact=True)).to_be_visible()


@pytest.mark.thorough
def test_a_key_that_is_no_label_of_the_mode_chooses_nothing(three, server):
    judge(three, "wrong")
    three.keyboard.press("b")
    three.keyboard.press("Control+3")
    expect(part(three, "picker")).to_be_visible()
    assert server.posted == []


@pytest.mark.thorough
def test_escape_closes_the_labels_and_leads_back(three, server):
    judge(three, "wrong")
    three.keyboard.press("Escape")
    expect(part(three, "picker")).to_be_hidden()
    expect(part(three, "wrong")).to_be_focused()
    assert server.posted == []


@pytest.mark.thorough
@pytest.mark.parametrize(("press", "label"), [("Not a character", "not a character"), ("I cannot tell", "skip")])
def test_there_are_answers_that_are_no_label(three, server, press, label):
    if label == "skip":
        judge(three, "wrong")
    three.get_by_role("button", name=press).click()
    expect(told(three)).to_have_text(SAVED)
    assert server.posted[0]["label"] == label


@pytest.mark.thorough
def test_a_judgement_is_given_by_keyboard_alone(three, server):
    part(three, "wrong").focus()
    three.keyboard.press("Enter")
    three.keyboard.press("5")
    expect(told(three)).to_have_text(SAVED)
    expect(told(three)).to_be_focused()
    three.keyboard.press("Tab")
    three.keyboard.press("Enter")
    expect(told(three)).to_have_text("Undone. Nothing of it is kept.")
    expect(part(three, "judge")).to_be_focused()
    assert server.deleted == [server.posted[0]["id"]]


@pytest.mark.thorough
def test_what_was_said_is_read_aloud(three):
    judge(three)
    expect(three.get_by_role("status")).to_have_text(SAVED)


@pytest.mark.thorough
def test_an_undone_judgement_can_be_given_anew_under_another_id(three, server):
    judge(three)
    expect(told(three)).to_have_text(SAVED)
    part(three, "take-back").click()
    expect(told(three)).to_contain_text("Undone.")
    judge(three)
    expect(told(three)).to_have_text(SAVED)
    assert len({sent["id"] for sent in server.posted}) == 2


@pytest.mark.thorough
def test_nothing_can_be_judged_before_there_is_an_answer(visit):
    page = visit("/canvas?mode=digit")
    for name in ("right", "wrong", "none"):
        expect(part(page, name)).to_be_disabled()


@pytest.mark.thorough
def test_an_answer_can_no_longer_be_judged_once_the_pen_is_down_again(three):
    mouse = Mouse(three)
    mouse.down(0.1, 0.1)
    mouse.move(0.2, 0.2)
    for name in ("right", "wrong", "none"):
        expect(part(three, name)).to_be_disabled()
    mouse.up()
    expect(part(three, "right")).to_be_enabled()


@pytest.mark.thorough
@pytest.mark.parametrize("key", ["Control+z", "Delete"])
def test_the_labels_close_when_the_drawing_changes(three, key):
    judge(three, "wrong")
    three.keyboard.press(key)
    expect(part(three, "picker")).to_be_hidden()
    expect(part(three, "right")).to_be_disabled()


@pytest.mark.thorough
def test_an_answer_in_another_mode_is_judged_apart(three, server):
    judge(three)
    expect(told(three)).to_have_text(SAVED)
    three.get_by_text("Any", exact=True).click()
    expect(part(three, "right")).to_be_enabled()
    expect(told(three)).to_be_empty()
    judge(three)
    expect(told(three)).to_have_text(SAVED)
    assert [sent["mode"] for sent in server.posted] == ["digit", "any"]


@pytest.mark.thorough
def test_an_answer_that_comes_again_is_not_judged_twice(three, server):
    judge(three)
    expect(told(three)).to_have_text(SAVED)
    three.get_by_role("button", name="Show the steps").click()
    expect(part(three, "step").first).to_be_visible()
    expect(told(three)).to_have_text(SAVED)
    expect(part(three, "right")).to_be_hidden()
    three.reload()
    expect(told(three)).to_have_text(SAVED)
    assert len(server.posted) == 1


@pytest.mark.thorough
def test_an_imported_picture_is_judged_as_it_was_sent(opened):
    page, server = opened("/import?mode=digit")
    three = encode(draw("3"))
    page.get_by_label("Choose a picture").set_input_files(
        {"name": "three.png", "mimeType": "image/png", "buffer": three}
    )
    judge(page)
    expect(told(page)).to_have_text(SAVED)
    head, _, body = server.posted[0]["image"].partition(",")
    assert head == "data:image/png;base64"
    assert body == page.evaluate("(bytes) => btoa(String.fromCharCode(...bytes))", list(three))


@pytest.mark.thorough
def test_nothing_is_sent_or_kept_before_consent(opened):
    stranger, server = opened(first="")
    judge(stranger)
    expect(dialog(stranger)).to_contain_text("Until you say yes, nothing is kept.")
    stranger.get_by_role("button", name="Close").click()
    expect(told(stranger)).to_have_text("Nothing was sent.")
    assert server.posted == []
    until(stranger, "records.length === 0")
    assert stranger.evaluate("localStorage.length") == 0


@pytest.mark.thorough
def test_consent_is_asked_once(opened):
    stranger, server = opened(first="")
    judge(stranger)
    stranger.get_by_role("button", name="Yes, keep them").click()
    expect(told(stranger)).to_have_text(SAVED)
    write(stranger, "7")
    judge(stranger)
    expect(told(stranger)).to_have_text(SAVED)
    assert [sent["label"] for sent in server.posted] == ["3", "7"]
    assert len({sent["browser"] for sent in server.posted}) == 1


@pytest.mark.thorough
def test_a_no_is_remembered_and_can_be_changed(opened):
    stranger, server = opened(first="")
    judge(stranger)
    stranger.get_by_role("button", name="No, keep none").click()
    stranger.reload()
    expect(part(stranger, "judge")).to_be_hidden()
    stranger.get_by_role("button", name="Keeping is off. Change that").click()
    stranger.get_by_role("button", name="Yes, keep them").click()
    expect(part(stranger, "right")).to_be_enabled()
    assert server.posted == []


@pytest.mark.thorough
def test_consent_taken_back_sends_nothing_more_and_forgets_what_was_not_sent(three, server):
    judge_in_vain(three, server)
    part(three, "about").click()
    three.get_by_role("button", name="Stop keeping them").click()
    expect(part(three, "judge")).to_be_hidden()
    three.reload()
    until(three, "records.length === 0")
    assert len(server.posted) == 1
    assert server.deleted == [server.posted[0]["id"]]  # the try may have reached the server
    assert three.evaluate("localStorage.getItem('inkloop.browser')") is None


@pytest.mark.thorough
def test_offline_it_is_kept_and_sent_with_the_same_id_when_the_connection_is_back(three, server):
    server.be_real()
    asked = []
    three.on("request", lambda request: asked.append(request.post_data_json))
    three.context.set_offline(True)
    judge(three)
    expect(told(three)).to_have_text(KEPT)
    with three.expect_response(API) as response:
        three.context.set_offline(False)
    expect(told(three)).to_have_text(SAVED)
    assert response.value.status == 201
    assert len({sent["id"] for sent in asked}) == 1
    assert len(asked) > 1


@pytest.mark.thorough
@pytest.mark.parametrize("status", [429, 500])
def test_a_passing_failure_is_tried_again_with_the_same_id(three, server, status):
    server.answers, server.headers = [status], SOON
    judge(three)
    expect(told(three)).to_have_text(SAVED)
    first, second = server.posted
    assert first == second


@pytest.mark.thorough
def test_retry_after_is_waited_for(three, server):
    server.answers, server.headers = [503], LATER
    judge(three)
    expect(told(three)).to_contain_text("the server cannot save it now")
    three.evaluate("dispatchEvent(new Event('online'))")
    three.wait_for_timeout(500)
    assert len(server.posted) == 1


@pytest.mark.thorough
def test_what_was_not_sent_outlives_the_page_and_keeps_its_id(three, server):
    judge_in_vain(three, server)
    server.answers = [503]
    three.reload()
    expect(told(three)).to_contain_text("Kept on this device")
    three.goto("/import")
    until(three, "!records[0].body")
    assert [sent["id"] for sent in server.posted] == [server.posted[0]["id"]] * 3


@pytest.mark.thorough
def test_what_is_said_as_the_page_goes_is_kept_and_sent_by_the_next(three, server):
    hanging = []
    three.route("**/hang", lambda route: hanging.append(route))
    with three.expect_request("**/hang"):
        three.evaluate(JUDGE_AND_HANG)
    following = three.context.new_page()
    following.goto("/import")
    until(following, "records.length === 1 && !records[0].body")
    assert len(server.posted) == 1
    hanging[0].fulfill()


@pytest.mark.thorough
def test_what_waits_to_be_sent_is_counted(three, server):
    judge_in_vain(three, server)
    write(three, "7")
    expect(part(three, "waiting")).to_have_text("1 earlier answer waits on this device to be sent.")


@pytest.mark.thorough
def test_two_tabs_send_a_record_once(three, server):
    judge_in_vain(three, server)
    tabs = [three.context.new_page() for _ in range(2)]
    for tab in tabs:
        tab.goto("/canvas", wait_until="commit")
    for tab in tabs:
        until(tab, "!records[0].body")
        tab.wait_for_timeout(300)
    assert len(server.posted) == 2


@pytest.mark.thorough
def test_a_lasting_refusal_is_said_and_not_tried_again(three, server):
    server.answers = [400, 413, 415, 422]
    while server.answers:
        judge(three)
        expect(told(three)).to_have_text("Not saved: label: is not one.")
        expect(part(three, "right")).to_be_enabled()
    until(three, "records.length === 0")
    three.reload()
    expect(part(three, "right")).to_be_enabled()
    assert len(server.posted) == 4


@pytest.mark.thorough
def test_a_refusal_does_not_hold_up_the_next(three, server):
    judge_in_vain(three, server)
    write(three, "7")
    judge(three)
    expect(told(three)).to_contain_text("Kept on this device")
    server.answers = [422, 201]
    three.reload()
    expect(part(three, "waiting")).to_contain_text("An earlier answer of yours was not saved: label: is not one.")
    until(three, "records.length === 1 && !records[0].body")
    first, again, second = server.posted
    assert first == again != second


@pytest.mark.thorough
def test_undo_of_what_may_have_reached_the_server_deletes_it_there_too(three, server):
    judge_in_vain(three, server)
    part(three, "take-back").click()
    expect(told(three)).to_have_text("Undone here. The server deletes it as soon as it can be reached.")
    three.reload()
    until(three, "records.length === 0")
    assert server.deleted == [sent["id"] for sent in server.posted]


@pytest.mark.thorough
def test_undo_of_what_was_never_tried_asks_the_server_nothing(three, server):
    judge_in_vain(three, server)
    write(three, "7")
    judge(three)
    expect(told(three)).to_contain_text("Kept on this device")
    part(three, "take-back").click()
    expect(told(three)).to_have_text("Undone. Nothing of it is kept.")
    assert len(server.posted) == 1
    assert server.deleted == []


@pytest.mark.thorough
def test_the_list_of_what_was_sent_deletes_one_or_all(three, server):
    for label in ("3", "7", "8"):
        write(three, label)
        judge(three, "none")
        expect(told(three)).to_have_text(SAVED)
    part(three, "about").click()
    items = part(three, "sent").get_by_role("listitem")
    expect(items).to_have_count(3)
    items.first.get_by_role("button", name="Delete").click()
    expect(items).to_have_count(2)
    expect(part(three, "deleted")).to_have_text("Deleted.")
    three.get_by_role("button", name="Delete all").click()
    expect(items).to_have_count(0)
    three.get_by_role("button", name="Close").click()
    expect(told(three)).to_have_text("Deleted.")
    expect(part(three, "right")).to_be_enabled()
    assert sorted(server.deleted) == sorted(sent["id"] for sent in server.posted)


@pytest.mark.thorough
def test_the_delete_key_in_the_dialog_leaves_the_drawing(three):
    part(three, "about").click()
    three.keyboard.press("Delete")
    three.keyboard.press("Escape")
    expect(part(three, "about")).to_be_focused()
    expect(part(three, "right")).to_be_enabled()


@pytest.mark.thorough
@pytest.mark.parametrize("missing", ["crypto.randomUUID", "navigator.locks", "window.indexedDB"])
def test_what_a_browser_lacks_is_made_up_for(opened, missing):
    page, server = opened(lacking=missing)
    assert page.evaluate(missing) is None
    server.answers, server.headers = [503], SOON
    judge(page)
    expect(told(page)).to_have_text(SAVED)
    first, second = server.posted
    assert first == second
    assert uuid.UUID(first["id"]).version == 4


@pytest.mark.thorough
def test_where_nothing_can_be_written_down_no_more_is_promised(opened):
    page, server = opened(lacking="window.indexedDB")
    server.answers, server.headers = [503], LATER
    judge(page)
    expect(told(page)).to_contain_text("Kept in this page while it is open")


@pytest.mark.thorough
def test_labels_and_dialog_fit_a_narrow_screen(opened):
    page, _ = opened("/canvas", first="", viewport={"width": 320, "height": 640})
    judge(page, "wrong")
    assert dialog(page).evaluate("dialog => dialog.scrollWidth - dialog.clientWidth") == 0
    for name in ("Yes, keep them", "No, keep none"):
        expect(page.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
    part(page, "yes").click()
    expect(part(page, "picker")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    for button in part(page, "picker").get_by_role("button").all()[::10]:
        box = button.bounding_box()
        assert box["width"] >= 24
        assert box["height"] >= 44
        assert box["x"] + box["width"] <= 320
    part(page, "about").click()
    assert dialog(page).evaluate("dialog => dialog.scrollWidth - dialog.clientWidth") == 0
    expect(page.get_by_role("button", name="Stop keeping them")).to_be_in_viewport(ratio=1)


@pytest.mark.thorough
def test_a_correction_is_stored_by_the_server_and_undone_there(opened, app):
    page, server = opened()
    server.be_real()
    with page.expect_response(API) as response:
        judge(page, "wrong")
        page.keyboard.press("8")
    expect(told(page)).to_have_text(SAVED)
    assert response.value.status == 201
    id = response.value.json()["id"]
    with app.app_context():
        (record,) = [record for record in keeping.store().read("digit") if record.id == id]
    assert (record.prediction, record.label) == ("3", "8")
    part(page, "take-back").click()
    expect(told(page)).to_have_text("Undone. Nothing of it is kept.")
    with app.app_context():
        assert id not in {record.id for record in keeping.store().read()}
