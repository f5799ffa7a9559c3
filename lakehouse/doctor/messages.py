"""Messages out of the files of `raw_messages`.

Here: the rows of some offsets, from every file that is there and can be read, whichever commit
named it. Not here: where they go (an inbox).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lakehouse.doctor.planning import Gap
from lakehouse.tables import RAW_MESSAGES

_PLACE = ("feed", "partition", "offset")
WANTED = (*_PLACE, "received_at", "raw", "stage", "reason", "original_partition", "original_offset")


def messages(files: Sequence[Path], gap: Gap) -> Iterator[pa.Table]:
    """The rows of a gap, file by file; an offset may come more than once."""
    for file in files:
        try:
            found = _of(pq.ParquetFile(file), gap)
        except (pa.ArrowException, OSError):
            # Torn: what it held is told as missing by whoever counts what came.
            continue
        if found.num_rows:
            yield found


def _of(file: pq.ParquetFile, gap: Gap) -> pa.Table:
    places = file.read(columns=list(_PLACE))
    chosen = pc.and_(
        pc.and_(pc.equal(places["feed"], gap.feed), pc.equal(places["partition"], gap.partition)),
        pc.and_(
            pc.greater_equal(places["offset"], gap.first),
            pc.less_equal(places["offset"], gap.last),
        ),
    )
    schema = pa.schema([RAW_MESSAGES.schema.field(name) for name in WANTED])
    if not pc.any(chosen, min_count=0).as_py():
        return schema.empty_table()
    there = [name for name in WANTED if name in file.schema_arrow.names]
    rows = file.read(columns=there).filter(chosen)
    # A file of an older lake lacks the newest columns.
    for name in WANTED:
        if name not in there:
            rows = rows.append_column(name, pa.nulls(rows.num_rows, schema.field(name).type))
    return rows.select(list(WANTED)).cast(schema)
