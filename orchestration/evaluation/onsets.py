"""Adjudicated onsets of sepsis, as batch work has stored them.

Here: reading one variant's onsets. Not here: adjudication (clinical/adjudication,
orchestration/adjudication).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clinical.evaluation.occurrences import Occurrences, occurrences
from lakehouse.batch import BATCH_TABLES
from lakehouse.batch_reading import is_stored, read_batch
from lakehouse.lake import Lake

TABLE = "sepsis_onsets"
# The consensus definition, as it was operationalised by its authors.
DEFAULT = "seymour2016"


@dataclass(frozen=True, slots=True)
class Onsets:
    """Onsets by one variant: patient_id and onset_at, one row each."""

    variant: str
    rows: pa.Table

    def of(self, names: list[str]) -> Occurrences:
        """The onsets of these patients, numbered by their place."""
        found = pc.index_in(self.rows["patient_id"], pa.array(names, pa.string()))
        known = pc.is_valid(found)
        places: Any = found.filter(known).to_numpy().astype(np.int64)
        times = self.rows["onset_at"].filter(known).cast(pa.int64()).to_numpy()
        return occurrences(places, times)


def stored_onsets(lake: Lake, variant: str) -> Onsets | None:
    """The onsets that a lake holds; None where nobody has adjudicated yet."""
    table = BATCH_TABLES.get(TABLE)
    if table is None or not is_stored(lake.path(table)):
        return None
    rows = read_batch(lake, table, ["patient_id", "variant", "onset_at"])
    met = pc.and_(pc.equal(rows["variant"], variant), pc.is_valid(rows["onset_at"]))
    return Onsets(variant, rows.filter(met).select(["patient_id", "onset_at"]))
