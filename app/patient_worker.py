"""How gunicorn takes requests in: a request gets a thread once all of it has come.

gthread reads in the thread that answers, without a limit of time, so that eight clients that send a byte a second would
keep eight threads from everybody else. Here the loop that waits for connections gathers what they send, and threads
read from memory. Who has waited too long for a thread is refused: under overload a late answer is worth nothing to who
asked, and delays all others. Run by gunicorn.conf.py, it imports nothing of the app.
"""

import re
import time
from collections import deque
from concurrent.futures import Future
from functools import partial
from selectors import EVENT_READ
from socket import SHUT_WR
from typing import NamedTuple

from gunicorn.http import get_parser
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker

HEAD_TIME, BODY_TIME = 10, 60  # seconds from a request's first byte, or the connection, to the end of each
LONGEST_HEAD = 64_000  # bytes; gunicorn refuses what is longer
READ_AWAY = 50_000_000  # bytes of a request that is too large which are still read: a client that sends sees no answer
MOST_HELD = 64_000_000  # bytes of requests in this process that are not answered yet
MAX_QUEUE_SECONDS = 2  # where the app sets none
RETRY_AFTER = 5  # seconds
SAID_EVERY = 10  # seconds
PROBE = b"GET /health/"
PIECE = 1 << 18  # bytes read at once
CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")
LENGTH = re.compile(rb"^content-length:[ \t]*(\d{1,15})[ \t]*\r?$", re.I | re.M)
CHUNKED = re.compile(rb"^transfer-encoding:", re.I | re.M)
EXPECTS = re.compile(rb"^expect:[ \t]*100-continue", re.I | re.M)


class Arriving:
    """What has come of a connection's next request. gunicorn's parser reads it like a socket that has no more.

    Only when a request is whole is judged here, with a tolerant look at its head. What it says the parser judges; a
    wrong guess costs no thread, since the parser then sees a request that was cut short.

    Args:
        most: bytes of a body that are kept. Of a longer one READ_AWAY bytes are read and dropped.
    """

    def __init__(self, most: int):
        self._most = most
        self._bytes = bytearray()
        self.begin()

    def __len__(self) -> int:
        return len(self._bytes)

    def begin(self) -> None:
        """Look for the end of another request in what is there and what is to come."""
        self.whole = self.expects = False
        self.lost = False  # whether where the next request begins is unknown
        self._head = self._body = self._dropped = 0  # where the body begins and, once known, ends; bytes left out
        self._chunked = False
        self._look()

    @property
    def has_head(self) -> bool:
        return self._head > 0

    @property
    def is_probe(self) -> bool:
        return self._bytes.startswith(PROBE)

    @property
    def left_out(self) -> bool:
        """Whether the body was too long to be kept."""
        return self._dropped > 0

    def add(self, data: bytes) -> None:
        """Take what came; b"": the client sends no more."""
        if not data:
            self.whole = self.lost = True
        elif self.has_head and not self._chunked and self._body - self._head > self._most:
            self._dropped += len(data)
            self.whole = self._head + self._dropped >= min(self._body, self._head + READ_AWAY)
            self.lost = self._head + self._dropped != self._body
        else:
            self._bytes += data
            self._look()

    def recv(self, size: int) -> bytes:
        taken = bytes(self._bytes[:size])
        del self._bytes[:size]
        return taken

    def put_back(self, data: bytes) -> None:
        """What the parser read and did not need."""
        self._bytes[:0] = data

    def _look(self) -> None:
        if not self.has_head:
            end = self._bytes.find(b"\r\n\r\n", 0, LONGEST_HEAD)
            if end < 0:
                self.whole = self.lost = len(self._bytes) >= LONGEST_HEAD
                return
            head = bytes(self._bytes[:end])
            self._head = self._body = end + 4
            self._chunked = bool(CHUNKED.search(head))
            length = LENGTH.search(head)
            if length and not self._chunked:
                self._body += int(length[1])
            self.expects = bool(EXPECTS.search(head))
            if self._body - self._head > self._most:
                self._dropped = len(self._bytes) - self._head
                del self._bytes[self._head :]
        if self._chunked:
            self._walk_chunks()
        else:
            self.whole = len(self._bytes) + self._dropped >= self._body

    def _walk_chunks(self) -> None:
        """Move on to the first chunk that has not come as a whole; what is no chunk is the parser's to refuse."""
        while not self.whole:
            if self._body - self._head > self._most or len(self._bytes) - self._head > self._most:
                self.whole = self.lost = True
            elif size := CHUNK.match(self._bytes, self._body):
                if length := int(size[1], 16):
                    after = size.end() + length + 2
                    if after > len(self._bytes):
                        self.whole = self.lost = after - self._head > self._most
                        return
                    self._body = after
                    continue
                last = size.end() - 2  # the trailer's end is an empty line, which may follow at once
                if self._bytes.find(b"\r\n\r\n", last) >= 0:
                    self.whole = True
                return
            else:
                unfinished = self._bytes.find(b"\r\n", self._body) < 0 and len(self._bytes) - self._body < LONGEST_HEAD
                self.whole = self.lost = not unfinished
                return


class InLine(NamedTuple):
    """A request that waits for a thread, until a monotonic time at the latest."""

    conn: TConn
    future: Future
    until: float


class PatientWorker(ThreadWorker):
    """gunicorn's thread worker, for HTTP/1.1 without TLS of its own.

    Attributes:
        shed: how many requests were refused because no thread was free for MAX_QUEUE_SECONDS, a setting of the app.
    """

    def init_process(self):
        self._held = self.shed = self._said = 0
        self._say_next = 0.0
        self._line: deque[InLine] = deque()
        self._parting: deque[TConn] = deque()
        super().init_process()

    @property
    def waiting(self) -> int:
        """Requests that wait for a thread."""
        return len(self._line)

    def accept(self, listener):
        try:
            sock, client = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        self.nr_conns += 1
        conn = TConn(self.cfg, sock, client, listener.getsockname())
        conn.arriving = Arriving(self._setting("MAX_CONTENT_LENGTH", 8_000_000))
        conn.parser, conn.initialized = get_parser(self.cfg, conn.arriving, client), True
        self._await(conn)

    def on_client_socket_readable(self, conn, client):
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._await(conn)
        self.on_pending_socket_readable(conn, client)

    def on_pending_socket_readable(self, conn, client):
        try:
            data = client.recv(PIECE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        arriving, before, had_head = conn.arriving, len(conn.arriving), conn.arriving.has_head
        arriving.add(data)
        self._held += len(arriving) - before
        if arriving.has_head and not had_head:
            conn.timeout += BODY_TIME - HEAD_TIME
            if arriving.expects and not arriving.whole:
                self._say(conn, b"HTTP/1.1 100 Continue\r\n\r\n")
        if self._held > MOST_HELD:
            largest = max(self.pending_conns, key=lambda pending: len(pending.arriving))
            self._refuse(largest, 503, "Service Unavailable", "Too much is being sent to the server at once.")
            if largest is conn:
                return
        if arriving.whole:
            self._stop_awaiting(conn)
            if arriving.has_head or data:
                self.enqueue_req(conn)
            else:
                self._drop(conn)

    def enqueue_req(self, conn):
        conn.held = len(conn.arriving)
        self._held += conn.held
        is_probe = conn.arriving.is_probe  # is answered late rather than not: whoever asks would start us anew
        future = self.tpool.submit(self.handle, conn)
        if not is_probe:
            until = time.monotonic() + self._setting("MAX_QUEUE_SECONDS", MAX_QUEUE_SECONDS)
            self._line.append(InLine(conn, future, until))
        future.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, conn, done))

    def finish_request(self, conn, fs):
        self._held -= conn.held
        keeps = not fs.cancelled() and not fs.exception() and fs.result()
        if not keeps or conn.arriving.lost:
            self._part(conn)
            return
        conn.arriving.put_back(conn.parser.unreader.take_buffered())
        if conn.arriving.left_out:
            conn.parser = get_parser(self.cfg, conn.arriving, conn.client)  # the old one waits for what was left out
        conn.arriving.begin()
        if not len(conn.arriving):
            super().finish_request(conn, fs)
        elif conn.arriving.whole:
            self.enqueue_req(conn)
        else:
            self._await(conn)

    def murder_pending(self):
        now = time.monotonic()
        self._shed_late(now)
        # While all connections are taken none is kept, so that whoever waits to be accepted has a turn.
        taken = self.nr_conns >= self.worker_connections
        self.max_keepalived = 0 if taken else self.worker_connections - self.cfg.threads
        for conn in [conn for conn in self.pending_conns if conn.timeout <= now]:
            if len(conn.arriving):
                self._refuse(conn, 408, "Request Timeout", "The request did not come to its end in time.")
            else:
                self._stop_awaiting(conn)
                self._drop(conn)
        while self._parting and self._parting[0].timeout <= now:
            self._stop_parting(self._parting[0])

    def _cap_keepalive(self, deadline):
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            if not len(conn.arriving):
                conn.timeout = min(conn.timeout, time.monotonic() + STOP_KEEPALIVE_LINGER)

    def _await(self, conn):
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + HEAD_TIME
        self.pending_conns.append(conn)
        self._held += len(conn.arriving)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def _stop_awaiting(self, conn):
        self.poller.unregister(conn.sock)
        self.pending_conns.remove(conn)
        self._held -= len(conn.arriving)

    def _shed_late(self, now: float):
        """Refuse who has waited too long. Threads take requests in the order of the line."""
        while self._line:
            conn, future, until = self._line[0]
            if until > now and not (future.running() or future.done()):
                break
            self._line.popleft()
            if future.cancel():  # not where a thread has it; `finish_request` comes next
                self.shed += 1
                self._say(conn, _problem(503, "Service Unavailable", "The server has too much to do at present."))
        if self.shed > self._said and now >= self._say_next:
            waited = self._setting("MAX_QUEUE_SECONDS", MAX_QUEUE_SECONDS)
            self.log.warning("Overloaded: %d requests were refused after %g s.", self.shed - self._said, waited)
            self._said, self._say_next = self.shed, now + SAID_EVERY

    def _refuse(self, conn, status: int, title: str, detail: str):
        """Answer in words a request that will not be heard to its end."""
        self._stop_awaiting(conn)
        self._say(conn, _problem(status, title, detail))
        self._part(conn)

    def _part(self, conn):
        """Say that no more comes, and close once the client did: what it still sends would have the answer torn away.

        gunicorn waits for that in the loop, where one slow client holds up all others.
        """
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(SHUT_WR)
        except OSError:
            self._drop(conn)
            return
        conn.timeout = time.monotonic() + STOP_KEEPALIVE_LINGER
        self._parting.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self._on_parting_readable, conn))

    def _on_parting_readable(self, conn, client):
        try:
            if client.recv(PIECE):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._stop_parting(conn)

    def _stop_parting(self, conn):
        self.poller.unregister(conn.sock)
        self._parting.remove(conn)
        self._drop(conn)

    def _drop(self, conn):
        self.nr_conns -= 1
        conn.close()

    def _setting(self, name: str, otherwise: float):
        return getattr(self.app.callable, "config", {}).get(name, otherwise)

    @staticmethod
    def _say(conn, data: bytes):
        try:
            conn.sock.send(data)
        except OSError:  # gone, or it does not read: nothing else hangs on it
            return


def _problem(status: int, title: str, detail: str) -> bytes:
    """An answer as the app gives them, after which the connection is closed."""
    advice = f"Send it again in {RETRY_AFTER} s." if status == 503 else "Send it again, or a smaller picture."
    body = f'{{"type": "about:blank", "title": "{title}", "status": {status}, "detail": "{detail} {advice}"}}'
    head = f"HTTP/1.1 {status} {title}\r\nContent-Type: application/problem+json\r\nConnection: close\r\n"
    retry = f"Retry-After: {RETRY_AFTER}\r\n" if status == 503 else ""
    return f"{head}{retry}Content-Length: {len(body)}\r\n\r\n{body}".encode()
