"""What happens in a process that somebody may want to count: who sends knows nothing of who listens.

Each is sent with the app as its sender, in the thread in which it happened.
"""

from blinker import Namespace

_events = Namespace()

# A request was answered. request: `request_log.Request`. status: int. seconds: float, until the answer was there.
answered = _events.signal("answered")
# A picture was read. waiting, preprocessing, inference: seconds of each step.
picture_read = _events.signal("picture-read")
# An answer was given to somebody who draws. mode, version, label: str. confidence: [0, 1].
predicted = _events.signal("predicted")
# Feedback is durable and was not before. feedback: `app.feedback.store.Feedback`.
feedback_kept = _events.signal("feedback-kept")
# A store was asked. operation: "add" or "delete". outcome: "ok", "unavailable" or "failed". seconds: float.
store_asked = _events.signal("store-asked")
