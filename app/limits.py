"""How large a request may be, and that one refused is refused in words."""

from typing import BinaryIO

from flask import Flask
from werkzeug.exceptions import BadRequest, ClientDisconnected
from werkzeug.sansio.utils import get_content_length
from werkzeug.wsgi import LimitedStream

READ_AWAY = 50_000_000  # bytes of a refused request that are still read: a few times what cameras make


def init_app(app: Flask) -> None:
    # Base64 makes four bytes of three, and the rest of a request is small.
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_PICTURE_BYTES"] * 4 // 3 + 64_000
    app.wsgi_app = ReadToTheEnd(app.wsgi_app)


class ReadToTheEnd:
    """WSGI middleware that reads what the application left of a request.

    A server that closes the connection under a client that still sends makes it fail, and never see the answer.
    """

    def __init__(self, wsgi_app):
        self._wsgi_app = wsgi_app

    def __call__(self, environ, start_response):
        length = get_content_length(environ.get("CONTENT_LENGTH"), environ.get("HTTP_TRANSFER_ENCODING"))
        if not length:
            if environ.get("wsgi.input_terminated"):
                environ["wsgi.input"] = Chunked(environ["wsgi.input"])
            return self._wsgi_app(environ, start_response)
        body = environ["wsgi.input"] = LimitedStream(environ["wsgi.input"], length)
        answer = self._wsgi_app(environ, start_response)
        try:
            while body.tell() < min(length, READ_AWAY) and body.read(1 << 16):
                pass
        except ClientDisconnected:
            pass
        return answer


class Chunked:
    """A body without a length. Servers raise what they like where its chunks are wrong, which is the client's fault."""

    def __init__(self, stream: BinaryIO):
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        """Raises BadRequest."""
        try:
            return self._stream.read(size)
        except Exception as error:
            raise BadRequest("The chunks of the body are malformed, or it was cut short.") from error
