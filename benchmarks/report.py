"""Figures of two apps side by side."""

import math
from dataclasses import dataclass

FORMATS = {
    "%": lambda value: f"{100 * value:.1f} %",
    "ms": lambda value: f"{1000 * value:.2f} ms",
    "s": lambda value: f"{value:.2f} s",
    "/s": lambda value: f"{value:,.0f} /s",
    "MB": lambda value: f"{value / 1e6:,.0f} MB",
}
MORE_IS_BETTER = ("%", "/s")


@dataclass(frozen=True)
class Row:
    """One measure of both apps: shares for "%", bytes for "MB", seconds for "ms" and "s"; None: not measured."""

    measure: str
    unit: str
    ours: float | None
    usual: float | None

    @property
    def ratio(self) -> float | None:
        """How many times better ours is; below 1 where it is worse."""
        if self.ours is None or self.usual is None:
            return None
        better, worse = (self.ours, self.usual) if self.unit in MORE_IS_BETTER else (self.usual, self.ours)
        return better / worse if worse else math.inf

    def as_json(self) -> dict:
        return {name: getattr(self, name) for name in ("measure", "unit", "ours", "usual", "ratio")}


def cell(value: float | None, unit: str) -> str:
    return "n/a" if value is None else FORMATS[unit](value)


def table(rows: list[Row]) -> str:
    """The rows in Markdown."""
    lines = ["| | Inkloop | the usual app | times better |", "| --- | ---: | ---: | ---: |"]
    for row in rows:
        ratio = "n/a" if row.ratio is None else f"{row.ratio:.2g}" if row.ratio < 10 else f"{row.ratio:,.0f}"
        lines.append(f"| {row.measure} | {cell(row.ours, row.unit)} | {cell(row.usual, row.unit)} | {ratio} |")
    return "\n".join(lines)
