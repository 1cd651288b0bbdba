"""FEEDBACK_URL of a spreadsheet: what it may say, and the store that it opens."""

from contextlib import closing

import google.auth
import pytest

from app.feedback import sheets, sheets_url
from app.feedback.sheets_url import SheetsUrl
from app.feedback.store import check_url, open_store
from app.settings import SettingError
from tests.feedback.conftest import made

HERE = "http://127.0.0.1:8001"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sheets://a-B_9", SheetsUrl("a-B_9", 1, None)),
        ("sheets://a?instances=3", SheetsUrl("a", 3, None)),
        (f"sheets://a?endpoint={HERE}&instances=5", SheetsUrl("a", 5, HERE)),
        ("sheets://a?endpoint=http%3A%2F%2F%5B%3A%3A1%5D%3A80", SheetsUrl("a", 1, "http://[::1]:80")),
        ("sqlite:///feedback.db", None),
    ],
)
def test_options_follow_the_id(url, expected):
    check_url(url)
    assert sheets_url.parse(url) == expected


@pytest.mark.parametrize("text", ["0", "6", "-1", "1.5", "03", "٣", "many", ""])
def test_number_of_instances_that_a_spreadsheet_cannot_serve_is_refused(text):
    with pytest.raises(SettingError, match=f"instances must be a whole number from 1 to 5.*Received: {text!r}"):
        check_url(f"sheets://a?instances={text}")


@pytest.mark.parametrize(
    "text",
    [
        "http://192.0.2.1:8001",
        "http://127.0.0.1.example.com:8001",
        "http://127.0.0.1:8001@example.com",
        "https://sheets.example.com:443",
        "http://127.0.0.1",
        "http://127.0.0.1:8001/path",
        "127.0.0.1:8001",
        "",
    ],
)
def test_endpoint_on_another_machine_is_refused(text):
    with pytest.raises(SettingError, match=r"endpoint must be a server on this machine, like http://127"):
        check_url(f"sheets://a?endpoint={text}")


@pytest.mark.parametrize("query", ["instance=3", "instances=3&instances=3", "key=secret", "instances"])
def test_option_that_is_unknown_or_comes_twice_is_refused(query):
    with pytest.raises(SettingError, match="FEEDBACK_URL: "):
        check_url(f"sheets://a?{query}")


def test_endpoint_gets_feedback_and_no_credentials(monkeypatch, sheets_server):
    monkeypatch.setattr(sheets, "WRITE_INTERVAL", 0)
    monkeypatch.setattr(google.auth, "default", lambda **_: pytest.fail("credentials were looked for"))
    url = f"sheets://{sheets_server.spreadsheet_id}?endpoint={sheets_server.url}"
    record = made()
    with closing(open_store(url)) as store:
        assert store.add(record)
        assert list(store.read()) == [record]
    assert sheets_server.count("values.append") == 1
    assert not any(sheets_server.authorizations)


def test_three_instances_each_take_a_third_of_the_write_calls(monkeypatch, sheets_server):
    monkeypatch.setattr(sheets, "WRITE_INTERVAL", 0.3)
    url = f"sheets://{sheets_server.spreadsheet_id}?instances=3&endpoint={sheets_server.url}"
    with closing(open_store(url)) as store:
        store.add(made())
    made_worksheets, written = sheets_server.times(writes=True)
    assert written - made_worksheets > 0.6  # three times 0.3, less what the first call took to arrive
