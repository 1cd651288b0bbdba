"""What Chromium's own traces say: from input to the frame that shows it, and of a page's load."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

INPUT = ["-*", "input.scrolling"]  # categories to record; few, since recording takes time too
LOADING = ["-*", "loading", "devtools.timeline", "blink.user_timing"]
DRAWING = {"MOUSE_PRESSED", "MOUSE_DRAGGED"}  # what leaves ink
WAITING = {"RendererCompositorToMain"}  # until the page's thread is free, and its frame begins
HANDLING = {"RendererMainProcessing"}  # the page's own code


class Latency(NamedTuple):
    """From an input to the frame that shows it, milliseconds. Of total, waiting and handling; the rest is rendering."""

    total: float
    waiting: float
    handling: float


class Load(NamedTuple):
    """A page's load until the network is idle.

    paint: milliseconds to the first contentful paint. shift: sum of all layout shifts' scores. wire: bytes as sent,
    with headers. uncompressed: bytes of all bodies. requests: number of them.
    """

    paint: float
    shift: float
    wire: int
    uncompressed: int
    requests: int


def latencies(events: Iterable[dict]) -> Iterator[Latency]:
    """Of every press and drag that a frame was made for; an input merged into an earlier one counts as that one."""
    open_inputs: dict[tuple, list[dict]] = {}
    for event in sorted(events, key=_time):
        key = (event["pid"], event.get("id2", {}).get("local"))
        if event["name"] == "EventLatency" and event["ph"] == "b":
            open_inputs[key] = [event]
        elif key in open_inputs and event["ph"] in "be":
            open_inputs[key].append(event)
            if event["name"] == "EventLatency":
                yield from _latency(open_inputs.pop(key))


def _latency(events: list[dict]) -> Iterator[Latency]:
    about = events[0]["args"]["event_latency"]
    if about["event_type"] not in DRAWING or "display_trace_id" not in about:
        return
    spent, open_stages = Counter(), []
    for event in events[1:-1]:
        if event["ph"] == "b":
            open_stages.append(event)
        elif open_stages:
            stage = open_stages.pop()
            spent[stage["name"]] += event["ts"] - stage["ts"]
    total = events[-1]["ts"] - events[0]["ts"]
    yield Latency(total / 1e3, sum(spent[name] for name in WAITING) / 1e3, sum(spent[name] for name in HANDLING) / 1e3)


def load(events: list[dict], address: str) -> Load:
    """Of a trace that holds one navigation, to a page of the server at `address`; Chromium's own pages are left out.

    Raises ValueError where the page never painted.
    """
    sent = [event["args"]["data"] for event in events if event["name"] == "ResourceSendRequest"]
    ours = {data["requestId"] for data in sent if data["url"].startswith(address)}
    frame = next(data["frame"] for data in sent if data["requestId"] in ours)
    painted = [event for event in events if event["name"] == "firstContentfulPaint" and event["args"]["frame"] == frame]
    if not painted:
        raise ValueError(
            f"The trace holds no first contentful paint. Record {LOADING}, and wait until the page is there."
        )
    began = max(e["ts"] for e in events if e["name"] == "navigationStart" and e["args"]["frame"] == frame)
    shifts = [event["args"] for event in events if event["name"] == "LayoutShift"]
    finished = [event["args"]["data"] for event in events if event["name"] == "ResourceFinish"]
    finished = [data for data in finished if data["requestId"] in ours]
    return Load(
        paint=(painted[-1]["ts"] - began) / 1e3,
        shift=sum(shift["data"]["score"] for shift in shifts if shift["frame"] == frame),
        wire=sum(data["encodedDataLength"] for data in finished),
        uncompressed=sum(data["decodedBodyLength"] for data in finished),
        requests=len(finished),
    )


def _time(event: dict) -> int:
    return event.get("ts", 0)
