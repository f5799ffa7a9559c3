"""Score rows: what the engine found, in the columns of the `scores` table.

Here: the stored form. Not here: any decision. The contract itself is lakehouse/tables.py.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clinical.scoring.columns import STATES, Assessed, Component
from clinical.scoring.engine import Moments, Scored
from clinical.scoring.inputs import GCS_FROM_PARTS
from clinical.scoring.memory import CONCEPT_NAMES
from clinical.scoring.panel import Readings

Ints = NDArray[np.int64]
_UTC = pa.timestamp("us", tz="UTC")
# Concept number -2 (the sum of the GCS parts) is found at the end of this list.
_CONCEPTS = (*CONCEPT_NAMES, "", GCS_FROM_PARTS)
PROVENANCE = ("feed", "partition", "offset", "received_at", "facility")


def score_rows(
    moments: Moments, scored: Sequence[Scored], signals: pa.Table, rules_version: str
) -> pa.Table:
    """Rows of the `scores` table, without received_date; grouped by score, numbered by message."""
    at = np.concatenate([one.at for one in scored])
    rank = np.repeat(np.arange(len(scored)), [len(one.at) for one in scored])
    first = pa.array(moments.first[at])
    table = pa.concat_tables([_rows(moments, one) for one in scored])
    for name in PROVENANCE:
        column = signals[name].combine_chunks()
        told = column.dictionary_encode() if column.type == pa.string() else column
        table = table.append_column(name, told.take(first))
    table = table.append_column("patient_id", moments.patient.take(pa.array(at)))
    table = table.append_column("encounter_id", moments.encounter.take(pa.array(at)))
    table = table.append_column("row", pa.array(numbers(table, at, rank), pa.int32()))
    return table.append_column("rules_version", _repeated(rules_version, len(at)))


def numbers(table: pa.Table, *order: Ints) -> Ints:
    """Place of each row within its message, counted from 0 in the given order of importance."""
    offset = table["offset"].to_numpy()
    partition = table["partition"].to_numpy()
    feed = table["feed"].combine_chunks().dictionary_encode().indices.to_numpy()
    by = np.lexsort((*reversed(order), offset, partition, feed))
    same = np.zeros(len(by), np.bool_)
    for column in (offset, partition, feed):
        same[1:] |= column[by][1:] != column[by][:-1]
    starts = np.flatnonzero(same | (np.arange(len(by)) == 0))
    place = np.empty(len(by), np.int64)
    lengths = np.diff(np.append(starts, len(by)))
    place[by] = np.arange(len(by)) - np.repeat(starts, lengths)
    return place


def _rows(moments: Moments, scored: Scored) -> pa.Table:
    one, at = scored.assessed, scored.at
    single = None if one.has_single_3 is None else one.has_single_3[at]
    effective = one.effective[at]
    return pa.table(
        {
            "score": _repeated(one.score.name, len(at)),
            "variant": _repeated(one.score.variant, len(at)),
            "state": _words(one.state[at], STATES),
            "state_reason": _words(one.reason[at], one.reasons),
            "observed": _numbers(one.observed[at]),
            "lowest": _numbers(one.lowest[at]),
            "highest": _numbers(one.highest[at]),
            "missing": _missing(one, at),
            "has_single_3": pa.nulls(len(at), pa.bool_()) if single is None else pa.array(single),
            "oldest_input_minutes": _numbers(one.oldest_minutes[at]),
            "effective_at": pa.array(effective, pa.int64(), mask=effective < _LONG_AGO).cast(_UTC),
            "components": _components(moments, one, at),
        }
    )


def _words(number: Ints, words: Sequence[str | None]) -> pa.Array:
    """Words by their numbers, kept as numbers until the writer's thread spells them out."""
    indices = pa.array(number.astype(np.int16), mask=np.array([w is None for w in words])[number])
    return pa.DictionaryArray.from_arrays(indices, pa.array([w or "" for w in words], pa.string()))


def _repeated(word: str, length: int) -> pa.Array:
    return _words(np.zeros(length, np.int64), [word])


# Before any clinical time: marks a moment at which no input was current.
_LONG_AGO = -(1 << 60)


def _numbers(values: NDArray[np.float64]) -> pa.Array:
    return pa.array(values, pa.float64(), mask=np.isnan(values))


def _missing(one: Assessed, at: Ints) -> pa.Array:
    gone = np.stack([~part.known[at] for part in one.components], axis=1)
    gone &= one.applies[at][:, None]
    names = pa.array([part.parameter for part in one.components], pa.string())
    return pa.ListArray.from_arrays(_offsets(gone), names.take(pa.array(np.nonzero(gone)[1])))


def _offsets(present: NDArray[np.bool_]) -> pa.Array:
    ends = np.cumsum(present.sum(axis=1))
    return pa.array(np.concatenate([[0], ends]), pa.int32())


def _components(moments: Moments, one: Assessed, at: Ints) -> pa.Array:
    present = np.stack([part.known[at] for part in one.components], axis=1)
    row, column = np.nonzero(present)
    fields = {
        "parameter": _words(column, [part.parameter for part in one.components]),
        **_readings(moments, one.components, at, row, column),
    }
    struct = pa.StructArray.from_arrays(list(fields.values()), list(fields))
    return pa.ListArray.from_arrays(_offsets(present), struct)


def _readings(
    moments: Moments, parts: Sequence[Component], at: Ints, row: Ints, column: Ints
) -> dict[str, pa.Array]:
    def each(name: str) -> Ints:
        columns = np.stack([getattr(part.reading, name)[at] for part in parts], axis=1)
        return columns[row, column]

    number = each("concept")
    concept = _words(np.where(number < 0, len(_CONCEPTS) - 1, number), _CONCEPTS)
    points = np.stack([np.zeros(len(at)) if p.points is None else p.points[at] for p in parts], 1)
    has_points = np.array([part.points is not None for part in parts])[column]
    return {
        "concept": concept,
        "value": pa.array(each("value"), pa.float64()),
        "points": pa.array(points[row, column].astype(np.int16), pa.int16(), mask=~has_points),
        "effective_at": pa.array(each("effective"), pa.int64()).cast(_UTC),
        **source_fields(moments, each("row")),
    }


def source_fields(moments: Moments, row: Ints) -> dict[str, pa.Array]:
    """The stored row each reading came from: feed, partition, offset and row."""
    stack = moments.stack
    origin = pa.array(stack["origin"][row])
    return {
        "feed": _words(
            stack["origin"][row].astype(np.int64), [feed for feed, _ in moments.origins]
        ),
        "partition": pa.array([part for _, part in moments.origins], pa.int32()).take(origin),
        "offset": pa.array(stack["offset"][row]),
        "row": pa.array(stack["row"][row]),
    }


def reading_source(moments: Moments, readings: Readings, at: int) -> dict[str, object]:
    """The stored row of one reading, for evidence."""
    stack = moments.stack[readings.row[at]]
    feed, partition = moments.origins[stack["origin"]]
    return {
        "feed": feed,
        "partition": partition,
        "offset": int(stack["offset"]),
        "row": int(stack["row"]),
    }
