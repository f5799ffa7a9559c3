"""Patients by number, under the identifier that lives on.

Here: identifiers as numbers, merges carried out. Not here: when they merged: an evaluation looks
back, so that a merged patient is one patient from the beginning.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clinical.encounters.identities import Identities
from clinical.evaluation.occurrences import Bools, Ints, Occurrences, occurrences

NOBODY = -1


def survivors(merges: pa.Table | None) -> Mapping[str, str]:
    """Whom each retired identifier stands for in the end, from identity events in order of arrival.

    The law is the engine's (clinical/encounters/identities.py). Visits that were moved stay with
    whom they were sent under.
    """
    return Identities.of([] if merges is None else merges.to_pylist()).retired


class People:
    """The patients of an evaluation, numbered from 0."""

    def __init__(self, names: Iterable[str], merged: Mapping[str, str]) -> None:
        """Number the surviving identifiers among `names`."""
        told = sorted({*names, *merged})
        self.names = sorted({merged.get(name, name) for name in told})
        place = {name: number for number, name in enumerate(self.names)}
        self._told = pa.array(told, pa.string())
        self._numbers = np.array(
            [place[merged.get(name, name)] for name in told] + [NOBODY], np.int64
        )

    def __len__(self) -> int:
        """How many there are."""
        return len(self.names)

    def numbers(self, column: pa.ChunkedArray | pa.Array) -> Ints:
        """The number of each row's patient; NOBODY where it is none of them."""
        text = column.cast(pa.string())
        found = pc.fill_null(pc.index_in(text, self._told), len(self._told))
        numbers: Ints = self._numbers[found.to_numpy(zero_copy_only=False)]
        return numbers

    def occurrences(
        self, rows: pa.Table, at: str, which: Bools | None = None, *, patient: str = "patient_id"
    ) -> Occurrences:
        """When something happened to whom; rows without a time or a patient are left out."""
        if which is not None:
            rows = rows.filter(pa.array(which))
        rows = rows.filter(pc.is_valid(rows[at]))
        number = self.numbers(rows[patient])
        times = rows[at].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
        found = occurrences(number, times.to_numpy())
        return found.chosen(found.patient != NOBODY)
