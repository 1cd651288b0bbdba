"""Figures of apps side by side, ours first."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

FORMATS = {
    "%": lambda value: f"{100 * value:.1f} %",
    "ms": lambda value: f"{1000 * value:.2f} ms",
    "s": lambda value: f"{value:.2f} s",
    "/s": lambda value: f"{value:,.0f} /s",
    "MB": lambda value: f"{value / 1e6:,.0f} MB",
}
MORE_IS_BETTER = ("%", "/s")
BEGIN, END = "<!-- comparison -->", "<!-- /comparison -->"


@dataclass(frozen=True)
class Row:
    """One measure of all apps: a share for "%", bytes for "MB", seconds for "ms" and "s"; None: not measured."""

    measure: str
    unit: str
    ours: float | None
    others: tuple[float | None, ...]

    @property
    def ratios(self) -> list[float | None]:
        """How many times better ours is than each of the others; below 1 where it is worse."""
        return [self._ratio(other) for other in self.others]

    def _ratio(self, other: float | None) -> float | None:
        if self.ours is None or other is None:
            return None
        better, worse = (self.ours, other) if self.unit in MORE_IS_BETTER else (other, self.ours)
        return better / worse if worse else math.inf

    def as_json(self) -> dict:
        return {name: getattr(self, name) for name in ("measure", "unit", "ours", "others", "ratios")}


def cell(value: float | None, unit: str) -> str:
    return "n/a" if value is None else FORMATS[unit](value)


def ratio_cell(ratio: float | None) -> str:
    return "n/a" if ratio is None else f"{ratio:.2g}" if ratio < 10 else f"{ratio:,.0f}"


def table(names: Sequence[str], rows: Sequence[Row]) -> str:
    """The rows in Markdown, under the names of the apps."""
    ours, *others = names
    lines = [f"| | {ours} |" + "".join(f" {name} | times better |" for name in others)]
    lines.append("| --- |" + " ---: |" * (1 + 2 * len(others)))
    for row in rows:
        cells = [cell(row.ours, row.unit)]
        for other, ratio in zip(row.others, row.ratios, strict=True):
            cells += [cell(other, row.unit), ratio_cell(ratio)]
        lines.append(f"| {row.measure} | {' | '.join(cells)} |")
    return "\n".join(lines)


def with_comparison(page: str, comparison: str) -> str:
    """A page's text with this between its marks."""
    before, rest = page.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    return f"{before}{BEGIN}\n\n{comparison}\n\n{END}{after}"
