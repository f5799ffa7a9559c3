"""Signals as rows of a stack: the form in which the engine holds them.

Here: one table of signals to compact rows, numbered by arrival. Not here: whose they are.
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clinical.normalise.written import WRITTEN
from clinical.scoring.fingerprint import fingerprint
from clinical.scoring.memory import CONCEPT_NUMBER, ROW, Stack
from clinical.scoring.sources import Sources

Ints = NDArray[np.int64]
ARRIVAL = "arrival"


class Stacking:
    """Numbers what arrives: rows in their order, and the (feed, partition) they came from."""

    def __init__(self) -> None:
        """Start with nothing numbered."""
        self.origins: list[tuple[str, int]] = []
        self.arrivals = 0
        self.sources = Sources()

    def rows(self, signals: pa.Table) -> Stack:
        """The rows of signals in the order of arrival."""
        rows = np.empty(signals.num_rows, ROW)
        concept = signals["concept"].combine_chunks().dictionary_encode()
        numbers = np.array(
            [CONCEPT_NUMBER[name] for name in concept.dictionary.to_pylist()], np.int16
        )
        rows["concept"] = numbers[concept.indices.to_numpy()]
        rows["void"] = signals["void"].combine_chunks().to_numpy(zero_copy_only=False)
        rows["value"] = signals["value"].combine_chunks().fill_null(0.0).to_numpy()
        for name in ("row", "offset"):
            rows[name] = signals[name].combine_chunks().to_numpy()
        if WRITTEN in signals.column_names:
            rows["written"] = signals[WRITTEN].combine_chunks().fill_null(0).to_numpy()
        else:
            rows["written"] = 0
        rows["effective"] = times(signals["effective_at"])
        rows["signal"] = fingerprint(signals["signal_id"].combine_chunks())
        rows["origin"] = self._origin(signals)
        rows["source"] = self.sources.numbers(signals)
        if ARRIVAL not in signals.column_names:
            signals = self.numbered(signals)
        rows["arrival"] = signals[ARRIVAL].to_numpy()
        return rows

    def numbered(self, signals: pa.Table) -> pa.Table:
        """Signals with the place at which each arrives, so that parts may be learnt apart."""
        places = self.arrivals + np.arange(signals.num_rows)
        self.arrivals += signals.num_rows
        return signals.append_column(ARRIVAL, pa.array(places))

    def _origin(self, signals: pa.Table) -> Ints:
        feed = signals["feed"].combine_chunks().dictionary_encode()
        partition = signals["partition"].combine_chunks().to_numpy().astype(np.int64)
        pairs = feed.indices.to_numpy().astype(np.int64) << 32 | partition
        distinct, inverse = np.unique(pairs, return_inverse=True)
        feeds = feed.dictionary.to_pylist()
        keys = [(feeds[pair >> 32], int(pair & 0xFFFFFFFF)) for pair in distinct.tolist()]
        self.origins.extend(key for key in keys if key not in self.origins)
        numbers: Ints = np.array([self.origins.index(key) for key in keys], np.int64)[inverse]
        return numbers


def times(column: pa.ChunkedArray) -> Ints:
    """Microseconds, UTC."""
    found: Ints = column.combine_chunks().cast(pa.int64()).to_numpy()
    return found
