"""Whether a peer's table is the table of the law.

Here: reading what a run wrote and holding it against the plain loop's rows. Not here: running it.
"""

from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.peers.law import COLUMNS
from benchmarks.peers.parquet import SCHEMA

# Delta keeps its own Parquet files, checkpoints, in here.
_LOG = "_delta_log"


def rows(directory: Path) -> pa.Table:
    """Every row of the Parquet or Delta table in a directory, in order of time.

    A Delta table of appends alone holds what its files hold.
    """
    files = [path for path in sorted(directory.rglob("*.parquet")) if _LOG not in path.parts]
    parts = [pq.read_table(file, columns=list(COLUMNS), partitioning=None) for file in files]
    parts += _json_lines(directory)
    whole = pa.concat_tables([part.cast(SCHEMA) for part in parts] or [SCHEMA.empty_table()])
    return whole.take(pc.sort_indices(whole["time"])).combine_chunks()


def difference(found: pa.Table, wanted: pa.Table) -> str | None:
    """What is not equal, in words that hold no value; None where all is."""
    if found.num_rows != wanted.num_rows:
        return f"{found.num_rows} rows instead of {wanted.num_rows}"
    for name in COLUMNS:
        if not found[name].equals(wanted[name]):
            return f"column {name} differs"
    return None


def _json_lines(directory: Path) -> list[pa.Table]:
    """Rows of the peers whose sinks write JSON lines: Flink's parts, and Pathway's one file."""
    files = [*directory.glob("rows/part-*-?"), *directory.glob("rows.jsonl")]
    told = [orjson.loads(line) for file in files for line in file.read_bytes().splitlines()]
    return [pa.Table.from_pylist([_row(one) for one in told], SCHEMA)] if told else []


def _row(told: dict[str, Any]) -> dict[str, Any]:
    """A line of Pathway's has all but the patient as JSON in a text; others are rows already."""
    if "row" not in told:
        return told
    return dict(zip(COLUMNS, (told["patient"], *orjson.loads(told["row"])), strict=True))
