"""Which feedback a model may learn from."""

from collections import Counter
from collections.abc import Iterable, Iterator

from app.feedback.pictures import picture_hash
from app.feedback.store import ACCEPTED, NOT_A_CHARACTER, PENDING, SKIP, SYNTHETIC, Feedback
from app.recognition.errors import PictureError

CAP = 500  # records of one browser and mode, so that no one hand outweighs all others


def status_of(label: str, probabilities: dict[str, float], sure: float) -> str:
    """PENDING where the model gives another label at least the probability `sure`, else ACCEPTED.

    NOT_A_CHARACTER and SKIP contradict nothing, since no model can say them.
    """
    best = max(probabilities, key=probabilities.get)
    return PENDING if label in probabilities and label != best and probabilities[best] >= sure else ACCEPTED


def learnable(records: Iterable[Feedback], cap: int = CAP) -> Iterator[Feedback]:
    """The records that a model may learn from, oldest first.

    Only those ACCEPTED. Of one drawing in one mode only the latest answer, where that is a label: SKIP is no answer,
    NOT_A_CHARACTER is one. Of one browser at most `cap` in a mode, the oldest; those without a browser count as one,
    synthetic ones are not counted. Records whose picture cannot be read are left out.
    """
    latest = {}
    for record in sorted(records, key=lambda record: record.time):
        if record.status != ACCEPTED or record.label == SKIP:
            continue
        try:
            drawing = record.mode, picture_hash(record.image)
        except PictureError:
            continue
        latest.pop(drawing, None)  # so that the order stays that of time
        latest[drawing] = record
    counts = Counter()
    for record in latest.values():
        if record.label == NOT_A_CHARACTER:
            continue
        counts[record.mode, record.browser] += 1
        if record.browser == SYNTHETIC or counts[record.mode, record.browser] <= cap:
            yield record
