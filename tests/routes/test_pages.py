"""Rules that hold for every page. What the pages do is tested in tests/browser."""

import re
from html.parser import HTMLParser

import pytest

PAGES = ["/", "/canvas", "/import", "/game", "/model", "/api/docs", "/no-such-page"]


class Links(HTMLParser):
    """What a page loads, and what in it the content security policy would stop."""

    def __init__(self, page: str):
        super().__init__()
        self.loads, self.inline = [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        loads = attributes.get("src") or (attributes.get("href") if tag == "link" else None)
        if loads:
            self.loads.append(loads)
        if tag == "style" or (tag == "script" and "src" not in attributes):
            self.inline.append(tag)
        self.inline += [name for name in attributes if name == "style" or name.startswith("on")]


def size(client, address: str) -> int:
    """Bytes of what an address gives, which must be there."""
    with client.get(address) as response:
        assert response.status_code == 200
        return len(response.data)


@pytest.fixture(params=PAGES)
def page(request, client):
    return client.get(request.param, headers={"Accept": "text/html"})


@pytest.mark.parametrize("path", ["/", "/canvas", "/import", "/game", "/api/docs"])
def test_page_is_there(client, path):
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/", "/canvas", "/import", "/game"])
def test_page_is_there_also_while_the_models_are_not(unloaded_client, path):
    assert unloaded_client.get(path).status_code == 200


def test_page_is_html_in_a_known_language(page):
    assert page.mimetype == "text/html"
    assert '<html lang="en">' in page.text


def test_nothing_is_inline(page):
    assert Links(page.text).inline == []


def test_everything_loaded_comes_from_here_and_exists(client, page):
    loads = Links(page.text).loads
    assert loads
    for address in loads:
        assert address.startswith("/")
        assert not address.startswith("//")
        assert size(client, address)


def test_everything_a_page_loads_is_within_100_kb(client, page):
    sizes = {address: size(client, address) for address in set(Links(page.text).loads)}
    assert len(page.data) + sum(sizes.values()) < 100_000, sizes


def test_static_file_is_not_sent_twice(client):
    address = next(load for load in Links(client.get("/").text).loads if re.search(r"\.css", load))
    with client.get(address) as first:
        tag = first.headers["ETag"]
    with client.get(address, headers={"If-None-Match": tag}) as again:
        assert (again.status_code, again.data) == (304, b"")
