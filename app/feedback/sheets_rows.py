"""Feedback as a row of a worksheet, and a row, also one that a person edited, as feedback."""

from datetime import UTC, datetime
from uuid import UUID

from app.feedback.store import ACCEPTED, STATUSES, SYNTHETIC, Feedback

WORKSHEETS = {"digit": "Digit", "character": "Character", "any": "Any"}
DUMMY = "Digit_dummy"
MODES = {title: mode for mode, title in WORKSHEETS.items()} | {DUMMY: "digit"}
COLUMNS = ("id", "time", "image", "prediction", "confidence", "label", "model version", "browser", "status")
CELL_LIMIT = 50_000  # characters, Google's


def worksheet_of(feedback: Feedback) -> str:
    """The title of the worksheet that keeps it."""
    if feedback.mode == "digit" and feedback.browser == SYNTHETIC:
        return DUMMY
    return WORKSHEETS[feedback.mode]


def to_row(feedback: Feedback, header: list[str]) -> list[str | float]:
    """A cell for each name in `header`, "" under a name that is none of COLUMNS.

    Raises ValueError where a text does not fit into a cell, or the time has no zone.
    """
    if feedback.time.tzinfo is None:
        raise ValueError(f"A time must have a zone, such as UTC. Received: {feedback.time!r}")
    cells = {
        "id": feedback.id,
        "time": feedback.time.astimezone(UTC).isoformat(),
        "image": feedback.image,
        "prediction": feedback.prediction,
        "confidence": feedback.confidence,
        "label": feedback.label,
        "model version": feedback.model_version,
        "browser": feedback.browser,
        "status": feedback.status,
    }
    for name, cell in cells.items():
        if isinstance(cell, str) and len(cell) >= CELL_LIMIT:
            raise ValueError(
                f"{name} must have fewer than {CELL_LIMIT:,} characters, to fit into a cell of Google Sheets."
                f" Received: {len(cell):,} characters"
            )
    return [cells.get(name, "") for name in header]


def to_header(cells: list) -> list[str]:
    """The names of a worksheet's columns from its first row; of a name that is there twice, the first counts."""
    names = [str(cell).strip().lower() for cell in cells]
    return [name if name not in names[:place] else "" for place, name in enumerate(names)]


def from_row(cells: list, header: list[str], worksheet: str) -> Feedback:
    """The feedback that a row holds.

    Of a row that a person typed, "browser" and "status" may be blank. Raises ValueError, which names the column and
    says what it must hold but not what it holds, where the row is no feedback.
    """
    row = {name: cell for name, cell in zip(header, cells, strict=False) if name}
    return Feedback(
        id=str(_parsed(row, "id", UUID, "a UUID")),
        time=_parsed(row, "time", _time, "a time, as 2026-01-31T12:00:00+00:00"),
        mode=MODES[worksheet],
        image=_parsed(row, "image", _image, "a data URL of a PNG"),
        prediction=_parsed(row, "prediction", _filled, "a label"),
        confidence=_parsed(row, "confidence", _confidence, "a number from 0 to 1"),
        label=_parsed(row, "label", _filled, "a label"),
        model_version=_text(row.get("model version", "")),
        browser=_text(row.get("browser", "")) or (SYNTHETIC if worksheet == DUMMY else ""),
        status=_parsed(row, "status", _status, f"one of {', '.join(STATUSES)}"),
    )


def _parsed(row: dict, column: str, parse, expected: str):
    try:
        return parse(_text(row.get(column, "")))
    except ValueError as error:
        raise ValueError(f"{column} is not {expected}") from error


def _text(cell) -> str:
    """A cell's text. Sheets makes a number of what a person types as 7, and a 7.0 of it is still a 7."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip()


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def _image(text: str) -> str:
    if not text.startswith("data:image/png;base64,"):
        raise ValueError
    return text


def _filled(text: str) -> str:
    if not text:
        raise ValueError
    return text


def _confidence(text: str) -> float:
    confidence = float(text)
    if not 0 <= confidence <= 1:
        raise ValueError
    return confidence


def _status(text: str) -> str:
    status = text.lower() or ACCEPTED
    if status not in STATUSES:
        raise ValueError
    return status
