"""The law that all peers of the stream share, as plain Python and as SQL text.

Here: reading the bands, points of a value, the fold of one patient. Not here: the bands themselves
(clinical/scores/news2.py), from which events.py writes the file that is read here. Nothing but the
standard library is needed, as a peer's environment has no more than the peer.
"""

import json
from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path

COLUMNS = ("patient", "time", "code", "value", "news2")


@dataclass(frozen=True, slots=True)
class Vital:
    """One code: bands closed above, so a value gets the points of the first bound not below it."""

    code: str
    bounds: tuple[float, ...]
    points: tuple[int, ...]

    def of(self, value: float) -> int:
        """Points of a value."""
        return self.points[bisect_left(self.bounds, value)]

    def sql(self, value: str) -> str:
        """The same as an SQL expression over a column or expression, which is not null."""
        told = zip(self.bounds, self.points[:-1], strict=True)
        cases = " ".join(f"when {value} <= {bound} then {points}" for bound, points in told)
        return f"case {cases} else {self.points[-1]} end"


Law = tuple[Vital, ...]


def write(path: Path, law: Law) -> None:
    """Write a law as JSON."""
    told = [{"code": v.code, "bounds": v.bounds, "points": v.points} for v in law]
    path.write_text(json.dumps(told), encoding="utf-8")


def read(path: Path) -> Law:
    """Read a law as JSON."""
    return tuple(
        Vital(one["code"], tuple(one["bounds"]), tuple(one["points"]))
        for one in json.loads(path.read_text(encoding="utf-8"))
    )


class Rolling:
    """The fold of one patient: points of the newest value of each code, and how many are known."""

    __slots__ = ("points", "total")

    def __init__(self) -> None:
        """Nothing is known."""
        self.points: dict[str, int] = {}
        self.total = 0

    def step(self, vital: Vital, value: float, needed: int) -> int | None:
        """Learn one value; the score, or None until all that are needed are known."""
        points = vital.of(value)
        self.total += points - self.points.get(vital.code, 0)
        self.points[vital.code] = points
        return self.total if len(self.points) == needed else None


def sql_points(law: Law, newest: str = "{}") -> str:
    """The score from columns that hold the newest value of each code; null where one is null."""
    return " + ".join(
        f"(case when {name} is null then null else {vital.sql(name)} end)"
        for vital in law
        for name in (newest.format(vital.code),)
    )
