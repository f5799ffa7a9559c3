"""The scores of an alert's patient, worked out again by what was known when it was raised.

Here: the patient's facts up to the alert's message, and any score of then or of some time before.
Not here: which scores an alert quotes (explained_scores.py), or any law (clinical/scoring).
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clinical.evaluation.people import survivors
from clinical.normalise.signals import signals
from clinical.scores.definition import Score
from clinical.scoring.engine import Scored
from clinical.scoring.grid import Grid, grid
from clinical.scoring.hourly import UTC
from clinical.scoring.rows import assessed_columns
from lakehouse.lineage import SCORED_FACTS
from pulsehouse.contents import Contents, Row

_ARRIVAL = ("received_at", "feed", "partition", "offset")


@dataclass(frozen=True, slots=True)
class Recount:
    """All that was known of one patient when an alert was raised."""

    told: pa.Table
    alert: Row

    @classmethod
    def of(cls, contents: Contents, alert: Row) -> Self:
        """Take the facts that had arrived, under any identifier merged into the patient's."""
        patients = _identifiers(contents, alert)
        facts = {table: _facts(contents, table, alert, patients) for table in SCORED_FACTS}
        found = signals({table: rows for table, rows in facts.items() if rows.num_rows})
        whose = pa.repeat(pa.scalar(alert["patient_id"]), found.num_rows)
        place = found.schema.get_field_index("patient_id")
        found = found.set_column(place, "patient_id", whose)
        order = pc.sort_indices(found, [(name, "ascending") for name in _ARRIVAL])
        return cls(found.take(order).combine_chunks(), alert)

    def at(self, before: timedelta = timedelta(0)) -> Grid:
        """One point: when the alert was raised, or so long before, by what was known at it."""
        time = pa.array([self.alert["raised_at"] - before], UTC)
        points = pa.table({"patient_id": [self.alert["patient_id"]], "at": time})
        return grid(self.told, points, "all")

    def score(self, score: Score, name: str, before: timedelta = timedelta(0)) -> Row:
        """A score as a row of `scores` says it, under a name, without provenance of its own."""
        found = self.at(before)
        assessed = found.assess(score)
        scored = [Scored(np.arange(1), replace(assessed, score=replace(score, name=name)))]
        columns = assessed_columns(found, scored, np.zeros(1, np.int64))
        return dict(pa.table(columns).to_pylist()[0])


def _identifiers(contents: Contents, alert: Row) -> list[str]:
    """The identifiers of the patient by the merges that were known."""
    merges = contents.connection.execute(
        _MERGES, {"facility": alert["facility"], "at": alert["raised_at"]}
    ).to_arrow_table()
    whose, patient = survivors(merges), alert["patient_id"]
    return [patient, *(old for old, new in whose.items() if new == whose.get(patient, patient))]


def _facts(contents: Contents, table: str, alert: Row, patients: list[str]) -> pa.Table:
    values = {name: alert[name] for name in ("facility", "raised_at", "feed")}
    values |= {"part": alert["partition"], "place": alert["offset"], "patients": patients}
    return contents.connection.execute(_FACTS.format(table=table), values).to_arrow_table()


_MERGES = """
select facility, event, retired_facility, retired_id, surviving_id
from identity_events
where facility is not distinct from $facility and received_at <= $at
order by received_at, feed, "partition", "offset", "row"
"""

_FACTS = """
select t.*
from {table} as t
where
    t.facility is not distinct from $facility
    and list_contains($patients, t.patient_id)
    and t.received_at <= $raised_at
    and (t.feed != $feed or t."partition" != $part or t."offset" <= $place)
order by t.received_at, t.feed, t."partition", t."offset", t."row"
"""
