"""The scores of a patient, as the stream stored them.

Here: the newest row of each, and the line of one over the last hours. Not here: scoring.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from clinical.scores.news2 import NEWS2
from lakehouse.tables import SCORES
from streaming.desk.picture.kin import Name
from streaming.desk.picture.people import LEARNT, learnt
from streaming.desk.picture.person import Person, together
from streaming.desk.picture.runs import plain
from streaming.desk.picture.views import Key, Scored

_LINE: Final = (*LEARNT, "facility", "patient_id", "score", "observed", "effective_at")


def scores(one: Person, at: datetime) -> tuple[Scored, ...]:
    """The newest row of each score's variant that was known at a moment, by name."""
    newest = {
        (row["score"], row["variant"]): row
        for row in learnt(one.facts(SCORES.name, at)).to_pylist()
    }
    return tuple(
        Scored(
            **{
                name: row[name]
                for name in Scored.__dataclass_fields__
                if name not in {"missing", "components"}
            },
            missing=tuple(row["missing"] or ()),
            components=tuple(row["components"] or ()),
        )
        for _, row in sorted(newest.items())
    )


def lines(
    ones: Mapping[Key, Person], at: datetime, hours: float
) -> dict[Key, list[tuple[datetime, float]]]:
    """NEWS2 of each patient by clinical time; of one time the value that was told last."""
    if not ones:
        return {}
    since = at - timedelta(hours=hours)
    rows = together(ones.values(), SCORES.name, at, _LINE)
    wanted = pc.and_(pc.equal(rows["score"], NEWS2.name), pc.is_valid(rows["observed"]))
    wanted = pc.and_(wanted, pc.greater_equal(rows["effective_at"], _time(since)))
    wanted = pc.and_(wanted, pc.less_equal(rows["effective_at"], _time(at)))
    told: dict[Name, dict[datetime, float]] = defaultdict(dict)
    found = learnt(plain(rows.filter(wanted)))
    for row in found.to_pylist():
        name = Name(row["facility"] or "", row["patient_id"])
        told[name][row["effective_at"]] = row["observed"]
    return {key: _line(one, told) for key, one in ones.items()}


def _line(
    one: Person, told: Mapping[Name, Mapping[datetime, float]]
) -> list[tuple[datetime, float]]:
    points: dict[datetime, float] = {}
    for name in one.names:
        points |= told.get(name, {})
    return sorted(points.items())


def _time(at: datetime) -> pa.Scalar:
    return pa.scalar(at, pa.timestamp("us", tz="UTC"))
