"""The table that peers in Python write: one Parquet file of zstd, in groups of rows.

Here: rows gathered and encoded. Not here: who writes, or forcing what was written onto the disk.
"""

from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

SCHEMA = pa.schema(
    [
        ("patient", pa.string()),
        ("time", pa.int64()),
        ("code", pa.string()),
        ("value", pa.float64()),
        ("news2", pa.int32()),
    ]
)
GROUP = 131_072
Row = tuple[str, int, str, float, int | None]


class Rows:
    """Rows on their way into `rows.parquet` of a directory; a context manager."""

    def __init__(self, directory: Path) -> None:
        """Open the file."""
        self._writer = pq.ParquetWriter(
            directory / "rows.parquet", SCHEMA, compression="zstd", compression_level=1
        )
        self._gathered: list[Row] = []

    def __enter__(self) -> Self:
        """The rows."""
        return self

    def __exit__(self, *_: object) -> None:
        """Write what waits."""
        self._flush()
        self._writer.close()

    def add(self, row: Row) -> None:
        """One row."""
        self._gathered.append(row)
        if len(self._gathered) >= GROUP:
            self._flush()

    def extend(self, rows: list[Row]) -> None:
        """Several rows."""
        self._gathered += rows
        if len(self._gathered) >= GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._gathered:
            columns = zip(*self._gathered, strict=True)
            arrays = [pa.array(c, f.type) for c, f in zip(columns, SCHEMA, strict=True)]
            self.write(pa.Table.from_arrays(arrays, schema=SCHEMA))
            self._gathered = []

    def write(self, table: pa.Table) -> None:
        """A table, as it is."""
        self._writer.write_table(table)
