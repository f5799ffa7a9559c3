"""Under which identifier and visit number each signal came, by number.

Here: numbers for the pairs that were sent, so that facts can be told apart again when identifiers
part or a visit moves. Not here: whose they are (clinical/encounters/identities.py).
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clinical.encounters.identities import Identities

# Up to so many signals, a look at each is faster than to number them as columns.
_FEW = 256
Source = tuple[str, str | None]


class Sources:
    """Pairs of identifier and visit number as sent."""

    def __init__(self) -> None:
        """Start with none."""
        self.told: list[Source] = []
        self._number: dict[Source, int] = {}

    def numbers(self, signals: pa.Table) -> NDArray[np.int32]:
        """The number of each signal's pair; a grid's signals may name no visits."""
        if "encounter_id" not in signals.column_names:
            none = pa.nulls(signals.num_rows, pa.string())
            signals = signals.append_column("encounter_id", none)
        columns = (signals[name] for name in ("patient_id", "encounter_id"))
        if signals.num_rows <= _FEW:
            pairs = zip(*(column.to_pylist() for column in columns), strict=True)
            return np.array([self._of(pair) for pair in pairs], np.int32)
        names, numbers = zip(*(_coded(column) for column in columns), strict=True)
        width = len(names[1])
        both = pa.array(numbers[0] * width + numbers[1]).dictionary_encode()
        distinct = [
            self._of((names[0][pair // width], names[1][pair % width]))
            for pair in both.dictionary.to_pylist()
        ]
        found: NDArray[np.int32] = np.array(distinct, np.int32)[both.indices.to_numpy()]
        return found

    def owners(
        self, signals: pa.Table, identities: Identities
    ) -> tuple[list[str], NDArray[np.int64]]:
        """Whose signals these are, and the place of each signal's owner among them."""
        distinct, place = np.unique(self.numbers(signals), return_inverse=True)
        return [identities.owner(*self.told[number]) for number in distinct.tolist()], place

    def _of(self, pair: Source) -> int:
        number = self._number.get(pair)
        if number is None:
            number = self._number[pair] = len(self.told)
            self.told.append(pair)
        return number


def _coded(column: pa.ChunkedArray) -> tuple[list[str | None], NDArray[np.int64]]:
    """The distinct texts of a column, null last, and the place of each row's among them."""
    coded = column.combine_chunks().dictionary_encode()
    names = [*coded.dictionary.to_pylist(), None]
    return names, coded.indices.fill_null(len(names) - 1).to_numpy().astype(np.int64)
