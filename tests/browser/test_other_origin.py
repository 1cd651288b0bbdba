"""A front end of another origin, which is a page from another address in the same browser."""

from uuid import uuid4

import flask
import pytest

from app import rates
from tests.owners_app import TOKEN, owners_app
from tests.server import served

# Its ways to ask: status and body, or the error's name where the browser keeps the answer from the page.
FRONT_END = """
window.ask = async (address, request) => {
  try {
    const answer = await fetch(address, request);
    const body = [200, 201, 429].includes(answer.status) ? await answer.json() : null;
    return { type: answer.type, status: answer.status, body, retry: answer.headers.get("Retry-After"),
             id: answer.headers.get("X-Request-ID") };
  } catch (error) { return { type: error.name }; }
};
const headers = { "Content-Type": "application/json" };
window.json = (body) => ({ method: "POST", headers, body: JSON.stringify(body) });
window.form = async (image) => {
  const form = new FormData();
  form.append("file", await (await fetch(image)).blob(), "three.png");
  form.append("mode", "digit");
  return form;
};
"""


@pytest.fixture(scope="module")
def front_end():
    """The origin of a page that is not the app's: another host of this machine to the browser."""
    app = flask.Flask("front_end")
    app.add_url_rule("/", view_func=lambda: "<!doctype html><title>Front end</title><script src=/ask.js></script>")
    app.add_url_rule("/ask.js", "script", lambda: (FRONT_END, {"Content-Type": "text/javascript"}))
    with served(app) as address:
        yield address.replace("127.0.0.1", "localhost")


@pytest.fixture
def answered() -> list[tuple[str, int]]:
    """What the app answered: paths and statuses, also of answers that the browser kept from the page."""
    return []


@pytest.fixture
def api(tmp_path, front_end, request, answered):
    """The address of an app that allows the origins that the test names, or the front end's."""

    def note(response):
        answered.append((flask.request.path, response.status_code))
        return response

    origins = getattr(request, "param", front_end)
    with owners_app(tmp_path, CORS_ORIGINS=origins, HEAT_MAP_RATE="1 per hour") as app:
        app.after_request(note)
        with served(app) as address:
            yield address
    rates.limiter.reset()


@pytest.fixture
def page(visit, front_end):
    page = visit(front_end)
    assert page.evaluate("typeof ask") == "function"
    return page


def feedback(three: str) -> dict:
    said = {"mode": "digit", "prediction": "3", "confidence": 1, "label": "3", "model_version": "v1", "consent": True}
    return said | {"id": str(uuid4()), "image": three}


def test_an_allowed_front_end_uses_the_whole_api(page, api, three):
    question = {"image": three, "mode": "digit"}
    in_json = page.evaluate("([at, body]) => ask(at, json(body))", [f"{api}/api/predict", question])
    in_form = page.evaluate(
        "async ([at, image]) => ask(at, { method: 'POST', body: await form(image) })", [f"{api}/api/predict", three]
    )
    for answer in (in_json, in_form):
        assert (answer["type"], answer["status"], answer["body"]["prediction"]) == ("cors", 200, "3")
        assert answer["id"]
    said = feedback(three)
    kept = page.evaluate("([at, body]) => ask(at, json(body))", [f"{api}/api/feedback", said])
    assert (kept["status"], kept["body"]) == (201, {"id": said["id"]})
    gone = page.evaluate("at => ask(at, { method: 'DELETE' })", f"{api}/api/feedback/{said['id']}")
    assert gone["status"] == 204
    bearer = {"headers": {"Authorization": f"Bearer {TOKEN}"}}
    assert page.evaluate("([at, request]) => ask(at, request)", [f"{api}/api/status", bearer])["status"] == 200
    limited = [page.evaluate("([at, body]) => ask(at, json(body))", [f"{api}/api/heat-map", question]) for _ in "12"]
    assert [answer["status"] for answer in limited] == [200, 429]
    assert int(limited[-1]["retry"]) > 0
    assert "At most 1" in limited[-1]["body"]["detail"]


@pytest.mark.thorough
@pytest.mark.parametrize("api", ["", "http://localhost:1"], indirect=True, ids=["none is allowed", "another is"])
def test_any_other_page_may_neither_read_nor_write(page, api, answered, three):
    for request in ("json({ mode: 'digit' })", "{ method: 'DELETE' }", "{}"):
        assert page.evaluate(f"at => ask(at, {request})", f"{api}/api/model") == {"type": "TypeError"}, request
    blind = "async ([at, image]) => ask(at, { method: 'POST', mode: 'no-cors', body: await form(image) })"
    assert page.evaluate(blind, [f"{api}/api/predict", three]) == {"type": "TypeError"}  # not even an opaque answer
    assert answered[-1] == ("/api/predict", 403)


@pytest.mark.thorough
def test_an_allowed_front_end_gets_no_further_than_the_api(page, api):
    """Its form reaches the owner's page as a form of any stranger's does."""
    page.evaluate(
        """([at, token]) => {
          const form = Object.assign(document.createElement("form"), { method: "POST", action: at });
          form.append(Object.assign(document.createElement("input"), { name: "token", value: token }));
          document.body.append(form);
          form.submit();
        }""",
        [f"{api}/status", TOKEN],
    )
    page.wait_for_url(f"{api}/status")
    assert "Pages of other sites may not send this" in page.inner_text("main")
    assert not page.context.cookies()
