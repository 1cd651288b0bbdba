"""Hostile requests against the server that ships: refused in words or by gunicorn's own 4xx, and others are served."""

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from benchmarks.client import ADDRESS
from benchmarks.servers import Server
from tests.drawings import data_url, draw
from tests.server import shipped

QUESTION = json.dumps({"image": data_url(draw("3")), "mode": "digit"}).encode()
PREDICT = b"POST /api/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("hostile")
    stores = {"FEEDBACK_URL": f"sqlite:///{folder}/feedback.db", "GAME_URL": f"sqlite:///{folder}/game.db"}
    with shipped(**stores, PREDICT_RATE="100000 per minute") as server:
        yield server
        assert "Traceback" not in server.log()


def sent(server: Server, *parts: bytes) -> list[tuple[int, dict[str, str], bytes]]:
    """What comes back for these bytes until the server closes, or has answered and is silent: status, headers, body."""
    with socket.create_connection((ADDRESS, server.port), timeout=20) as connection:
        for part in parts:
            connection.sendall(part)
        connection.shutdown(socket.SHUT_WR)
        answers, stream = [], connection.makefile("rb")
        while line := stream.readline():
            status = int(line.split()[1])
            headers = http.client.parse_headers(stream)
            answers.append((status, dict(headers), stream.read(int(headers.get("Content-Length", 0)))))
        return answers


def predicted(server: Server) -> str:
    with closing(http.client.HTTPConnection(ADDRESS, server.port, timeout=20)) as connection:
        connection.request("POST", "/api/predict", QUESTION, {"Content-Type": "application/json"})
        return json.loads(connection.getresponse().read())["prediction"]


def chunked(body: bytes, size: int) -> bytes:
    pieces = [body[i : i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize("size", [700, 100_000])
def test_chunked_body_is_read_in_any_pieces(server, size):
    body = chunked(QUESTION, size)
    head = PREDICT + b"Transfer-Encoding: chunked\r\n\r\n"
    ((status, _, answer),) = sent(server, head + body[:7], body[7:-3], body[-3:])
    assert (status, json.loads(answer)["prediction"]) == (200, "3")


def test_requests_on_one_connection_are_answered_in_turn(server):
    whole = PREDICT + b"Content-Length: %d\r\n\r\n" % len(QUESTION) + QUESTION
    live = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert [status for status, *_ in sent(server, live + whole[:50], whole[50:] + live + whole)] == [200] * 4


def test_client_that_waits_to_be_told_to_go_on_is_told(server):
    head = PREDICT + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(QUESTION)
    with socket.create_connection((ADDRESS, server.port), timeout=20) as connection:
        connection.sendall(head)
        answer = connection.makefile("rb")
        assert answer.readline().startswith(b"HTTP/1.1 100 ")
        connection.sendall(QUESTION)
        assert b"HTTP/1.1 200 OK\r\n" in iter(answer.readline, b"")


def test_slow_clients_keep_no_thread_from_others(server):
    """More of them than there are threads, each with a request that has begun and does not end."""
    beginnings = [
        b"",
        b"POST /api/pre",
        PREDICT,
        PREDICT + b"Content-Length: 5000\r\n\r\n{",
        PREDICT + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
        PREDICT + b"Content-Length: 9000000\r\n\r\n{",
    ]
    with ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection((ADDRESS, server.port))) for _ in range(60)]
        for number, connection in enumerate(slow):
            connection.sendall(beginnings[number % len(beginnings)])
        for _ in range(3):
            for connection in slow:
                connection.sendall(b"1")
            assert predicted(server) == "3"


@pytest.mark.parametrize(
    ("request_", "statuses"),
    [
        (PREDICT + b"Content-Length: 10000000\r\n\r\n" + bytes(10_000_000), {413}),
        (PREDICT + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(bytes(10_000_000), 1_000_000), {413, 400}),
        (PREDICT + b"Content-Length: 99999999999999\r\n\r\n{", {413}),
        (PREDICT + b"Content-Length: 5000\r\n\r\n{}", {400}),
        (PREDICT + b"Content-Length: 1\r\n\r\n" + QUESTION, {400, 405, 505}),
        (PREDICT + b"Content-Length: -1\r\n\r\n{}", {400}),
        (PREDICT + b"Content-Length: 0x10\r\n\r\n{}", {400}),
        (PREDICT + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", {400}),
        (PREDICT + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", {400}),
        (PREDICT + b"Transfer-Encoding: gzip\r\n\r\n{}", {400, 501}),
        (PREDICT + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", {400}),
        (PREDICT + b"Transfer-Encoding: chunked\r\n\r\nfffffffffff\r\n{}", {400, 413}),
        (PREDICT + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n", {400}),
        (PREDICT + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", {400}),
        (PREDICT + b"\r\n" + QUESTION, {400, 405, 505}),
        (PREDICT + b"Content-Length: 200000\r\n\r\n" + b"[" * 200_000, {400}),
        (PREDICT + b'Content-Length: 200008\r\n\r\n{"mode":' + b'{"a":' * 40_000, {400}),
        (b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", {404}),
        (b"GET /static/%2e%2e/settings.py HTTP/1.1\r\nHost: a\r\n\r\n", {404}),
        (b"GET /static/..%2fsettings.py HTTP/1.1\r\nHost: a\r\n\r\n", {404}),
        (b"GET /static/..%5csettings.py HTTP/1.1\r\nHost: a\r\n\r\n", {404}),
        (b"GET /static//etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", {404, 308}),
        (b"GET //example.org/%2e%2e HTTP/1.1\r\nHost: a\r\n\r\n", {404, 308}),
        (b"GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", {400, 404}),
        (b"GET /static/%00.js HTTP/1.1\r\nHost: a\r\n\r\n", {400, 404}),
        (b"GET /static/%ff%fe HTTP/1.1\r\nHost: a\r\n\r\n", {400, 404}),
        (b"GET /static/" + b"a" * 3000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", {404}),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", {400, 414}),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", {400, 431}),
        (b"GET /health/live HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 200 + b"\r\n", {400, 431}),
        (b"GET /health/live HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n", {400}),
        (b"GET /health/live HTTP/1.1\r\nHost: a\r\nX: a\r\n folded\r\n\r\n", {400}),
        (b"GET /health/live HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", {400}),
        (b'GET / HTTP/1.1\r\nHost: evil"><script>\r\n\r\n', {200, 400}),
        (b"GET /%0d%0aSet-Cookie:a=b HTTP/1.1\r\nHost: a\r\n\r\n", {404}),
        (b"GET http://169.254.169.254/ HTTP/1.1\r\nHost: a\r\n\r\n", {200, 400, 404}),
        (b"CONNECT example.org:443 HTTP/1.1\r\nHost: a\r\n\r\n", {400, 404, 405}),
        (b"TRACE /api/predict HTTP/1.1\r\nHost: a\r\n\r\n", {405}),
        (b"PUT /api/predict HTTP/1.1\r\nHost: a\r\n\r\n", {405}),
        (b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", {405}),
        (b"GET / HTTP/9.9\r\nHost: a\r\n\r\n", {400, 505}),
        (b"nonsense\r\n\r\n", {400}),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {400}),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 505}),
    ],
    ids=lambda value: repr(value[-60:]) if isinstance(value, bytes) else "",
)
def test_hostile_request_is_refused_and_others_are_served(server, request_, statuses):
    answers = sent(server, request_)
    assert answers
    assert answers[0][0] in statuses, answers
    for status, headers, body in answers:
        assert status < 500 or status in (501, 505)
        assert "Set-Cookie" not in headers
        if status >= 400 and headers["Content-Type"] == "application/problem+json":
            assert json.loads(body)["status"] == status
    assert predicted(server) == "3"


def test_form_of_too_many_parts_is_refused(server):
    part = b'--x\r\nContent-Disposition: form-data; name="%d"\r\n\r\n1\r\n'
    body = b"".join(part % number for number in range(5000)) + b"--x--\r\n"
    head = b"POST /api/predict HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    ((status, headers, _),) = sent(server, head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert (status, headers["Content-Type"]) == (413, "application/problem+json")
