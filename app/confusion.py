"""A test's confusion matrix as the model page shows it: by label, by pair, and as the cells of a heat map."""

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, groupby

SHADES = (0.01, 0.03, 0.1, 0.3, 0.7)  # shares of a label's pictures from which on a cell is a shade darker


@dataclass(frozen=True)
class Row:
    """What became of one label's pictures: n, how many were right, and the others as (label, count), most often first.

    answers: how many pictures of the whole test were read as this label.
    """

    label: str
    n: int
    right: int
    others: list[tuple[str, int]]
    answers: int

    @property
    def recall(self) -> float:
        return self.right / self.n if self.n else 0.0


@dataclass(frozen=True)
class Pair:
    """Two labels that are taken for one another; each way as (true, read, count, of), the more frequent one first."""

    ways: tuple[tuple[str, str, int, int], ...]

    @property
    def count(self) -> int:
        return sum(count for _, _, count, _ in self.ways)


@dataclass(frozen=True)
class Confusion:
    """counts: how often label `true` was read as label `read`, counts[true][read], both in the order of `labels`."""

    labels: list[str]
    counts: list[list[int]]

    @cached_property
    def rows(self) -> list[Row]:
        """One for each label that the test holds or that anything was read as."""
        answers = [sum(column) for column in zip(*self.counts, strict=True)]
        rows = []
        for true, counts in enumerate(self.counts):
            others = [(self.labels[read], count) for read, count in enumerate(counts) if count and read != true]
            others.sort(key=lambda other: -other[1])
            rows.append(Row(self.labels[true], sum(counts), counts[true], others, answers[true]))
        return [row for row in rows if row.n or row.answers]

    @property
    def mistakes(self) -> int:
        return sum(row.n - row.right for row in self.rows)

    def pairs(self, most: int) -> list[Pair]:
        """The pairs of labels that are confused most often, at most so many."""
        sizes = [sum(counts) for counts in self.counts]
        found = []
        for one, other in combinations(range(len(self.labels)), 2):
            ways = [
                (self.labels[true], self.labels[read], self.counts[true][read], sizes[true])
                for true, read in ((one, other), (other, one))
            ]
            ways.sort(key=lambda way: -way[2])
            found.append(Pair(tuple(way for way in ways if way[2])))
        found.sort(key=lambda pair: -pair.count)
        return [pair for pair in found[:most] if pair.count]

    @cached_property
    def heat(self) -> dict[tuple[bool, int], list[tuple[int, int]]]:
        """The cells that are not empty, as (column, row), by whether they are right and by their shade, 0 the faintest.

        A cell's shade is that of its share of the row: labels are not equally frequent.
        """
        cells: dict[tuple[bool, int], list[tuple[int, int]]] = {}
        for true, counts in enumerate(self.counts):
            for read, count in enumerate(counts):
                if count:
                    shade = sum(count >= share * sum(counts) for share in SHADES)
                    cells.setdefault((true == read, shade), []).append((read, true))
        return cells

    @property
    def compact(self) -> str:
        """The counts in few bytes: rows parted by semicolons, counts by commas, an empty one 0."""
        return ";".join(",".join(str(count or "") for count in counts) for counts in self.counts)

    @cached_property
    def groups(self) -> list[tuple[int, int]]:
        """Where digits, capitals and small letters begin, and how many labels each has."""
        kinds = [(label.isdigit(), label.isupper()) for label in self.labels]
        lengths = [len(list(group)) for _, group in groupby(kinds)]
        return [(sum(lengths[:i]), length) for i, length in enumerate(lengths)]
