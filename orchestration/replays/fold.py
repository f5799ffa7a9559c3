"""The fold over what truly happened, by the same shard that the stream runs.

Here: the final facts of one facility after the other through the shard, and its rows in the form of
the record. Not here: which facts are final (truth.py), or storing rows (effective.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from clinical.detection.batch_clock import BatchClock
from clinical.detection.shard import Shard
from lakehouse.batch.replays import ALERTS_OF_RECORD, SCORES_OF_RECORD
from lakehouse.catalogue import quoted_name
from lakehouse.tables import Table
from orchestration.replays.truth import FOLDED, MOMENT_BITS

# Moments that are folded in one go: more takes memory, fewer takes time.
MOMENTS = 20_000
# What tells two rows of one moment apart; of those that agree in it the last one counts.
SCORED = ("score", "variant", "patient_id", "received_at")
RAISED = ("rule_family", "suppressed_by", "patient_id", "received_at")


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of record of some moments of one facility."""

    scores: pa.Table | None
    alerts: pa.Table | None


def fold(connection: duckdb.DuckDBPyConnection, clock: BatchClock) -> Iterator[Piece]:
    """Fold every facility's final facts, as `settle` left them in the connection."""
    sql = "select facility, max(moment) from kept group by all order by all"
    for facility, last in connection.execute(sql).fetchall():
        shard = Shard(clock)
        for low in range(0, last + 1, MOMENTS):
            yield _step(connection, shard, facility, low)


def _step(
    connection: duckdb.DuckDBPyConnection, shard: Shard, facility: str | None, low: int
) -> Piece:
    facts = {table.name: _facts(connection, table, facility, low) for table in FOLDED}
    derived = shard.step({name: rows for name, rows in facts.items() if rows.num_rows})
    return Piece(
        _of_record(derived.scores, SCORES_OF_RECORD, SCORED, ("components",)),
        _of_record(derived.alerts, ALERTS_OF_RECORD, RAISED, ("evidence", "contexts")),
    )


def _facts(
    connection: duckdb.DuckDBPyConnection, table: Table, facility: str | None, low: int
) -> pa.Table:
    written = '"documented_at", ' if "documented_at" in table.schema.names else ""
    named = "observation_id" if "observation_id" in table.schema.names else "1"
    sql = (
        f"select * exclude (moment), (moment - {low:d})::integer as message"  # noqa: S608 the contract's names, and a number
        f" from {quoted_name('true_' + table.name)}"
        " where facility is not distinct from ?"
        f" and moment between {low:d} and {low + MOMENTS - 1:d}"
        f' order by moment, {written}"row", {named}'
    )
    return connection.execute(sql, [facility]).to_arrow_table()


def _of_record(
    rows: pa.Table | None, table: Table, told_apart: tuple[str, ...], sources: tuple[str, ...]
) -> pa.Table | None:
    if rows is None or not rows.num_rows:
        return None
    rows = rows.filter(pa.array(_last(rows, told_apart)))
    rows = rows.append_column("true_date", rows["received_at"].cast(pa.date32()))
    rows = rows.rename_columns([{"received_at": "true_at"}.get(n, n) for n in rows.column_names])
    rows = table.conform(rows.select(table.schema.names))
    place = table.schema.names.index
    rows = rows.set_column(place("offset"), table.schema.field("offset"), _shifted(rows["offset"]))
    for name in sources:
        lists = _with_places(rows[name].combine_chunks())
        rows = rows.set_column(place(name), table.schema.field(name), lists)
    return rows


def _last(rows: pa.Table, told_apart: tuple[str, ...]) -> NDArray[np.bool_]:
    """The last row of each moment: it alone has seen all of the moment's facts."""
    codes = np.stack([_codes(rows[name]) for name in told_apart])
    order = np.lexsort((np.arange(rows.num_rows), *codes))
    sorted_codes = codes[:, order]
    last = np.ones(rows.num_rows, np.bool_)
    last[:-1] = (sorted_codes[:, 1:] != sorted_codes[:, :-1]).any(axis=0)
    kept = np.zeros(rows.num_rows, np.bool_)
    kept[order] = last
    return kept


def _codes(column: pa.ChunkedArray) -> NDArray[np.int64]:
    flat = column.combine_chunks()
    coded = flat if pa.types.is_dictionary(flat.type) else flat.dictionary_encode()
    codes: NDArray[np.int64] = coded.indices.fill_null(-1).to_numpy().astype(np.int64)
    return codes


def _shifted(offsets: pa.Array) -> pa.Array:
    """Offsets of messages again, without the moment that was folded into them."""
    return pc.shift_right(offsets, MOMENT_BITS)


def _with_places(lists: pa.Array) -> pa.Array:
    values = lists.flatten()
    names = [field.name for field in values.type]
    parts = [values.field(name) for name in names]
    parts[names.index("offset")] = _shifted(parts[names.index("offset")])
    struct = pa.StructArray.from_arrays(parts, fields=list(values.type))
    starts = np.concatenate([[0], np.cumsum(pc.list_value_length(lists).to_numpy())])
    return pa.ListArray.from_arrays(pa.array(starts, pa.int32()), struct, type=lists.type)
