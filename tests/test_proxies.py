from uuid import uuid4

import pytest

from app import create_app, keeping
from app.proxies import client_address


@pytest.fixture
def ask(tmp_path):
    """Deletes feedback from an app behind so many proxies, each time with another X-Forwarded-For."""

    def ask(proxies: int, *forwarded: str) -> list[int]:
        usual = {"TESTING": True, "MODELS_DIR": "none", "FEEDBACK_URL": f"sqlite:///{tmp_path}/feedback.db"}
        app = create_app(usual | {"TRUSTED_PROXIES": proxies, "FEEDBACK_RATE": "1 per hour"})
        address, client = f"/api/feedback/{uuid4()}", app.test_client()
        answers = [client.delete(address, headers={"X-Forwarded-For": value}).status_code for value in forwarded]
        keeping.close(app)
        return answers

    return ask


COUNTED, REFUSED = 204, 429


def test_what_a_visitor_claims_to_be_forwarded_for_counts_for_nothing_without_a_proxy(ask):
    assert ask(0, "198.51.100.1", "198.51.100.2") == [COUNTED, REFUSED]


def test_behind_a_proxy_the_address_that_it_adds_counts_whatever_the_visitor_put_before_it(ask):
    assert ask(1, "192.0.2.1", "198.51.100.1, 192.0.2.1", "9.9.9.9,8.8.8.8,192.0.2.1") == [COUNTED, REFUSED, REFUSED]
    assert ask(1, "192.0.2.1", "192.0.2.2") == [COUNTED, COUNTED]


def test_behind_two_proxies_the_address_that_the_first_adds_counts(ask):
    assert ask(2, "6.6.6.6, 192.0.2.1, 10.0.0.1", "7.7.7.7, 192.0.2.1, 10.0.0.2") == [COUNTED, REFUSED]


@pytest.mark.parametrize(
    ("remote", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("192.0.2.1:5000", "192.0.2.1:5000"),
        ("", "127.0.0.1"),
    ],
)
def test_addresses_that_one_customer_has_count_as_one(app, remote, counted):
    with app.test_request_context(environ_base={"REMOTE_ADDR": remote}):
        assert client_address() == counted
