"""Which version of what a signal says stands: one number, by which versions follow one another.

Here: when each row was written, never after it was received, and its rank among what was written at
that moment. The version with the highest number stands, of equal ones the later arrival; the views
of what stands now go by the same (lakehouse/observations.py, orders.py, medications.py). Not here:
the ranks (clinical/concepts/statuses.py), or carrying the law out (clinical/scoring/overruling.py).

What comes without a status or a time of its own, birth dates and conditions, has no number: there
the later arrival stands.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clinical.concepts.statuses import DRUG_STEPS
from clinical.normalise.distinct import flat, microseconds, valid

WRITTEN = "written"
# More than there are ranks, so that the time goes before them.
RANKS = 16
_STEP = {step: number for number, step in enumerate(DRUG_STEPS)}
_NEVER = np.iinfo(np.int64).max // RANKS

Ints = NDArray[np.int64]


def with_written(rows: pa.Table, rank: Ints, at: Ints | None = None) -> pa.Table:
    """Rows with the number of their version."""
    at = written_at(rows) if at is None else at
    return rows.append_column(WRITTEN, pa.array(at * RANKS + rank))


def of_drugs(rows: pa.Table) -> pa.Table:
    """Medication events with the number of their version.

    That a dose never was is written when we hear of it: senders repeat the time of the order, which
    lies before the dose, in all that follows it.
    """
    at, rank = written_at(rows), ranks(rows["event"], _STEP, _STEP["changed"])
    deleted = is_dose(rows)
    if deleted.any():
        deleted &= rank == _STEP["cancelled"]
        at = np.where(deleted, np.maximum(at, received_at(rows)), at)
    return with_written(rows, rank, at)


def is_dose(rows: pa.Table) -> NDArray[np.bool_]:
    """Where a row has an identity of its own beside its order's: it is one dose or dispense."""
    if rows.schema.get_field_index("event_id") < 0:
        return np.zeros(len(rows), np.bool_)
    return valid(flat(rows["event_id"]))


def written_at(rows: pa.Table) -> Ints:
    """When rows were written, never after they were received; 0 where neither time is known."""
    documented, received = _times(rows, "documented_at"), _times(rows, "received_at")
    least = np.minimum(documented, received)
    return np.where(least == _NEVER, 0, least)


def received_at(rows: pa.Table) -> Ints:
    """When rows were received; 0 where that is not known."""
    received = _times(rows, "received_at")
    return np.where(received == _NEVER, 0, received)


def ranks(column: pa.ChunkedArray | pa.Array, known: Mapping[str, int], otherwise: int) -> Ints:
    """The rank of each text of a column."""
    coded = flat(column).dictionary_encode()
    each = [known.get(text, otherwise) for text in coded.dictionary.to_pylist()]
    which = coded.indices
    which = which.fill_null(len(each)) if which.null_count else which
    rank: Ints = np.array([*each, otherwise], np.int64)[which.to_numpy()]
    return rank


def _times(rows: pa.Table, name: str) -> Ints:
    if rows.schema.get_field_index(name) < 0:
        return np.full(len(rows), _NEVER)
    column = flat(rows[name])
    times = microseconds(column)
    return np.where(valid(column), times, _NEVER) if column.null_count else times
