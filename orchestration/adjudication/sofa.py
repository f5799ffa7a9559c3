"""SOFA by the hour, of every patient of a chunk, in every variant that a reading of Sepsis-3 takes.

Here: which hours, and rows of `sofa_hourly`. Not here: SOFA (clinical/scores), the law of the grid
(clinical/scoring/hourly.py), or readings of Sepsis-3.

Hours are those of the clock in which something had been charted within 24 hours, per visit: a value
with a mistyped year makes a day of rows, not a century.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from clinical.adjudication.sepsis3 import SOFA_VARIANTS
from clinical.adjudication.version import adjudication_version
from clinical.normalise.signals import signals
from clinical.scores.definition import Score
from clinical.scores.sofa import SOFA, SOFA_MIMIC_CODE
from clinical.scoring.hourly import every_hour, hourly
from clinical.scoring.stacking import times
from clinical.scoring.validity import MICROSECONDS_PER_HOUR
from lakehouse.batch.sepsis import SOFA_HOURLY

SCORES: Mapping[str, Score] = {score.variant: score for score in (SOFA, SOFA_MIMIC_CODE)}
# After so long a silence nothing of the worst of 24 hours is left.
SILENCE = 24 * MICROSECONDS_PER_HOUR
UTC = pa.timestamp("us", tz="UTC")
Ints = NDArray[np.int64]
_FACTS = ("observations", "order_events", "medication_events", "patient_demographics")
_MESSAGE = ("feed", "partition", "offset")


def sofa_hourly(facts: Mapping[str, pa.Table]) -> pa.Table:
    """Rows of `sofa_hourly` for a chunk of one facility's patients."""
    stays = _stays(facts["observations"])
    if not stays.num_rows:
        return SOFA_HOURLY.schema.empty_table()
    told = _told(facts)
    points = every_hour(stays.set_column(0, "patient_id", _numbers(stays)))
    stay = points["patient_id"].cast(pa.int64())
    points = points.set_column(0, "patient_id", stays["patient_id"].take(stay).combine_chunks())
    scores = [SCORES[variant] for variant in SOFA_VARIANTS]
    rows = hourly(told, points, scores=scores, knowledge="all")
    visit = stays["encounter_id"].take(pa.chunked_array(stay.chunks * len(scores)))
    columns = {
        "facility": pa.repeat(facts["observations"]["facility"][0], rows.num_rows),
        "patient_id": rows["patient_id"],
        "encounter_id": visit,
        "hour_at": rows["at"],
        "total": rows["observed"],
        "known_at": _known(rows["components"].combine_chunks(), told),
        "rules_version": pa.repeat(pa.scalar(adjudication_version()), rows.num_rows),
    }
    names = SOFA_HOURLY.schema.names
    made = pa.table({name: columns.get(name, _column(rows, name)) for name in names})
    return SOFA_HOURLY.conform(made.filter(pc.is_valid(made["known_at"])))


def _column(rows: pa.Table, name: str) -> pa.ChunkedArray | None:
    return rows[name] if name in rows.column_names else None


def _told(facts: Mapping[str, pa.Table]) -> pa.Table:
    """The signals that scores rest on, in the order in which they were learnt."""
    found = signals({name: facts[name] for name in _FACTS if facts[name].num_rows})
    order = np.argsort(found["message"].to_numpy(), kind="stable")
    return found.take(pa.array(order)).combine_chunks()


def _numbers(stays: pa.Table) -> pa.Array:
    return pa.array(np.arange(stays.num_rows)).cast(pa.string())


def _stays(observations: pa.Table) -> pa.Table:
    """Stretches of a visit without a longer silence: patient_id, encounter_id, begins, ends."""
    is_told = pc.and_(observations["is_scored"], pc.is_valid(observations["effective_at"]))
    rows = observations.filter(is_told).select(["patient_id", "encounter_id", "effective_at"])
    if not rows.num_rows:
        return rows
    rows = rows.sort_by([(name, "ascending") for name in rows.column_names])
    at = times(rows["effective_at"])
    whose = [_codes(rows[name]) for name in ("patient_id", "encounter_id")]
    starts = np.ones(len(at), np.bool_)
    starts[1:] = np.logical_or.reduce([one[1:] != one[:-1] for one in whose])
    starts[1:] |= at[1:] - at[:-1] > SILENCE
    first = np.flatnonzero(starts)
    last = np.append(first[1:], len(at)) - 1
    begun = rows.take(pa.array(first))
    return begun.rename_columns(["patient_id", "encounter_id", "begins"]).append_column(
        "ends", rows["effective_at"].take(pa.array(last))
    )


def _codes(column: pa.ChunkedArray) -> Ints:
    codes: Ints = column.combine_chunks().dictionary_encode().indices.fill_null(-1).to_numpy()
    return codes


def _known(components: pa.ListArray, told: pa.Table) -> pa.Array:
    """When the newest of the rows that a total rests on was received; null where none is."""
    used = components.flatten()
    rests_on = pa.table({name: used.field(name) for name in _MESSAGE})
    rests_on = rests_on.append_column("at", pc.list_parent_indices(components))
    heard = (
        told.select([*_MESSAGE, "received_at"])
        .group_by(list(_MESSAGE))
        .aggregate([("received_at", "max")])
    )
    joined = rests_on.join(heard, list(_MESSAGE), join_type="inner")
    newest = np.full(len(components), np.iinfo(np.int64).min)
    np.maximum.at(newest, joined["at"].to_numpy(), times(joined["received_at_max"]))
    nothing = newest == np.iinfo(np.int64).min
    return pa.array(np.where(nothing, 0, newest), pa.int64(), mask=nothing).cast(UTC)
