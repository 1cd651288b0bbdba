import http.client
from contextlib import ExitStack

import pytest
from limits.errors import StorageError

from app import create_app, rates
from app.settings import SettingError
from tests.redis_server import redis_server
from tests.server import shipped

UNREAD, REFUSED = 415, 429


@pytest.fixture
def own_client():
    """Clients of apps with settings of their own."""
    yield lambda **config: create_app({"TESTING": True} | config).test_client()
    rates.limiter.reset()


@pytest.fixture
def read_three_times(own_client, three):
    """Asks for three pictures to be read of which only two may be in a minute, for the answers."""

    def read():
        client = own_client(PREDICT_RATE="2 per minute")
        return [client.post("/api/predict", json={"image": three, "mode": "digit"}) for _ in range(3)]

    return read


def send_nothing(port: int) -> tuple[int, str | None]:
    """Status and Retry-After of what a process says to feedback that is none, which counts all the same."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/api/feedback")
    answer = connection.getresponse()
    connection.close()
    return answer.status, answer.getheader("Retry-After")


def test_processes_share_a_rate_in_redis_and_each_counts_for_itself_while_that_is_gone():
    with ExitStack() as redis:
        settings = {"RATE_STORE_URL": redis.enter_context(redis_server()), "FEEDBACK_RATE": "3 per hour"}
        with shipped(**settings) as one, shipped(**settings) as other:
            assert [send_nothing(server.port)[0] for server in (one, one, other)] == [UNREAD] * 3
            for server in (one, other):
                status, wait = send_nothing(server.port)
                assert status == REFUSED
                assert 3000 < int(wait) <= 3600
            redis.close()
            for server in (one, other):
                assert [send_nothing(server.port)[0] for _ in range(4)] == [UNREAD, UNREAD, UNREAD, REFUSED]


def test_reading_can_be_limited(read_three_times):
    answers = read_three_times()
    assert [answer.status_code for answer in answers] == [200, 200, REFUSED]
    assert answers[-1].content_type == "application/problem+json"
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60


def test_a_store_that_fails_to_say_when_to_go_on_is_answered_for(read_three_times, monkeypatch):
    def fail(*_):
        raise StorageError(ConnectionError())

    monkeypatch.setattr(type(rates.limiter.limiter), "get_window_stats", fail)
    assert int(read_three_times()[-1].headers["Retry-After"]) == 60


@pytest.mark.parametrize("url", ["redis", "redis://", "memcached://:the-secret@host", "mysql://a:the-secret@host/b"])
def test_a_store_of_rates_that_is_none_is_refused_at_the_start(own_client, url):
    with pytest.raises(SettingError, match="RATE_STORE_URL must be like memory:// or redis://") as error:
        own_client(RATE_STORE_URL=url)
    assert "the-secret" not in str(error.value)


def test_a_password_that_is_not_escaped_is_refused_without_a_word_of_it(own_client):
    with pytest.raises(SettingError, match="RATE_STORE_URL is no address of a Redis") as error:
        own_client(RATE_STORE_URL="redis://:open/sesame@127.0.0.1:6379/0")
    assert error.value.__suppress_context__
    assert "open" not in str(error.value)
