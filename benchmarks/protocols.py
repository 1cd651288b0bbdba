"""How each kind of server is asked to read a drawing: one request after another, the last answer says what it is."""

import base64
import json
from collections.abc import Callable, Generator
from typing import NamedTuple

from benchmarks.drawings import Drawing

BOUNDARY = b"drawing"


class Request(NamedTuple):
    """POST where there is a body, else GET."""

    path: str
    body: bytes = b""
    content_type: str = "application/json"


# Yields requests, is sent the body of each answer, and returns the prediction.
Protocol = Callable[[Drawing], Generator[Request, bytes, str]]


def plain(drawing: Drawing) -> Generator[Request, bytes, str]:
    """Ours, which the usual app takes too: one request."""
    answer = yield Request("/api/predict", drawing.body)
    return json.loads(answer)["prediction"]


def gradio(drawing: Drawing) -> Generator[Request, bytes, str]:
    """Gradio's: upload the picture, put the call in the queue, read its result from a stream of events.

    These are the fewest requests that it takes; its own page sends more.
    https://www.gradio.app/guides/querying-gradio-apps-with-curl

    Raises RuntimeError where the result is an error.
    """
    question = json.loads(drawing.body)
    png = base64.b64decode(question["image"].partition(",")[2])
    head = b'Content-Disposition: form-data; name="files"; filename="drawing.png"\r\nContent-Type: image/png'
    form = b"--%b\r\n%b\r\n\r\n%b\r\n--%b--\r\n" % (BOUNDARY, head, png, BOUNDARY)
    answer = yield Request("/gradio_api/upload", form, f"multipart/form-data; boundary={BOUNDARY.decode()}")
    (path,) = json.loads(answer)
    file = {"path": path, "meta": {"_type": "gradio.FileData"}}
    call = {"data": [{"background": None, "layers": [], "composite": file}, question["mode"]]}
    answer = yield Request("/gradio_api/call/predict", json.dumps(call).encode())
    stream = yield Request(f"/gradio_api/call/predict/{json.loads(answer)['event_id']}")
    event, _, data = stream.decode().rstrip().rpartition("\n\n")[2].partition("\n")
    if event != "event: complete":
        raise RuntimeError(f"Gradio ended the call with {stream[-500:]!r}")
    return json.loads(data.removeprefix("data: "))[0]["label"]
